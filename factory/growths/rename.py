"""Growth `rename`: the same problem about other people, things and places.

A name, a thing or a place becomes another wherever it occurs, in the problem and in its thoughts; numbers,
calculations and the answer stay. Only first names, things and places from lists are exchanged, a girl's
name for a girl's and a fruit for a fruit, and no name that the problem has already.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from random import Random

from thoughtmill.factory.growths import Barren, Child, Parent, unchanged
from thoughtmill.factory.growths.people import BOYS, GIRLS, people
from thoughtmill.factory.solvers.solvers import Solvers

THINGS = (
    "apple pear peach mango plum banana",
    "marble sticker stamp seashell",
    "pencil pen crayon marker eraser notebook",
    "cookie cupcake muffin brownie donut",
    "tulip orchid sunflower carnation",
    "puzzle kite yo-yo",
    "novel magazine comic",
)
"""Groups of things that can take each other's place."""
PLACES = (
    "Chicago Boston Denver Seattle Atlanta Portland Phoenix Houston Detroit Philadelphia",
    "California Texas Florida Oregon Ohio Nevada Arizona Colorado",
    "Paris London Berlin Rome Madrid Vienna Tokyo Lisbon",
)
_TITLE = re.compile(
    r"\b(?:[Tt]he|St\.|Saint|Mount|Lake|Mr\.|Mrs\.|Ms\.|Dr\.|Fort|Port|Prince|King|Queen|Aunt|Uncle"
    r"|Grandma) $"
)


_MAP = re.compile(
    r"\b(?:coast|beach|ocean|sea|gulf|border|island|capital|desert|river|north|south|east|west)"
)
"""What a problem says about a place that another place might not have."""


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield at most `count` children, each with other names."""
    problem = str(parent.problem["problem"])
    seen = {problem}
    for _ in range(2 * count):
        changes = _people(problem, random) | _listed(problem, random)
        text = renamed(problem, changes)
        if text not in seen and len(seen) <= count:
            seen.add(text)
            child = unchanged(parent, text)
            texts = {thought: renamed(written, changes) for thought, written in child.completions.items()}
            yield Child(texts, text, child.answer)
    if len(seen) == 1:
        yield Barren("it names no person, thing or place that is on a list")


def renamed(text: str, changes: Mapping[str, str]) -> str:
    """Return a text with words exchanged, also inside the names of variables, and the articles before them.

    >>> renamed("Ann eats an apple: ann_apples = 1", {"Ann": "Eva", "ann": "eva", "apple": "pear"})
    'Eva eats a pear: eva_apples = 1'
    """
    if not changes:
        return text
    listed = "|".join(re.escape(word) for word in sorted(changes, key=len, reverse=True))
    words = re.compile(rf"(?:\b([Aa])n? )?(?<![A-Za-z])({listed})(?![A-Za-z])")

    def other(found: re.Match[str]) -> str:
        word = changes[found[2]]
        if found[1] is None:
            return word
        return f"{found[1]}{'n' if word[0].lower() in 'aeio' else ''} {word}"

    return words.sub(other, text)


def _people(problem: str, random: Random) -> dict[str, str]:
    """Return other first names; none for a name that is part of a fuller name."""
    found: dict[str, str] = {}
    taken = set(re.findall(r"[A-Z][a-z]+", problem))
    named = people(problem)
    for name in named:
        girl = name in GIRLS if len(named) > 1 else _is_she(problem, name in GIRLS)
        fuller = re.search(rf"\b{name} (?!and\b)[A-Z][a-z]", problem)
        if not fuller and not _titled(problem, name) and not _misspelt(name, taken):
            other = random.choice(sorted((GIRLS if girl else BOYS) - taken - set(found.values())))
            found |= {name: other, name.lower(): other.lower()}
    return found


def _misspelt(name: str, words: Collection[str]) -> bool:
    """Return whether a problem has another word that may be the same name: Julia and Julie."""
    return any(word[:3] == name[:3] and word != name and abs(len(word) - len(name)) <= 1 for word in words)


def _is_she(problem: str, otherwise: bool) -> bool:
    """Return whether the pronouns of a problem about one person are a woman's."""
    said = set(re.findall(r"[a-z]+", problem.lower()))
    she, he = bool(said & {"she", "her", "hers"}), bool(said & {"he", "his", "him"})
    return otherwise if she == he else she


def _titled(problem: str, name: str) -> bool:
    return any(_TITLE.search(problem[: found.start()]) for found in re.finditer(rf"\b{name}\b", problem))


def _listed(problem: str, random: Random) -> dict[str, str]:
    """Return other things and places, at most one of each group."""
    found: dict[str, str] = {}
    words = set(re.findall(r"[A-Za-z-]+", problem))
    lower = {word.lower() for word in words}
    for group in THINGS:
        listed = group.split()
        present = [thing for thing in listed if {thing, _plural(thing)} & lower]
        free = [thing for thing in listed if not {thing, _plural(thing)} & lower]
        if len(present) == 1 and free and not _is_a_name(problem, present[0]):
            old, new = present[0], random.choice(free)
            for one, other in ((old, new), (_plural(old), _plural(new))):
                found |= {one: other, one.capitalize(): other.capitalize()}
    for group in PLACES if not _MAP.search(problem) else ():
        present = [place for place in group.split() if place in words]
        free = [place for place in group.split() if place not in words]
        if len(present) == 1 and free and not re.search(rf"\b{present[0]} [A-Z]", problem):  # `Chicago Bulls`
            found[present[0]] = random.choice(free)
    return found


def _is_a_name(problem: str, thing: str) -> bool:
    """Return whether a thing is part of a name (`Apple`) or of something else (`pen pal`), or has no like."""
    name = thing.capitalize()
    posted = thing == "stamp" and re.search(r"envelope|letter|mail|post", problem)
    sheets = thing == "sticker" and re.search(r"\b(?:sheet|page|album|roll)s?\b", problem)
    words = rf"(?<=[a-z,] ){name}|\b{thing} pal|\b{thing} (?:floor|statue|tile|book)"
    return bool(posted or sheets or re.search(words, problem))


def _plural(thing: str) -> str:
    """Return the plural of a thing of the lists.

    >>> [_plural(thing) for thing in ("peach", "daisy", "tomato", "pen")]
    ['peaches', 'daisies', 'tomatoes', 'pens']
    """
    if thing.endswith("y") and thing[-2] not in "aeou-":
        return f"{thing[:-1]}ies"
    return f"{thing}es" if thing.endswith(("ch", "ss", "to", "go")) else f"{thing}s"

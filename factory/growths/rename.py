"""Growth `rename`: the same problem about other people, things and places.

A name, a thing or a place becomes another wherever it occurs, in the problem and in its thoughts; numbers,
calculations and the answer stay. Only first names, things and places from lists are exchanged, a girl's
name for a girl's and a fruit for a fruit, and no name that the problem has already. A thing is exchanged
only where the story counts it and no more: the beads of a necklace or a marble floor stay.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from random import Random

from thoughtmill.factory.growths import Barren, Child, Parent, unchanged
from thoughtmill.factory.growths.people import BOYS, GIRLS, people
from thoughtmill.factory.solvers.solvers import Solvers

THINGS = {
    "apple pear peach plum mango": r"juice|cider|sauce|slic|lassi|doctor|Apple",
    "marble sticker": r"jar|hole|play|game|roll|album|book|page|sheet|stuck|beach|stat|ston|carv|price|tile",
    "pencil pen crayon marker": r"sharpen|\b(?:ink|lead|pigs?)\b|wr[io]te|draw|animal|sheep|cow|fence|farm",
    "cupcake muffin brownie donut": r"frost|icing|candle|\bpans?\b|cut\b|hole|glaz|butter|chip",
    "tulip orchid carnation": r"bulb|seed|\bpots?\b|tall",
}
"""Groups of things that can take each other's place, and the words of stories in which they cannot."""
PLACES = (
    "Chicago Boston Denver Seattle Atlanta Portland Phoenix Houston Detroit Philadelphia",
    "California Texas Florida Oregon Ohio Nevada Arizona Colorado",
    "Paris London Berlin Rome Madrid Vienna Tokyo Lisbon",
)
_WORD = re.compile(r"(?:\b([Aa])n? )?([A-Za-z]+)")
"""A word, with the article before it."""
_COUNTED = re.compile(
    r"(?:[0-9]|\b(?:an?|the|of|many|more|fewer|less|some|all|his|her|their|each|every|per|and|or|dozen|other"
    r"|remaining|red|blue|green|yellow|black|small|large|bought|buys?|has|have|had|sells?|sold|eats?|ate|picks?|picked"
    r"|bakes?|baked|makes?|made|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)) $",
    re.IGNORECASE,
)
"""What comes before a thing that is only counted: not a kind of it, as in `dog biscuits`."""
_ALONE = re.compile(
    r"(?: trees?| pies?)?(?:[,.?!]|$"
    r"| (?:is|are|was|and|or|costs?|has|for|at|in|to|that|from|each|on|than|as|left|more|a|per|weighs?)\b)"
)
"""What comes after it: not another thing, as in `marble floor`."""
_TITLE = re.compile(
    r"\b(?:[Tt]he|St\.|Saint|Mount|Lake|Mr\.|Mrs\.|Ms\.|Dr\.|Fort|Port|Prince|King|Queen|Aunt|Uncle"
    r"|Grandma) $"
)
_MAP = re.compile(
    r"\b(?:coast|beach|ocean|sea|gulf|border|island|capital|desert|river|north|south|east|west)"
)
"""What a problem says about a place that another place might not have."""

Choice = tuple[str, Sequence[str]]
"""A word of a problem, and those that may take its place."""


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield at most `count` children, each with other names."""
    problem = str(parent.problem["problem"])
    seen = {problem}
    choices = [*_people(problem), *_things(problem), *_places(problem)]
    for _ in range(2 * count if choices else 0):
        changes = _changes(choices, random)
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

    def other(found: re.Match[str]) -> str:
        word = changes.get(found[2])
        if word is None or found[1] is None:
            return found[0] if word is None else word
        return f"{found[1]}{'n' if word[0].lower() in 'aeio' else ''} {word}"

    return _WORD.sub(other, text) if changes else text


def _changes(choices: Iterable[Choice], random: Random) -> dict[str, str]:
    """Draw another word for each that may change; return all its forms with theirs."""
    found: dict[str, str] = {}
    for old, others in choices:
        new = random.choice([other for other in others if other not in found.values()])
        pairs = [(old, new), *([(_plural(old), _plural(new))] if old.islower() else [])]
        found |= {case(one): case(other) for one, other in pairs for case in (str, str.lower, str.capitalize)}
    return found


def _people(problem: str) -> Iterator[Choice]:
    """Yield first names with other ones; none for a name that is part of a fuller name."""
    taken = set(re.findall(r"[A-Z][a-z]+", problem))
    named = people(problem)
    for name in named:
        girl = name in GIRLS if len(named) > 1 else _is_she(problem, name in GIRLS)
        fuller = re.search(rf"\b{name} (?!and\b)[A-Z][a-z]", problem)
        if not fuller and not _titled(problem, name) and not _misspelt(name, taken):
            yield name, sorted((GIRLS if girl else BOYS) - taken)


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


def _things(problem: str) -> Iterator[Choice]:
    """Yield things with other ones, at most one of each group."""
    words = set(re.findall(r"[a-z]+", problem.lower()))
    for group, but in THINGS.items():
        listed = group.split()
        present = [thing for thing in listed if {thing, _plural(thing)} & words]
        if len(present) == 1 and not re.search(but, problem) and _is_only_counted(problem, present[0]):
            yield present[0], [thing for thing in listed if thing not in present]


def _places(problem: str) -> Iterator[Choice]:
    """Yield places with other ones, at most one of each group."""
    words = set(re.findall(r"[A-Za-z]+", problem))
    for group in PLACES if not _MAP.search(problem) else ():
        present = [place for place in group.split() if place in words]
        if len(present) == 1 and not re.search(rf"\b{present[0]} [A-Z]", problem):  # `Chicago Bulls`
            yield present[0], [place for place in group.split() if place not in words]


def _is_only_counted(problem: str, thing: str) -> bool:
    """Return whether a thing is counted wherever it occurs, and is not part of another thing's name."""
    return all(
        _COUNTED.search(problem[: found.start()]) and _ALONE.match(problem[found.end() :])
        for found in re.finditer(rf"\b(?:{thing}|{_plural(thing)})\b", problem, re.IGNORECASE)
    )


def _plural(thing: str) -> str:
    """Return the plural of a thing of the lists.

    >>> [_plural(thing) for thing in ("peach", "mango", "pen")]
    ['peaches', 'mangoes', 'pens']
    """
    return f"{thing}es" if thing.endswith(("ch", "go")) else f"{thing}s"

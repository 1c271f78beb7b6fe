"""Growth `irrelevant`: a fact that the question does not need is put in (MEND; GSM-IC, arXiv 2302.00093).

The fact is about other people and other things than the problem's, with a number that occurs nowhere else. It
comes before the question; where the question has a pronoun, it comes first, so that nothing else is meant.
The answer and the thoughts of the parent stay.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from random import Random

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.growths import Barren, Child, Parent, unchanged
from thoughtmill.factory.growths.people import people
from thoughtmill.factory.growths.sentences import PRONOUNS, is_question, split, words
from thoughtmill.factory.solvers.solvers import Solvers

RELATIVES = ("cousin", "neighbor", "aunt", "uncle")
"""Whom a person of any age may have; who is old in the story has a neighbor only."""
FACTS = (
    "{who} has {number} postcards.",
    "{who} keeps {number} seashells in a jar.",
    "{who} collects old maps and has {number} of them.",
    "{who} once built a tower of {number} wooden blocks.",
    "{who} knows {number} songs by heart.",
    "{who} has a garden with {number} sunflowers.",
    "{who} has solved {number} crossword puzzles this year.",
    "{who} has taken {number} photos of birds.",
    "{who} lives in a house with {number} windows.",
    "{who} has a jacket with {number} buttons.",
)
_OLD = re.compile(r"\b(?:[4-9][0-9]|1[0-9][0-9])[- ]years?[- ]old\b|\bgrand|\bretire")
BROAD = frozenset(
    "things items objects toys pets animals people persons collection collections plants flowers pictures "
    "belongings stuff anything everything altogether everyone family".split()
)
"""Words of questions that might count the new fact too."""
LEANING = PRONOUNS | {"then", "now", "there", "left", "remain", "remaining"}
"""Words of questions that lean on the sentence before."""


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield at most `count` children, each with another fact."""
    problem = str(parent.problem["problem"])
    sentences = split(problem)
    known = set(words(problem))
    asked = next((at for at, sentence in enumerate(sentences) if is_question(sentence)), None)
    who = people(problem)[:1]
    relatives = [word for word in (("neighbor",) if _OLD.search(problem) else RELATIVES) if word not in known]
    facts = [fact for fact in FACTS if not known.intersection(_things(fact))]
    if asked != len(sentences) - 1 or asked == 0 or sentences[asked].startswith("If "):
        yield Barren("its question does not come alone and last")
    elif not who or not relatives or not sentences[0].startswith(who[0]):
        yield Barren("it does not begin with a person")
    elif BROAD.intersection(words(sentences[asked])) or not facts:
        yield Barren("its question might count the new fact")
    else:
        for fact in random.sample(facts, min(count, len(facts))):
            text = fact.format(who=f"{who[0]}'s {random.choice(relatives)}", number=_number(parent, random))
            place = 0 if LEANING.intersection(words(sentences[asked])) else asked
            yield unchanged(parent, " ".join([*sentences[:place], text, *sentences[place:]]))


def _things(fact: str) -> set[str]:
    """Return the thing that a fact counts, as singular and plural."""
    nouns = set(words(re.sub(r"{\w+}", "", fact))) - {
        "has",
        "keeps",
        "in",
        "a",
        "of",
        "old",
        "and",
        "them",
        "with",
    }
    return nouns | {noun.removesuffix("s") for noun in nouns}


def _number(parent: Parent, random: Random) -> int:
    """Return a number that neither the problem nor its answer is."""
    taken = {number.value for number in find(str(parent.problem["problem"]))}
    taken |= {answers.value(str(parent.problem["answer"])) or Fraction(0)}
    return random.choice([number for number in range(3, 60) if number not in taken])

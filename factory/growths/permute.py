"""Growth `permute`: two neighbouring sentences change places where neither leans on another (MEND).

The answer and the thoughts of the parent stay. Sentences with pronouns, with words of time or comparison, or
with `the` before a word of the other sentence are never moved.
"""

import re
from collections.abc import Iterator
from random import Random

from thoughtmill.factory.growths import Barren, Child, Parent, unchanged
from thoughtmill.factory.growths.sentences import PRONOUNS, REFERS, is_question, split, words
from thoughtmill.factory.solvers.solvers import Solvers

PERSONS = frozenset("he she they his her their".split())
_NUMBER = re.compile(r"[0-9]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b", re.IGNORECASE)
_CUT_SHORT = re.compile(r"(?<!\$)\b[0-9][0-9,]*\.?$|\bsome\b")
"""A number at the end of a sentence whose unit only the sentence before it says."""
_COUNTED = re.compile(
    r"(?:[0-9.,]*[0-9]|\b(?:a|an|one|two|three|four|five|six|seven|eight|nine|ten)) ([a-z]{3,})"
)
_WHEN = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|june|july|august"
    r"|september|october|november|december|morning|afternoon|evening|today|yesterday|tomorrow|meanwhile"
    r"|week|month|year|o'clock|a\.m|p\.m)\b|%",
    re.IGNORECASE,
)


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield at most `count` children, each with another pair of sentences exchanged."""
    sentences = split(str(parent.problem["problem"]))
    places = [at for at in range(len(sentences) - 1) if _may_change_places(sentences, at)]
    if not places:
        yield Barren("no two sentences stand alone")
        return
    for at in random.sample(places, min(count, len(places))):
        moved = [*sentences[:at], sentences[at + 1], sentences[at], *sentences[at + 2 :]]
        yield unchanged(parent, " ".join(moved))


def _may_change_places(sentences: list[str], at: int) -> bool:
    one, other = sentences[at : at + 2]
    following = sentences[at + 2 : at + 3]
    if is_question(one) or is_question(other) or not following:
        return False
    if not (_tells(one) and _tells(other)) or _points_to(one, other) or _points_to(other, one):
        return False
    if _CUT_SHORT.search(one) or _CUT_SHORT.search(other) or _introduces(sentences[:at], one, other):
        return False
    if words(one)[:2] == words(other)[:2]:  # `She bakes`, and again `She bakes`
        return at > 0 and not _leans(one, PERSONS) and not _leans(other, PERSONS)
    after = set(words(following[0]))
    if _leans(one) or _leans(other) or after & (PRONOUNS | {"left", "remain", "remaining"}):
        return False
    apart = words(one)[:1] != words(other)[:1] and "the" not in words(f"{one} {other}")
    return at > 0 or (len(sentences) == 3 and apart)


def _leans(sentence: str, but: frozenset[str] = frozenset()) -> bool:
    """Return whether a sentence has a word that may refer to another sentence, a day or a share."""
    found = set(words(sentence))
    return bool((REFERS - but) & found) or bool(_WHEN.search(sentence)) or not sentence[0].isalpha()


def _points_to(sentence: str, other: str) -> bool:
    """Return whether a sentence has `the` before a word that the other holds."""
    pointed = re.findall(r"\b(?:the|of) ((?:[a-z]+ ){0,2}[a-z]+)", sentence.lower())
    there = set(words(other))
    return any(there.intersection(phrase.split()) for phrase in pointed)


def _introduces(before: list[str], one: str, other: str) -> bool:
    """Return whether both count a thing that nothing before names, in sentences that are not alike."""
    known = {word.removesuffix("s") for word in words(" ".join(before))}
    counted = [{word.removesuffix("s") for word in _COUNTED.findall(each.lower())} for each in (one, other)]
    return bool(counted[0] & counted[1] - known) and words(one)[1:2] != words(other)[1:2]


def _tells(sentence: str) -> bool:
    """Return whether a sentence states a number, as the items of a list do."""
    return bool(_NUMBER.search(sentence))

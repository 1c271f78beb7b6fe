"""Checks of rules: LoRID's knowledge must hold for other problems too, and must not state this one's answer.

>>> problem = "Ann has 12 marbles in 3 bags. How many are in 5 such bags?"
>>> general("12 shared by the bags is the size of a bag.", problem, Outcome(None, None)).detail
'numbers of the problem: 12'
>>> names("Divide what Ann has by the number of bags.", problem, Outcome(None, None)).detail
'of the problem: Ann, bags'
>>> leaks_answer("Each has 4, which gives 20 of them.", problem, Answer("20")).detail
'states 20'

Of the rules that LoRID's authors sampled, 3 of 11 named numbers of their own problem.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.solvers.checks import applies_to
from thoughtmill.factory.solvers.checks.universal import RULED, UNIVERSAL
from thoughtmill.factory.solvers.outcome import Check, Outcome

_SPREAD = re.compile(r"(?<![0-9.,] )(?<![\w.,])[0-9](?: [0-9]){1,20}(?![\w.,]*[0-9])")
_ROMAN = re.compile(r"\b(?=[IVXLCDM]{2,})M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\b")
_SUM = re.compile(r"(?<![\w.,])[0-9][0-9.,]*(?: ?[-+*/×÷] ?[0-9][0-9.,]*(?![\w]))+")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_RESULT = re.compile(
    r"(?:=|\banswer(?:\s+\w+){0,3}?"
    r"|\b(?:gives?|giving|yields?|leaves?|leaving|(?:results?|resulting) in|comes? to|totals?))"
    r"\s*(?:a total of |you |us |is |are |exactly |[$€£¥₹:])*\s*$",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"(?<![\w'’-])[A-Z][a-zà-öø-ÿ]+")
_WORD = re.compile(r"[^\W\d_]+")
_COUNTED = re.compile(
    r"\b(?:[0-9][0-9,.]{0,30}|two|three|four|five|six|seven|eight|nine|ten|twelve|dozen)\s+"
    r"([a-z]{2,}s|children|men|women|mice|geese|sheep|fish)\b"
)


@applies_to("rules")
def general(rules: str, problem: str, outcome: Outcome) -> Check:
    """Say whether rules hold no number of their problem, so that they may hold for other problems.

    A number that the problem writes in figures may occur in the rules in no form; one that it writes in words
    only (`a dozen`) may when it is universal. Numbers that the problem does not write are free: `60 minutes`,
    `one hundred percent`. Words up to two, and `half`, are everyday words in rules (`the size of one group`)
    and never count, nor do those that rules of percentages, time and length are made of (`RULED`).
    """
    leaked = leaks(rules, problem)
    return Check("general", leaked is None, leaked)


@lru_cache(maxsize=16)  # asked once for the verdict of knowledge and once for its check
def leaks(rules: str, problem: str) -> str | None:
    """Return which numbers of their problem rules hold, or None."""
    own = find(_plain(problem))
    figures = {number.value for number in own if not number.in_words}
    words = {number.value for number in own if number.in_words} - UNIVERSAL
    named = [
        value
        for value, in_words in _numbers(_plain(rules))
        if not (in_words and (value <= 2 or value in RULED)) and value in figures | words
    ]
    return f"numbers of the problem: {_listed(named)}" if named else None


@applies_to("rules")
def names(rules: str, problem: str, outcome: Outcome) -> Check:
    """Say whether rules name no person, place or counted thing of their problem.

    A person or place is a word with a capital, in both, that is no common word and never lacks the capital. A
    counted thing follows a number in the problem (`12 marbles`), unless it is a measure or a word that rules
    are made of (`hours`, `people`).
    """
    common = COMMON | set(re.findall(r"\b[a-z]+\b", f"{problem} {rules}"))
    proper = {name for name in _CAPITAL.findall(problem) if name.lower() not in common}
    things = {_singular(word) for word in _COUNTED.findall(problem)} - MEASURES
    found = [word for word in _WORD.findall(rules) if word in proper or _singular(word) in things]
    listed = ", ".join(dict.fromkeys(found))
    return Check("names", not found, f"of the problem: {listed[:200]}" if found else None)


def leaks_answer(rules: str, problem: str, gold: Answer) -> Check:
    """Say whether rules keep the gold answer to themselves; not passed when they state it.

    An everyday number (`UNIVERSAL`, or a word up to two) is the answer only where it is said to be a result.
    """
    rules = _plain(rules)
    value = answers.value(gold.text) if gold.kind == "number" else None
    if value is None:
        stated = len(gold.text) > 2 and gold.text.replace(" ", "") in rules.replace(" ", "")
        return Check("leaks_answer", not stated, f"states {gold.text}" if stated else None)
    places = [number.start for number in find(rules) if number.value == value]
    if value in UNIVERSAL:
        stated = any(_RESULT.search(rules, max(0, place - 80), place) for place in places)
    else:
        stated = bool(places) or value in _hidden(rules)
    return Check("leaks_answer", not stated, f"states {gold.text}" if stated else None)


def _plain(text: str) -> str:
    """Return a text with its characters as a keyboard has them (NFKC): `１２`, `⑫` and `𝟏𝟐` are 12."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _numbers(text: str) -> Iterator[tuple[Fraction, bool]]:
    """Yield the numbers of a text and whether each is written in words, those in disguise too."""
    for number in find(text):
        yield abs(number.value), number.in_words
    for value in _hidden(text):
        yield value, False


def _hidden(text: str) -> Iterator[Fraction]:
    """Yield numbers written apart (`1 2`), as Roman numerals (`XII`), or as calculations (`10+2`)."""
    for found in _SPREAD.finditer(text):
        yield Fraction(found[0].replace(" ", ""))
    for found in _ROMAN.finditer(text):
        digits = [_VALUES[letter] for letter in found[0]]
        yield Fraction(sum(-one if one < after else one for one, after in pairwise([*digits, 0])))
    for found in _SUM.finditer(text):
        value = evaluate(found[0].rstrip(".,"))
        if value is not None:
            yield value


def _singular(word: str) -> str:
    word = word.lower()
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "xes", "sses")) else word.removesuffix("s")


def _listed(numbers: Iterable[Fraction]) -> str:
    return ", ".join(answers.exact_text(number) for number in list(dict.fromkeys(numbers))[:10])


MEASURES = frozenset(
    _singular(word)
    for word in (
        "plus minus savings earnings litres millilitres metres kilometres centimetres millimetres "
        "heads legs wheels seconds minutes hours days weeks months years decades centuries times "
        "percent dollars cents pounds euros inches feet foot yards miles meters metres kilometers "
        "centimeters millimeters grams kilograms ounces tons liters litres milliliters gallons quarts "
        "pints cups degrees units points people persons groups parts items objects things ways more "
        "less fewer other others additional extra different equal total numbers digits integers sides "
        "angles terms values variables equations dozen hundred thousand million each times steps "
        "squares cubes halves thirds quarters fifths tenths full whole consecutive positive negative "
        "even odd and are was were from for the that than has have had does did will would can could "
        "per out off left coins bills amounts prices costs rates speeds distances ages sets pairs "
        "rows columns shares types kinds area areas volume volumes length width height edges faces "
        "vertices points lines circles triangles cubic square bigger smaller larger older younger "
        "longer shorter taller new old remaining identical distinct"
    ).split()
)
"""Words after a number that any rule may use."""

COMMON = frozenset(
    "a about after all an and any as at because before between both but by each either every few first "
    "five four from given half he her here his how if in into it its last later let many most mr mrs ms "
    "dr much next no not now of on once one only or other our over per second she since six so some "
    "sometimes suppose ten than that the their then there these they third this those three through to "
    "total twenty two under until using we what when where whether which while who whole why with "
    "without you your zero add apply assume calculate check choose compare compute consider convert "
    "count cut define determine divide double equal evaluate express factor find form group identify "
    "know make measure multiply note number order round set show simplify sketch solve square start "
    "subtract sum take think today tomorrow triple try understand use write yesterday january february "
    "march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday christmas easter fahrenheit celsius english roman arabic latin "
    "greek percent fraction ratio area volume perimeter length width height speed distance time cost "
    "price profit rate average mean median probability angle triangle circle rectangle line point "
    "polynomial function equation".split()
)
"""Words that begin sentences, or have a capital without naming anybody."""

r"""The last sentence of a chain that marks no answer: which of its numbers is the answer.

>>> closing("There are 3 bags of 8.\nSo 3 * 8 = 24 marbles go to 2 boys.")
('last_step', '24')
>>> closing("Jason earned $9.00 in two weeks.")
('last_number', '9')

1. Where the sentence calculates, its last result is the answer: `300 x 10 = 3000 apples from 10 trees`.
2. Where it holds the result of the last calculation before it, that is the answer.
3. Otherwise it is the last number. A length of time after `in`, `for` and the like, a label such as `#12`,
   and a limit after `than` do not count where another number precedes them.
"""

import re
from fractions import Fraction

from thoughtmill.factory.answers.number import value
from thoughtmill.factory.answers.numbers_in_text import Number, find
from thoughtmill.factory.answers.statements import leads, mentions, plain, stated

MAX_SPAN = 1000
"""Characters of a sentence that are looked at: an answer is said in fewer."""

BULLET = re.compile(r"\s*(?:#+\s*)?(?:\*\*)?(?:[0-9]+[.)]|[-*•])\s")
_MARK = re.compile(r"<<[^<>\n]*(?:>>|$)")
_ASIDE = re.compile(r"\([^()]*\)")
_STOP = re.compile(r"[.!?][\"')*]*\s+(?=[A-Z*$\"(])")
_FIGURE = re.compile(r"[0-9]")
_EQUALS = re.compile(r"(?<![<>!])=|≈|\\approx\b")
_HOW_LONG = re.compile(
    r"\b(?:in|for|over|within|after|during|per|every)\s+(?:(?:the|these|those|all|next|first|last|only|just)\s+)*$",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"[- ](?:seconds?|minutes?|mins?|hours?|hrs?|(?:mon|tues|wednes|thurs|fri|satur|sun)?days?|nights?"
    r"|weeks?|weekends?|months?|years?|decades?|trips?)\b",
    re.IGNORECASE,
)
_ROUNDED = re.compile(
    r"\bround(?:s|ed|ing)\s+(?:up |down |off |it )*to\s+(?=[$€£¥₹]?[0-9.,]+(?! *(?:dec|dig|sig|place)))"
)
_LABEL = re.compile(r"(?<![#\w])#[0-9]+")
_BECAUSE = re.compile(r",?\s(?:because|since)\b", re.IGNORECASE)
_LIMIT = re.compile(r"(?:\bthan\b[^0-9]*|[<>]\s*\S?)$", re.IGNORECASE)


def closing(text: str) -> tuple[str, str | None]:
    """Return the rule that reads the last sentence of a text, and its answer, if it has a single one."""
    text = _LABEL.sub("#", _MARK.sub("", text))
    sentence = _last_sentence(_last_line(text))
    *sides, result = _EQUALS.split(sentence)
    if sides and not _FIGURE.search(result):  # `10 = b`, or cut off
        name = result.strip(" .$*")
        return "last_number", stated(sides[-1], last=True) if name.isalpha() else None
    if sides and leads(result):
        rounded = _ROUNDED.search(result)
        return "last_step", stated(result[rounded.end() :] if rounded else result)
    sentence = _because(sentence)
    before = _last_result(text)
    if before is not None and any(number.value == before for number in find(plain(sentence))):
        return "last_step", stated(str(before))
    return "last_number", stated(_without_asides(sentence), last=True)


def _last_line(text: str) -> str:
    """Return the last line that holds a figure, else the last that holds a number in words."""
    lines = [_tail(line) for line in reversed(text.splitlines())]
    with_figures = (line for line in lines if _FIGURE.search(line))
    return next(with_figures, None) or next((line for line in lines if mentions(line)), "")


def _tail(line: str) -> str:
    """Return the end of a line without a bullet or asides in brackets, cut between words if at all."""
    bullet = BULLET.match(line)
    line = line[bullet.end() :] if bullet else line
    without_asides = _ASIDE.sub("", line)
    line = without_asides if _FIGURE.search(without_asides) else line
    return line if len(line) <= MAX_SPAN else line[-MAX_SPAN:].partition(" ")[2]


def _last_sentence(line: str) -> str:
    """Return the last sentence of a line that has a figure; the line where none has."""
    begins = [0, *(stop.end() for stop in _STOP.finditer(line))]
    sentences = (line[begin:] for begin in reversed(begins))
    return next((sentence for sentence in sentences if _FIGURE.search(sentence)), line)


def _because(sentence: str) -> str:
    """Return the part of a sentence before its reason, if this part has a figure."""
    statement = _BECAUSE.split(sentence, maxsplit=1)[0]
    return statement if _FIGURE.search(statement) else sentence


def _last_result(text: str) -> Fraction | None:
    """Return the result of the last calculation of a text, if a single number follows it."""
    signs = list(_EQUALS.finditer(text, max(0, len(text) - 4 * MAX_SPAN)))
    for sign in reversed(signs[-3:]):
        result = text[sign.end() : sign.end() + 60].partition("\n")[0]
        if leads(result):
            number = stated(result)
            return None if number is None else value(number)
    return None


def _without_asides(sentence: str) -> str:
    """Cut a sentence off before a number that is a length of time, a label or a limit."""
    numbers = find(sentence)
    while len(numbers) > 1 and _is_aside(sentence, numbers[-1]):
        sentence, numbers = sentence[: numbers[-1].start], numbers[:-1]
    return sentence


def _is_aside(sentence: str, number: Number) -> bool:
    before = sentence[max(0, number.start - 40) : number.start]
    if _LIMIT.search(before):
        return True
    return bool(_HOW_LONG.search(before) and _TIME.match(sentence, number.end))

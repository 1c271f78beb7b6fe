r"""Reading: the final answer of a chain or any other text, and the rule that found it.

>>> read("48 / 2 = 24, so the answer is $24.00 a day.")
Reading(answer='24', rule='answer_is', kind='number')
>>> read("He needs 12 or 13 of them.") is None
True

The rules go from the surest to the last resort, and the first whose phrase holds a number decides, even
when that number is refused: `#### 12 or 13` is no answer, whatever the text says before.
`factory.answers.statements` says how the phrase is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from thoughtmill.factory.answers import Answer, answer_of, equal
from thoughtmill.factory.answers.closing import BULLET, MAX_SPAN, closing
from thoughtmill.factory.answers.number import PLAIN, figures
from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.answers.phrases import answer_in, kinds_for, last_maths
from thoughtmill.factory.answers.run_on import own
from thoughtmill.factory.answers.statements import leads, mentions, plain, stated

MAX_ALONE = 40
"""Characters of a text that may be nothing but a number."""

_BOX = re.compile(r"\\(?:boxed|fbox)\s?\{")
_ANSWER_LINE = re.compile(r"(?:\*\*)?A:((?:(?!\. |answer).)+)")  # a whole rationale may follow `A:` too
_ANSWER_IS = re.compile(r"\banswers?\b(?! as\b)[^\n.:=]{0,60}?(?:\b(?:is|are|be)\b|[:=])", re.IGNORECASE)
_SIGNED = re.compile(r"[ \t*]*-[ \t]*[$€£¥₹]?[ \t]*[0-9.]")
_DENIED = re.compile(r"\bnot\s+[$€£]?[0-9]|[0-9]\s+(?:R|r|mod|remainder)\s+[0-9]")
_CLAUSE_END = re.compile(r"[.;](?=\s)|,? (?:because|since|so|where|which|for)\b")
_MARK = re.compile(r"^(?:#{2,}|A:|-->)")
_ALGEBRA = re.compile(
    r"[0-9]\s?[(!^]|[0-9][A-Za-ik-lnp-rt-z](?![A-Za-z])|[|<>]|[A-Za-z]\([0-9]|" + _DENIED.pattern
)
_DRESS = re.compile(r"(?>(?:[\s*:]|\\[\[(]|\$\$)*)")  # not `*+`, which 3.11.2 gets wrong for groups


@dataclass(frozen=True, slots=True)
class Reading:
    """A final answer as canonical exact text, the rule that found it, and its kind.

    The rules are `boxed`, `hashes` (`#### 18`), `arrow` (`--> 18 END`), `answer_line` (a closing `A: 18`),
    `answer_is` (`the answer is 18`, `Final answer: 18`), and without any of these `last_step` and
    `last_number` (`factory.answers.closing`), or `last_maths` where the answer is no number.
    """

    answer: str
    rule: str
    kind: str = "number"


def read(text: str, kind: str = "number") -> Reading | None:
    """Return the final answer of a text to a problem that asks for a kind of answer; linear in time.

    None when a text states no single answer. Where a number is asked for, a box that holds something else
    is read as another kind: `\\boxed{\\frac{2a}{a}}` may well be 2.
    """
    if kind != "number":
        return _read_as(own(text), kind)
    if len(text) <= MAX_ALONE and (number := figures(text.strip().rstrip("."))) is not None:
        return Reading(number, "last_number")  # the whole text, as every rule would read it
    text = own(text)
    for rule, span in _spans(text):
        if rule == "boxed" or mentions(span):
            answer = _agreed(boxes(text)) if rule == "boxed" else _marked(span)
            if answer is None:
                return _read_as(text, kind) if rule == "boxed" else None
            return Reading(answer, rule)
    rule, answer = closing(text)
    if answer is None or _is_algebra(answer, _MARK.sub("", _closing_line(text))):
        return None
    return Reading(answer, rule)


def _read_as(text: str, kind: str) -> Reading | None:
    """Return the final answer of a text as a kind: its box, its marked phrase, or its end."""
    kinds = kinds_for(kind)
    for rule, phrases in _phrases(text):
        answer = answer_in(phrases, kinds)
        if answer is not None:
            return Reading(answer.text, rule, answer.kind)
        if rule == "boxed":
            return None
    return None


def _phrases(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each rule that applies and the phrases that may state the answer, the surest first."""
    if boxed := list(dict.fromkeys(boxes(text))):
        yield "boxed", [_joined(boxed)]
    for mark, rule in (("####", "hashes"), ("-->", "arrow")):
        _, marked, after = text.rpartition(mark)
        arrow_within = rule == "arrow" and "\n" in after.strip()  # a step, as `2x = 6 --> x = 3` is
        if marked and (line := _line(after)) and not BULLET.match(line) and not arrow_within:
            yield rule, [line.partition("END")[0] if rule == "arrow" else line]
    if marker := _ANSWER_LINE.fullmatch(_closing_line(text)):
        yield "answer_line", [marker[1]]
    for found in reversed(list(_ANSWER_IS.finditer(text))):
        yield "answer_is", [_line(text[found.end() : found.end() + MAX_SPAN])]
        break
    yield "last_maths", list(last_maths(text))


def _joined(boxed: list[str]) -> str:
    """Return what the boxes of a line hold together; two forms of the same answer are one answer."""
    first, *others = (answer_of(box, kinds_for("expression")) for box in boxed)
    same = first is not None and all(other is not None and equal(first, other) for other in others)
    return boxed[0] if same else ", ".join(boxed)


def boxes(text: str) -> list[str]:
    r"""Return the contents of the boxes in the last line that has any: a text may not box two answers.

    >>> boxes(r"so \boxed{3}" "\n" r"and \boxed{\frac{1}{2}}.")
    ['\\frac{1}{2}']
    """
    openings = list(_BOX.finditer(text))
    if not openings:
        return []
    line = text.rfind("\n", 0, openings[-1].start())
    return [_braced(text, opening.end()) for opening in openings[-8:] if opening.start() > line]


def _spans(text: str) -> Iterator[tuple[str, str]]:
    """Yield each rule that applies and the phrase it points to, the surest first."""
    if boxed := boxes(text):
        yield "boxed", boxed[-1]
    _, hashes, after = text.rpartition("####")
    if hashes and leads(line := _line(after)) and not (BULLET.match(line) and not _signed(after)):
        yield "hashes", line
    _, arrow, after = text.rpartition("-->")
    if arrow:
        yield "arrow", _line(after).partition("END")[0]
    if (marker := _ANSWER_LINE.fullmatch(_closing_line(text))) and leads(line := marker[1]):
        yield "answer_line", line
    for found in reversed(list(_ANSWER_IS.finditer(text))):
        yield "answer_is", _line(text[found.end() : found.end() + MAX_SPAN])
        break


def _closing_line(text: str) -> str:
    return text[-MAX_SPAN:].rstrip().rpartition("\n")[2].strip()


def _signed(after: str) -> bool:
    """Tell whether a number with a minus sign apart from it follows a mark on the same line."""
    return _SIGNED.match(after.translate(PLAIN)) is not None


def _line(text: str) -> str:
    """Return the first line of a text that is more than dress."""
    start = _DRESS.match(text[:MAX_SPAN])
    return text[start.end() if start else 0 :][:MAX_SPAN].partition("\n")[0]


def _agreed(spans: list[str]) -> str | None:
    answers = {_boxed(span) for span in spans}
    return answers.pop() if len(answers) == 1 else None


def _marked(span: str) -> str | None:
    """Return the number that a phrase after a mark states, unless it is part of algebra or of a denial."""
    number = stated(span)
    return None if number is None or _is_algebra(number, span) else number


def _is_algebra(number: str, phrase: str) -> bool:
    """Return whether a phrase denies a number or writes something else with it, as `2(a+b)` and `7!` do."""
    if not _ALGEBRA.search(phrase):
        return False
    if _DENIED.search(phrase):
        return True
    whole = answer_of(_CLAUSE_END.split(phrase, maxsplit=1)[0].strip(" *$:."), kinds_for("number"))
    return whole is not None and not equal(Answer(number), whole)


def _boxed(span: str) -> str | None:
    """Return the number that a box holds: written as mathematics, or the only one before words.

    A box that holds more than a number, as `2(a+b)` or `7!` does, states none.
    """
    number = figures(span.strip()) or stated(span)
    if number is None or number == span:
        return number
    whole = answer_in([span], kinds_for("number"))
    if whole is not None:
        return number if equal(Answer(number), whole) else None
    return number if leads(span) and len(find(plain(span))) == 1 else None


def _braced(text: str, start: int) -> str:
    """Return the text between an open brace, just before `start`, and the brace that closes it."""
    depth = 1
    for at in range(start, min(len(text), start + MAX_SPAN)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return text[start:at]
    return text[start : start + MAX_SPAN].partition("\n")[0]

r"""Reading: the final answer of a chain or any other text, and the rule that found it.

>>> read("48 / 2 = 24, so the answer is $24.00 a day.")
Reading(answer='24', rule='answer_is')
>>> read("He needs 12 or 13 of them.") is None
True

The rules go from the surest to the last resort, and the first whose phrase holds a number decides, even
when that number is refused: `#### 12 or 13` is no answer, whatever the text says before.
`factory.answers.statements` says how the phrase is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from thoughtmill.factory.answers.statements import leads, mentions, stated

MAX_SPAN = 1000
"""Characters of a phrase that are looked at: an answer is said in fewer."""

_BOX = re.compile(r"\\(?:boxed|fbox)\s?\{")
_ANSWER_LINE = re.compile(r"(?:\*\*)?A:((?:(?!\. |answer).)+)")  # a whole rationale may follow `A:` too
_ANSWER_IS = re.compile(r"\banswers?\b[^\n.:=]{0,60}?(?:\b(?:is|are|be)\b|[:=])", re.IGNORECASE)
_DRESS = re.compile(r"(?>(?:[\s*:]|\\[\[(]|\$\$)*)")  # not `*+`, which 3.11.2 gets wrong for groups
_ASIDE = re.compile(r"\([^()]*\)")
_BULLET = re.compile(r"\s*(?:#+\s*)?(?:\*\*)?(?:[0-9]+[.)]|[-*•])\s")


@dataclass(frozen=True, slots=True)
class Reading:
    """A final answer as canonical exact text, and the rule that found it.

    The rules are `boxed`, `hashes` (`#### 18`), `arrow` (`--> 18 END`), `answer_line` (a closing `A: 18`),
    `answer_is` (`the answer is 18`, `Final answer: 18`) and `last_number`.
    """

    answer: str
    rule: str


def read(text: str) -> Reading | None:
    """Return the final answer of a text, or None when it states no single number; linear in time."""
    for rule, span in _spans(text):
        if rule in {"last_number", "boxed"} or mentions(span):
            answer = _agreed(boxes(text)) if rule == "boxed" else stated(span, last=rule == "last_number")
            return None if answer is None else Reading(answer, rule)
    return None


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
    if hashes and leads(line := _line(after)) and not _BULLET.match(line):
        yield "hashes", line
    _, arrow, after = text.rpartition("-->")
    if arrow:
        yield "arrow", _line(after).partition("END")[0]
    closing = text[-MAX_SPAN:].rstrip().rpartition("\n")[2].strip()
    if (marker := _ANSWER_LINE.fullmatch(closing)) and leads(line := marker[1]):
        yield "answer_line", line
    for found in reversed(list(_ANSWER_IS.finditer(text))):
        yield "answer_is", _line(text[found.end() : found.end() + MAX_SPAN])
        break
    yield "last_number", _last_line(text)


def _line(text: str) -> str:
    """Return the first line of a text that is more than dress."""
    start = _DRESS.match(text[:MAX_SPAN])
    return text[start.end() if start else 0 :][:MAX_SPAN].partition("\n")[0]


def _last_line(text: str) -> str:
    """Return the last line that holds a figure, else the last that holds a number in words."""
    lines = [_tail(line) for line in text.splitlines()]
    with_figures = (line for line in reversed(lines) if re.search("[0-9]", line))
    return next(with_figures, None) or next((line for line in reversed(lines) if mentions(line)), "")


def _tail(line: str) -> str:
    """Return the end of a line without a bullet or asides in brackets, cut between words if at all."""
    bullet = _BULLET.match(line)
    line = line[bullet.end() :] if bullet else line
    without_asides = _ASIDE.sub("", line)
    line = without_asides if re.search("[0-9]", without_asides) else line
    return line if len(line) <= MAX_SPAN else line[-MAX_SPAN:].partition(" ")[2]


def _agreed(spans: list[str]) -> str | None:
    answers = {stated(span) for span in spans}
    return answers.pop() if len(answers) == 1 else None


def _braced(text: str, start: int) -> str:
    """Return the text between an open brace, just before `start`, and the brace that closes it."""
    depth = 1
    for at in range(start, min(len(text), start + MAX_SPAN)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return text[start:at]
    return text[start : start + MAX_SPAN].partition("\n")[0]

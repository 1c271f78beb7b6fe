"""Answers: what an answer is, the registry of their kinds, and when two answers are equal.

To add a kind, write a module like `AnswerKind` and its line in `KINDS`, or an entry point of the group
`thoughtmill.answers` in your package. A problem set names the kinds of its answers. Read answers with
`answer_of` and compare them with `equal` or `compared`; import the module of a kind only to calculate.

>>> answer_of("1,250.0"), answer_of("many"), equal(Answer("0.3333"), Answer("1/3"))
(Answer(text='1250', kind='number'), None, True)
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from thoughtmill.factory.core.registry import Registry


class Answer(NamedTuple):
    """An answer: its canonical text, and the kind that reads it."""

    text: str
    kind: str = "number"

    def __str__(self) -> str:
        return self.text


class Comparison(NamedTuple):
    """Whether two answers are equal, and the rule that decided it; None is unknown, as at a time limit.

    The rules, in their order: `text` (the same canonical text), `number`, `normal_form` (the same algebra,
    written alike), `sampling` (values at chosen points), `symbolic` (computer algebra, in a worker), and
    `kind` (one of the two cannot be read as the kind of the other).
    """

    equal: bool | None
    by: str


class AnswerKind(Protocol):
    """A module that says how answers of one kind are read and compared."""

    PATTERN: str
    """A regular expression that every canonical text of this kind matches as a whole."""

    def canonical(self, text: str) -> str | None:
        """Return the canonical text of an answer, or None when the text is not of this kind."""
        ...

    def compared(self, left: str, right: str) -> Comparison:
        """Compare two canonical texts of this kind, which differ; their order must not matter."""
        ...


KINDS: Registry[AnswerKind] = Registry(
    "answer kind",
    "thoughtmill.answers",
    {
        "number": "thoughtmill.factory.answers.number",
        "choice": "thoughtmill.factory.answers.choice",
        "time": "thoughtmill.factory.answers.time",
        "ratio": "thoughtmill.factory.answers.ratio",
        "base": "thoughtmill.factory.answers.base",
        "interval": "thoughtmill.factory.answers.interval",
        "tuple": "thoughtmill.factory.answers.tuple",
        "set": "thoughtmill.factory.answers.set",
        "matrix": "thoughtmill.factory.answers.matrix",
        "quantity": "thoughtmill.factory.answers.quantity",
        "expression": "thoughtmill.factory.answers.expression",
        "text": "thoughtmill.factory.answers.text",
    },
)
"""The kinds, from the narrowest to the widest: `expression` reads what all before it write."""

ANY = tuple(KINDS.ours)
"""Our kinds in the order in which an answer of unknown kind is tried, as those of MATH are."""


def answer_of(text: str, kinds: Iterable[str] = ("number",)) -> Answer | None:
    """Return the answer that a text writes, of the first kind that can read it; None when none can."""
    for kind in kinds:
        canonical = KINDS.named(kind).canonical(text)
        if canonical is not None:
            return Answer(canonical, kind)
    return None


def predicted_answer(row: Mapping[str, Any]) -> Answer | None:
    """Return the predicted answer of a row of `records`, `predictions` or a release, if it has any."""
    text = row["predicted_answer"]
    return None if text is None else Answer(text, row["predicted_kind"])


def gold_answer(problem: Mapping[str, Any]) -> Answer | None:
    """Return the gold answer of a row of `problems` or a release; None when it is unknown."""
    text = problem["answer"]
    return None if text is None else Answer(text, problem["answer_kind"])


def compared(left: Answer, right: Answer) -> Comparison:
    """Compare two answers of any kinds; their order does not matter.

    Answers of two kinds are compared by the narrowest kind that reads both: `(1,2)` may be an interval or a
    pair, and both are expressions.
    """
    if left.text == right.text:
        return Comparison(True, "text")
    names = KINDS.names()
    widest = max(left.kind, right.kind, key=names.index)
    for name in [widest] if left.kind == right.kind else names[names.index(widest) :]:
        kind = KINDS.named(name)
        texts = [each.text if each.kind == name else kind.canonical(each.text) for each in (left, right)]
        if texts[0] is not None and texts[1] is not None:
            return Comparison(True, "text") if texts[0] == texts[1] else kind.compared(texts[0], texts[1])
    return Comparison(False, "kind")


def equal(left: Answer, right: Answer) -> bool:
    """Return whether two answers are known to be equal."""
    return compared(left, right).equal is True

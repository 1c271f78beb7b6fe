"""The registry of answer kinds: how an answer is written canonically and when two are equal.

To add a kind, write a module like `AnswerKind` and its line in `KINDS`, or an entry point of the group
`thoughtmill.answers` in your package. A problem set names the kind of its answers. Compare answers with
`canonical` and `equal`; import the module of a kind only to calculate with its answers.

>>> canonical("1,250.0"), canonical("ten"), equal("0.3333", "1/3")
('1250', None, True)
"""

from typing import Protocol

from thoughtmill.factory.core.registry import Registry


class AnswerKind(Protocol):
    """A module that says how answers of one kind are read and compared."""

    PATTERN: str
    """A regular expression that every canonical text of this kind matches as a whole."""

    def canonical(self, text: str) -> str | None:
        """Return the canonical text of an answer, or None when the text is not of this kind."""
        ...

    def equal(self, predicted: str, gold: str) -> bool:
        """Return whether two canonical answers are the same; in either order."""
        ...


KINDS: Registry[AnswerKind] = Registry(
    "answer kind", "thoughtmill.answers", {"number": "thoughtmill.factory.answers.number"}
)


def canonical(text: str, kind: str = "number") -> str | None:
    """Return the canonical text of an answer, or None when it is not of its kind."""
    return KINDS.named(kind).canonical(text)


def equal(predicted: str, gold: str, kind: str = "number") -> bool:
    """Return whether two answers of a kind are the same."""
    return KINDS.named(kind).equal(predicted, gold)

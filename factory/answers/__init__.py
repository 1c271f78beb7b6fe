"""The registry of answer kinds: how an answer is written canonically and when two are equal.

To add a kind, write a module with what `AnswerKind` asks for and its line in `KINDS`; another package names
its own in an entry point of the group `thoughtmill.answers`. A problem set says which kind its answers are.
`canonical` and `equal` are for everyone who compares answers; a module of a kind is imported by name only by
those who calculate with it.

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
        """Return whether two canonical answers are the same; the order of the two does not matter."""
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

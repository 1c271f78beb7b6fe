"""A cursor over tokens, on which the grammar steps forward; how deep rules are nested is limited."""

from collections.abc import Callable, Sequence

from thoughtmill.factory.answers.mathematics.tokens import Sign, Unreadable
from thoughtmill.factory.answers.mathematics.tree import Tree

MAX_DEPTH = 25
"""Levels of brackets, fractions, roots and powers."""

END = Sign("end", "", False)
"""What follows the last token."""


class Cursor:
    """A position in a list of tokens; it reads the next token and steps over it."""

    def __init__(self, found: Sequence[Sign]) -> None:
        self.tokens = found
        self.at = 0
        self.depth = 0
        self.token = found[0] if found else END

    def error(self) -> Unreadable:
        """Return the error that no rule takes the next token."""
        return Unreadable(f"{self.token.text or 'the end'!r}")

    def ahead(self, count: int = 1) -> Sign:
        """Return a token after the next one."""
        at = self.at + count
        return self.tokens[at] if at < len(self.tokens) else END

    def take(self, *kinds: str) -> Sign | None:
        """Step over the next token if it is one of these kinds."""
        token = self.token
        if token.kind not in kinds:
            return None
        self.at += 1
        self.token = self.tokens[self.at] if self.at < len(self.tokens) else END
        return token

    def expect(self, *kinds: str) -> Sign:
        """Step over the next token, which must be one of these kinds. Raises `Unreadable`."""
        token = self.take(*kinds)
        if token is None:
            raise self.error()
        return token

    def nested(self, rule: Callable[[], Tree]) -> Tree:
        """Run a rule one level deeper, to a limit."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable(f"more than {MAX_DEPTH} levels")
        tree = rule()
        self.depth -= 1
        return tree

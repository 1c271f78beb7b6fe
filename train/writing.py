"""Writing: what is asked of whoever writes samples, and what comes back."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from train.draws import Draw


class Request(NamedTuple):
    """A draw to be written: what `role` is asked, how hot, and the seed of its random numbers."""

    draw: Draw
    role: str
    problem: str
    given: str | None
    temperature: float
    seed: str


class Written(NamedTuple):
    """What was written for a draw; `failure` is `truncated` where a limit ended it, or an endpoint's."""

    draw: Draw
    text: str
    new_tokens: int
    failure: str | None = None


class Writer(Protocol):
    """A way to have requests written."""

    def ask(self, requests: Sequence[Request]) -> None:
        """Take up requests, to be written in any order."""
        ...

    def write(self) -> list[Written]:
        """Go on writing; return what came to its end meanwhile, possibly nothing yet."""
        ...

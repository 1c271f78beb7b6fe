"""The executor `serial`: all work is done in this process, item by item."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Serial(Generic[Item, Result]):
    """An executor for a debugger: no other process is started."""

    def __init__(
        self,
        work: Callable[[list[Item]], list[Result]],
        lost: Callable[[Item], Result],
        workers: int,
        begin: Callable[..., None],
        arguments: tuple[Any, ...],
    ) -> None:
        self.work, self.begin, self.arguments = work, begin, arguments

    def spread(self, items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of every item, in order."""
        self.begin(*self.arguments)
        for item in items:
            yield from self.work([item])

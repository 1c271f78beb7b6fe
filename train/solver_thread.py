"""Solve texts while their writer goes on: in a thread beside it, or at once."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Generic, Self, TypeVar

from thoughtmill.train.policies.plans import Sample

T = TypeVar("T")

IDLE_S = 0.001
"""Seconds to wait for the thread when the writer has finished nothing, instead of polling at once."""


class SolverThread(Generic[T]):
    """Solves texts in the order of their arrival: in a thread if `beside`, else at once."""

    def __init__(self, solving: Callable[[T], Sample], beside: bool) -> None:
        self.solving = solving
        self.thread = ThreadPoolExecutor(1, "solver") if beside else None
        self.begun: deque[tuple[T, Future[Sample]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.thread is not None:
            self.thread.shutdown(cancel_futures=True)

    def solved(self, texts: Sequence[T]) -> Iterator[tuple[T, Sample]]:
        """Take texts; yield solved texts with their samples. Errors of the thread are raised here."""
        if self.thread is None:
            yield from ((text, self.solving(text)) for text in texts)
            return
        self.begun += [(text, self.thread.submit(self.solving, text)) for text in texts]
        if self.begun and not texts:
            wait([self.begun[0][1]], IDLE_S)
        while self.begun and self.begun[0][1].done():
            text, sample = self.begun.popleft()
            yield text, sample.result()

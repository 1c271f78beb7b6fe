"""Interrupts: Ctrl-C asks a run to finish what it began, before it makes it leave."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """While this context is open, a SIGINT calls `ask` with how many there have been.

    Outside the main thread, where Python takes no signals, it does nothing.
    """

    def __init__(self, ask: Callable[[int], None]) -> None:
        self.ask = ask
        self.count = 0
        self.before: Any = None

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        self.count += 1
        self.ask(self.count)

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

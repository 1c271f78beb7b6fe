"""Connections to DuckDB, whose queries end at once on Ctrl-C."""

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INTERRUPTED = "Query interrupted"
"""The `RuntimeError` that DuckDB raises instead of `KeyboardInterrupt` when it sees the signal itself."""

REPEATS, REPEAT_S = 20, 0.1
"""How often, and how long after each other, a signal interrupts the connections."""

_connections: "WeakSet[DuckDBPyConnection]" = WeakSet()


def connect(
    path: str | Path = ":memory:", read_only: bool = False, **config: str | bool | int | float | list[str]
) -> "DuckDBPyConnection":
    """Open a database, with settings such as `memory_limit`; `interruptible` ends its queries."""
    import duckdb  # importing it takes a sixth of a second, and the help does not need it

    con = duckdb.connect(str(path), read_only=read_only, config=config)
    _connections.add(con)
    return con


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end the queries that run inside.

    Python handles a signal only after the current call into DuckDB, which is a whole query. So a thread waits
    for the signal at a pipe and interrupts all connections. Python then raises `KeyboardInterrupt` as always.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reading,), daemon=True)
    watcher.start()
    try:
        yield
    except RuntimeError as error:
        if str(error) == INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)
        watcher.join()
        os.close(reading)


def _watch(reading: int) -> None:
    """Interrupt all connections at each signal from the pipe, until it is closed.

    A signal may come just before a query begins, which an interrupt then does not end: so it is repeated.
    """
    left = 0
    while True:
        ready, _, _ = select.select([reading], [], [], REPEAT_S if left else None)
        if ready:
            numbers = os.read(reading, 64)
            if not numbers:
                return
            left = REPEATS if signal.SIGINT in numbers else left
        if left:
            left -= 1
            _interrupt()


def _interrupt() -> None:
    for con in list(_connections):
        with suppress(sys.modules["duckdb"].ConnectionException):  # it is closed by now
            con.interrupt()

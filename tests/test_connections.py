"""Connections to DuckDB: Ctrl-C ends a query at once."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from thoughtmill.factory.core.connections import INTERRUPTED, connect, interruptible

ENDLESS = "select count(*) from range(1000000) a, range(1000000) b where hash(a.range, b.range) = 7"


@pytest.mark.parametrize(
    "ask", [lambda con: con.execute(ENDLESS), lambda con: con.sql(ENDLESS).to_arrow_table()]
)
def test_an_interrupt_ends_a_query_that_runs(ask: object) -> None:
    con = connect(threads=1)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), interruptible():
        timer.start()
        ask(con)  # type: ignore[operator]
    assert con.execute("select 42").fetchone() == (42,)


def test_an_interrupt_after_a_connection_was_closed_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    closed, con = connect(), connect(threads=1)
    closed.close()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), interruptible():
        timer.start()
        con.execute(ENDLESS)
    assert capfd.readouterr().err == ""


def test_an_interrupt_that_the_database_sees_itself_is_no_other_error() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        raise RuntimeError(INTERRUPTED)
    with pytest.raises(RuntimeError, match="another"), interruptible():
        raise RuntimeError("another")


def test_what_told_of_signals_before_does_so_again() -> None:
    before = signal.set_wakeup_fd(-1)
    with interruptible():
        assert signal.set_wakeup_fd(-1) != -1
    assert signal.set_wakeup_fd(before) == -1


def test_outside_of_the_main_thread_nothing_changes() -> None:
    def asked() -> tuple[int, ...] | None:
        with interruptible():
            return connect().execute("select 1").fetchone()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asked).result() == (1,)

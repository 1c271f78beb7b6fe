"""Stages as commands: one line and an exit status, never a traceback."""

import errno
import os
import subprocess
import sys
import textwrap
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import cast

import duckdb
import pyarrow
import pytest

from thoughtmill.factory.core import stage
from thoughtmill.factory.core.errors import ThoughtmillError


def left(monkeypatch: pytest.MonkeyPatch, error: BaseException | None, words: tuple[str, ...] = ()) -> object:
    def main() -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(sys, "argv", ["stage", *words])
    with pytest.raises(SystemExit) as exit_:
        stage.run(main)
    return exit_.value.code


def test_a_stage_that_returns_leaves_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    assert left(monkeypatch, None) == 0


def test_a_broken_set_up_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left(monkeypatch, ThoughtmillError("params.yaml: no")) == 2
    assert capsys.readouterr().err == "error: params.yaml: no\n"


def test_what_reads_or_prints_where_all_streams_are_closed_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def main() -> None:
        read.append(sys.stdin.read())
        print(sys.stdout.isatty(), file=sys.stderr)

    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    monkeypatch.setattr(sys, "argv", ["stage"])
    with pytest.raises(SystemExit) as exit_:
        stage.run(main)
    assert (exit_.value.code, read) == (0, [""])


def test_a_reader_that_has_seen_enough_ends_a_command_well_and_a_full_disk_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    for opened, status in ((partial(os.fdopen, writing, "w"), 0), (partial(Path("/dev/full").open, "w"), 2)):
        with opened() as closed, monkeypatch.context() as changed:
            changed.setattr(sys, "stdout", closed)
            changed.setattr(sys, "argv", ["stage"])
            with pytest.raises(SystemExit) as exit_:
                stage.run(lambda: print("a result"))
        assert exit_.value.code == status
    assert capsys.readouterr().err == "error: [Errno 28] No space left on device\n"


def test_a_terminal_that_lacks_a_letter_gets_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    poor = TextIOWrapper(BytesIO(), "ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", poor)
    monkeypatch.setattr(sys, "argv", ["stage"])
    with pytest.raises(SystemExit):
        stage.run(lambda: print("a → b"))
    assert cast(BytesIO, poor.buffer).getvalue() == b"a \\u2192 b\n"


def test_a_full_disk_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "data/t")) == 2
    assert capsys.readouterr().err == "error: data/t: No space left on device\n"


@pytest.mark.parametrize(
    "error", [duckdb.IOException("No magic\nbytes"), pyarrow.ArrowInvalid("No magic\nbytes")]
)
def test_a_broken_table_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert left(monkeypatch, error) == 2
    assert capsys.readouterr().err == "error: a table cannot be read or written: No magic bytes\n"


def test_an_interrupt_is_status_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_wrong_call_says_what_the_stage_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left(monkeypatch, None, ("pot",)) == 2
    assert "takes no arguments, not 1" in capsys.readouterr().err


def test_a_stage_may_take_many_words_of_a_kind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[tuple[str, ...]] = []

    def main(*names: str) -> None:
        taken.append(names)

    for words, status in ((["ir", "kg"], 0), ([], 2)):
        monkeypatch.setattr(sys, "argv", ["stage", *words])
        with pytest.raises(SystemExit) as exit_:
            stage.run(main)
        assert exit_.value.code == status
    assert taken == [("ir", "kg")]
    assert "takes <names> ..., not 0" in capsys.readouterr().err


def test_the_help_of_a_stage_says_what_it_takes_and_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(thought: str, given: str = "", *, shard: str | None = None) -> None:
        """Read the problems."""
        raise AssertionError

    monkeypatch.setattr(sys, "argv", ["stage", "--help"])
    with pytest.raises(SystemExit) as exit_:
        stage.run(main)
    usage = f"usage: python -m {__name__} <thought> [<given>] [--shard ...]"
    assert capsys.readouterr().out == f"{usage}\n\n{__doc__}\n\nRead the problems.\n"
    assert exit_.value.code == 0


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def main() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "argv", ["stage"])
    with pytest.raises(ZeroDivisionError):
        stage.run(main)


def test_workers_of_a_stage_run_what_others_import_and_not_its_main_module(tmp_path: Path) -> None:
    stage_of_its_own = """
        import sys
        from tests.test_workers import WorkerPool, begin, lost
        from thoughtmill.factory.core import stage

        def imported(items):
            return [sys.modules["__mp_main__"].__name__, "own" in sys.modules]

        def main():
            print(*WorkerPool(imported, lost, 1, begin, (0,)).spread([0]))

        if __name__ == "__main__":
            stage.run(main)
    """
    (tmp_path / "own.py").write_text(textwrap.dedent(stage_of_its_own))
    command = [sys.executable, "-m", "own"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert told == "__main__ True\n"  # the file has not run once more, as `__mp_main__`

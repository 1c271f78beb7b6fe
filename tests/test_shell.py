"""`thoughtmill sql` without a query: it asks at a terminal, completes names, and keeps a history."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from tests.small_corpus import THOUGHTS
from tests.waiting import PATIENCE_S
from thoughtmill.factory.commands import shell
from thoughtmill.factory.commands.shell import SqlCompleter
from thoughtmill.factory.core import corpus

ROOT = Path(__file__).parents[1]


class ShellTerminal:
    """A terminal that `thoughtmill sql` runs at."""

    def __init__(self, folder: Path) -> None:
        self.side, other = pty.openpty()
        env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), "TERM": "xterm"}
        env |= {"XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "120", "LINES": "40"}
        command = [sys.executable, "-m", "thoughtmill", "sql"]
        self.process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=other, stdout=other, stderr=other, start_new_session=True
        )
        os.close(other)
        self.seen = ""

    def until(self, text: str) -> None:
        """Read until the terminal shows a text."""
        given_up_s = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            assert time.monotonic() < given_up_s, self.seen
            if select.select([self.side], [], [], 1)[0]:
                shown = os.read(self.side, 65536)
                self.seen += shown.decode("utf-8", "replace")
                if b"\x1b[6n" in shown:
                    os.write(self.side, b"\x1b[1;1R")  # where the cursor is
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self.side, text.encode())


@pytest.fixture
def terminal(built_corpus: Path) -> Iterator[ShellTerminal]:
    folder = built_corpus.parent
    (folder / "params.yaml").write_text("thoughts: [cot, pot]\n")
    (folder / "dvc.yaml").touch()
    opened = ShellTerminal(folder)
    yield opened
    opened.process.kill()
    opened.process.wait()
    os.close(opened.side)


def test_queries_are_answered_errors_are_a_line_and_the_history_is_kept(
    terminal: ShellTerminal, tmp_path: Path
) -> None:
    terminal.until("sql>")
    terminal.type("select 6 * 7 as answer;\r")
    terminal.until("42")
    terminal.type("select nonsense;\r")
    terminal.until("error: Binder Error")
    terminal.type("drop table records;\r")
    terminal.until("a single query that only reads")
    terminal.type("select 41000 + count(*)\rfrom records;\r")
    terminal.until("41006")
    terminal.until("sql>")  # Ctrl-D ends nothing while a query is being answered
    terminal.type("\x04")
    assert terminal.process.wait(PATIENCE_S) == 0
    kept = (tmp_path / "state" / "thoughtmill" / "sql_history").read_text()
    assert "+select 6 * 7 as answer;" in kept


def test_names_of_tables_columns_and_words_complete_with_what_they_are(built_corpus: Path) -> None:
    with corpus.opened(built_corpus, THOUGHTS) as con:
        completer = SqlCompleter(con)
    event = CompleteEvent()

    def offered(text: str) -> dict[str, str]:
        found = completer.get_completions(Document(text), event)
        return {each.text: each.display_meta_text for each in found}

    assert offered("select * from probl")["problem_id"]
    assert offered("from doub") == {"doubtful_golds": offered("from doub")["doubtful_golds"]}
    assert "gold answer to read again" in offered("from doub")["doubtful_golds"]
    assert offered("select predicted_a")["predicted_answer"].startswith("the answer")
    assert "select" in offered("sel")
    assert offered("") == {}


def test_without_a_folder_for_it_the_history_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert isinstance(shell._history(), InMemoryHistory)

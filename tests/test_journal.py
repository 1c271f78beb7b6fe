"""Journals: finished work is read back, torn lines are dropped, nothing is done twice."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from thoughtmill.factory.core import journal
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.journal import fingerprint, journaled


class Doubling:
    """Work that remembers what it was asked, and may break off."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.asked: list[int] = []
        self.breaks_at = breaks_at

    def __call__(self, items: Iterable[int]) -> Iterator[int]:
        for item in items:
            if item == self.breaks_at:
                raise KeyboardInterrupt
            self.asked.append(item)
            yield 2 * item


def run(path: Path, work: Doubling, count: int = 5) -> list[int]:
    return list(
        journaled(path, work, range(count), dump=lambda result: [result], load=lambda noted: noted[0])
    )


def test_results_pass_through_and_the_journal_goes_when_all_is_done(tmp_path: Path) -> None:
    assert run(tmp_path / "deep" / "j", Doubling()) == [0, 2, 4, 6, 8]
    assert not (tmp_path / "deep" / "j").exists()


def test_a_run_that_broke_off_is_taken_up_where_it_was(tmp_path: Path) -> None:
    path, again = tmp_path / "j", Doubling()
    with pytest.raises(KeyboardInterrupt):
        run(path, Doubling(breaks_at=3))
    assert run(path, again) == [0, 2, 4, 6, 8]
    assert again.asked == [3, 4]


@pytest.mark.parametrize("torn", [b"[4", b"[4]", b'{"'])
def test_a_torn_line_is_dropped_and_its_item_done_again(tmp_path: Path, torn: bytes) -> None:
    path, again = tmp_path / "j", Doubling()
    path.write_bytes(b"[0]\n[2]\n" + torn)
    assert run(path, again) == [0, 2, 4, 6, 8]
    assert again.asked == [2, 3, 4]


def test_a_kill_loses_at_most_what_was_not_yet_flushed(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib; from thoughtmill.factory.core.journal import journaled\n"
        "def work(items):\n"
        "    for item in items:\n"
        "        if item == 500: os.kill(os.getpid(), 9)\n"
        "        yield item\n"
        "list(journaled(pathlib.Path(sys.argv[1]), work, range(1000), dump=int, load=int))\n"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "j")], cwd=root, check=False, timeout=600
    )
    assert done.returncode == -9
    again = Doubling()
    found = list(journaled(tmp_path / "j", again, range(1000), dump=int, load=int))
    assert again.asked[0] >= 500 - journal.FLUSH_EVERY
    assert found[: again.asked[0]] == list(range(again.asked[0]))
    assert len(found) == 1000


def test_a_fingerprint_changes_with_contents_and_words(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    first = fingerprint([tmp_path / "a"], "cot")
    assert first == fingerprint([tmp_path / "a"], "cot")
    assert first != fingerprint([tmp_path / "a"], "pot")
    (tmp_path / "a").write_text("two")
    assert first != fingerprint([tmp_path / "a"], "cot")


def test_two_runs_cannot_share_a_journal(tmp_path: Path) -> None:
    first = journaled(tmp_path / "j", Doubling(), range(5), dump=int, load=int)
    assert next(first) == 0
    with pytest.raises(ThoughtmillError, match="another run does the same work"):
        run(tmp_path / "j", Doubling())
    assert list(first) == [2, 4, 6, 8]

"""The line of progress over all shards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from thoughtmill.factory.core import progress_files
from thoughtmill.factory.core.progress_shards import track_shards


def test_the_line_over_all_shards_says_what_they_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def results() -> Iterator[None]:
        progress_files.note(waits_for="a node with CPU 1 free")
        yield None

    list(track_shards(results(), "generate pot, all shards", {"generate pot, shard 1 of 1": 3}))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("generate pot, all shards: 3 of 3, ")
    assert line.endswith("; 1 of 1 shards done, 0 run; waits for a node with CPU 1 free")

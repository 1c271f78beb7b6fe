"""Shards: every row is in one of them, and a part is whole and of one run."""

from pathlib import Path

import pytest

from thoughtmill.factory.core import sharding
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.sharding import Shard, shard


def test_every_text_is_held_by_one_shard_of_about_equal_size() -> None:
    texts = [f"How many are {number}?" for number in range(3000)]
    held = [sum(Shard(index, 3).holds(text) for text in texts) for index in (1, 2, 3)]
    assert sum(held) == 3000
    assert all(900 < count < 1100 for count in held)


@pytest.mark.parametrize("words", ["0/3", "4/3", "2", "a/b", "1/0", "-1/3"])
def test_a_wrong_shard_says_what_to_give(words: str) -> None:
    with pytest.raises(ThoughtmillError, match=f"--shard {words}: give i/N"):
        shard(words)


def written(folder: Path, name: str, origin: str = "same") -> None:
    with sharding.writing(folder / name, origin) as part:
        (part / "rows").write_text(name)


def test_the_parts_of_one_run_are_found_in_their_order(tmp_path: Path) -> None:
    for number in range(11, 0, -1):
        written(tmp_path, f"{number}-of-11")
    found = sharding.parts(tmp_path, "same", "again")
    assert [path.name for path in found] == [f"{number}-of-11" for number in range(1, 12)]


def test_a_missing_part_is_named_with_its_command(tmp_path: Path) -> None:
    written(tmp_path, "1-of-2")
    with pytest.raises(ThoughtmillError, match="2-of-2 is missing: run `again --shard 2/2`"):
        sharding.parts(tmp_path, "same", "again")


def test_a_part_of_other_settings_is_named_with_its_command(tmp_path: Path) -> None:
    written(tmp_path, "1-of-2")
    written(tmp_path, "2-of-2", "other")
    with pytest.raises(ThoughtmillError, match=r"2-of-2 was made from other .* `again --shard 2/2`"):
        sharding.parts(tmp_path, "same", "again")


def test_parts_of_two_counts_are_refused(tmp_path: Path) -> None:
    written(tmp_path, "1-of-2")
    written(tmp_path, "2-of-3")
    with pytest.raises(ThoughtmillError, match="parts of 2 and 3 shards"):
        sharding.parts(tmp_path, "same", "again")


def test_a_part_that_is_killed_half_way_is_no_part(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), sharding.writing(tmp_path / "1-of-1", "same") as part:
        (part / "rows").write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []

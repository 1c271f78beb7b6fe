import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.students.origins import CONFIG, WEIGHTS, Origin, card, commit, origin_of, write_origin

ORIGIN = Origin(
    role="ir", data_version="v" * 64, examples_sha="e" * 64, records=3, base="train/embedded/base",
    base_revision=None,
    base_sha="b" * 64, commit="c" * 40, parameters={"rank": 4, "where": "kept"},
)  # fmt: skip


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    (tmp_path / CONFIG).write_text('{"r": 16}')
    (tmp_path / WEIGHTS).write_bytes(b"weights" * 100)
    write_origin(tmp_path, ORIGIN)
    return tmp_path


def test_an_origin_reads_back_as_it_was_written_with_the_hash_of_the_weights(adapter: Path) -> None:
    found = origin_of(adapter)
    assert replace(found, adapter_sha="") == ORIGIN
    assert len(found.adapter_sha) == 64


@pytest.mark.parametrize(
    ("name", "content"), [(WEIGHTS, b"weights" * 99 + b"weightz"), (CONFIG, b'{"r": 17}'), (CONFIG, b"")]
)
def test_an_adapter_that_changes_by_one_byte_is_refused(adapter: Path, name: str, content: bytes) -> None:
    (adapter / name).write_bytes(content)
    with pytest.raises(ThoughtmillError, match="is truncated or changed: train the role again"):
        origin_of(adapter)


@pytest.mark.parametrize("text", ["{", "[]", '{"role": "ir"}'])
def test_a_corrupt_origin_is_named(adapter: Path, text: str) -> None:
    (adapter / "thoughtmill.json").write_text(text)
    with pytest.raises(ThoughtmillError, match=r"thoughtmill\.json is corrupt: train the role again"):
        origin_of(adapter)


def test_a_card_lists_where_it_comes_from_and_every_parameter(adapter: Path) -> None:
    told = (adapter / "README.md").read_text()
    held = json.loads((adapter / "thoughtmill.json").read_text())
    for name in ("role", "data_version", "examples_sha", "base_sha", "commit", "adapter_sha"):
        assert f"| {name} | {held[name]} |" in told
    assert "| finetune.rank | 4 |" in told
    assert "| finetune.where | kept |" in told


def test_a_condition_of_many_lines_and_bars_stays_in_its_cell() -> None:
    told = card(replace(ORIGIN, parameters={"where": "kept\n  and 'a' || 'b' = 'ab'"}))
    assert "\n| finetune.where | kept and 'a' \\|\\| 'b' = 'ab' |\n" in told


def test_a_card_links_a_base_on_the_hub_and_no_folder() -> None:
    assert "base_model" not in card(ORIGIN)
    assert "\nbase_model: owner/name\n" in card(replace(ORIGIN, base="owner/name", base_revision="r"))


def test_the_commit_is_that_of_the_repository_or_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert commit() == "unknown"
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q"], check=True)
    (tmp_path / "file").write_text("1")
    subprocess.run(["git", "add", "file"], check=True)
    subprocess.run(["git", *author, "commit", "-qm", "one"], check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert commit() == head
    (tmp_path / "file").write_text("2")
    assert commit() == f"{head}-changed"

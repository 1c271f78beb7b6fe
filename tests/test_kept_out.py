"""Benchmarks that are kept out: where they are read, the table, and what is not kept."""

import json
from pathlib import Path

import pytest

from tests.test_curate import curated, problem, record
from tests.test_placing import placements
from tests.test_repeating import TEXT
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.curate import CurateSettings, contamination
from thoughtmill.factory.problems import SourceSettings
from thoughtmill.factory.problems.kept_out import Benchmark, read
from thoughtmill.factory.seed import main as seed
from thoughtmill.schemas import Contamination


def test_benchmarks_are_read_from_their_test_split_whatever_their_answers(tmp_path: Path) -> None:
    rows = [{"question": TEXT, "answer": "no number"}, {"question": "", "answer": "#### 1"}]
    (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    sources = [SourceSettings(set="gsm8k", name="farm", file="test.jsonl")]
    assert list(read(sources, tmp_path)) == [Benchmark("farm", TEXT)]


def test_a_benchmark_that_cannot_be_read_is_named_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"curate\.benchmarks: .*gone\.jsonl is missing"):
        list(read([SourceSettings(set="gsm8k", file="gone.jsonl")], tmp_path))


def test_a_problem_that_repeats_a_benchmark_is_dropped_with_all_that_descends_from_it() -> None:
    problems = [problem("a", "one?"), problem("a+x", "two?", parent_id="a"), problem("b", "three?")]
    placed = placements(problems, CurateSettings(), {"a"})
    assert [placed[name].drop_reason for name in ("a", "a+x", "b")] == ["contaminated", "contaminated", None]
    ((row, _),) = curated([problem("b", "three?")], [record("b", "cot")]).values()
    assert row["kept"]


def test_curate_finds_the_problems_of_train_that_repeat_the_benchmarks_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "data").mkdir()
    lines = [{"question": text, "answer": "#### 1"} for text in (TEXT, "Ann has a pen. How many?")]
    (tmp_path / "ours.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "test.jsonl").write_text(
        json.dumps({"question": TEXT.replace("12", "9"), "answer": "#### 1"})
    )
    ours = [
        {"set": "gsm8k", "name": split, "split": split, "file": "ours.jsonl"} for split in ("train", "test")
    ]
    (tmp_path / "params.yaml").write_text(json.dumps({"thoughts": ["cot"], "seed": {"sources": ours}}))
    monkeypatch.chdir(tmp_path)
    seed()
    benchmark = SourceSettings(set="gsm8k", file="test.jsonl")
    (row,) = contamination(tmp_path / "data", CurateSettings(benchmarks=(benchmark,)))
    assert (row["problem_id"], row["benchmark"], row["how"]) == ("train-train-0", "gsm8k", "masked")
    path = tmp_path / "data" / "contamination.parquet"
    tables.write(path, Contamination, [row])
    assert corpus.files(tmp_path / "data", ())["contamination"]
    tables.write(path, Contamination, [])
    assert not corpus.files(tmp_path / "data", ())["contamination"]

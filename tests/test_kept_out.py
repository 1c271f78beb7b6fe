"""Benchmarks that are kept out: each sign that a problem repeats one, the table, and what is not kept."""

import json
from pathlib import Path

import pytest

from tests.test_curate import curated, problem, record
from tests.test_placing import placements
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.curate import CurateSettings, _write_contamination, contamination
from thoughtmill.factory.problems import SourceSettings
from thoughtmill.factory.problems.kept_out import Benchmark, Finding, KeptOut, KeptOutSettings, read
from thoughtmill.factory.seed import main as seed
from thoughtmill.schemas import Contamination

TEXT = (
    "A farmer keeps hens in 12 coops with 30 hens in each coop, sells 40 of them at the market on Monday and "
    "buys 15 new ones from a neighbor on Friday. How many hens does the farmer have in the end?"
)


def found(text: str, **settings: float) -> Finding | None:
    kept = KeptOut(
        [Benchmark("other", "What is 2 + 2?"), Benchmark("farm", TEXT)], KeptOutSettings(**settings)
    )  # type: ignore[arg-type]  # any of its fields
    return kept.find(text)


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (TEXT.upper().replace(",", ""), "exact"),
        (TEXT.replace("12", "17").replace("40", "55"), "masked"),
        (f"{TEXT} Think well.", "ngram"),
        (TEXT.replace("hens", "ducks").replace("buys", "gets"), "near"),
        (
            "On Friday 15 hens from a neighbor come to a farmer with 12 coops of 30 hens, who took 40 hens "
            "to market on Monday. What is the number of hens?",
            "numbers",
        ),
    ],
)
def test_each_sign_names_the_problem_that_is_repeated(text: str, how: str) -> None:
    finding = found(text)
    assert finding is not None
    assert (finding.benchmark, finding.benchmark_problem, finding.how) == ("farm", TEXT, how)
    assert 0.3 < finding.score <= 1


def test_rephrased_problems_are_found_by_their_numbers_and_others_are_not() -> None:
    path = Path(__file__).parents[1] / "bench" / "rewordings.jsonl"
    pairs = [json.loads(line) for line in path.read_text().splitlines()]
    kept = KeptOut((Benchmark("ours", pair["problem"]) for pair in pairs), KeptOutSettings())
    found = [kept.find(pair["reworded"]) for pair in pairs]
    right = [one and one.benchmark_problem == pair["problem"] for one, pair in zip(found, pairs, strict=True)]
    assert sum(map(bool, right)) >= 0.85 * len(pairs)
    assert all(right[at] for at, one in enumerate(found) if one)


def test_another_problem_and_a_short_one_with_other_numbers_repeat_nothing() -> None:
    assert found("A baker sells 12 loaves for $3 each on Monday. How much money does she take?") is None
    assert found("What is 3 + 5?") is None


def test_the_threshold_decides_what_is_near() -> None:
    text = TEXT.replace("hens", "ducks")
    assert found(text, near=0.3) is not None
    assert found(text, near=0.95, same_numbers=1.0) is None


def test_benchmarks_are_read_from_their_test_split_whatever_their_answers(tmp_path: Path) -> None:
    rows = [{"question": TEXT, "answer": "no number"}, {"question": "", "answer": "#### 1"}]
    (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    sources = [SourceSettings(set="gsm8k", name="farm", file="test.jsonl")]
    assert list(read(sources, tmp_path)) == [Benchmark("farm", TEXT)]


def test_only_problems_of_train_are_listed() -> None:
    kept = KeptOut([Benchmark("farm", TEXT)], KeptOutSettings())
    listed = list(
        contamination([problem("a", TEXT), problem("t", TEXT, "test"), problem("b", "Other?")], kept)
    )
    assert [(row["problem_id"], row["how"], row["score"]) for row in listed] == [("a", "exact", 1.0)]


def test_a_problem_that_repeats_a_benchmark_is_dropped_with_all_that_descends_from_it() -> None:
    problems = [problem("a", "one?"), problem("a+x", "two?", parent_id="a"), problem("b", "three?")]
    placed = placements(problems, CurateSettings(), {"a"})
    assert [placed[name].drop_reason for name in ("a", "a+x", "b")] == ["contaminated", "contaminated", None]
    ((row, _),) = curated([problem("b", "three?")], [record("b", "cot")]).values()
    assert row["kept"]


def test_curate_writes_the_table_from_the_benchmarks_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "data").mkdir()
    lines = [{"question": text, "answer": "#### 1"} for text in (TEXT, "Ann has a pen. How many?")]
    (tmp_path / "ours.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "test.jsonl").write_text(
        json.dumps({"question": TEXT.replace("12", "9"), "answer": "#### 1"})
    )
    ours = {"set": "gsm8k", "name": "ours", "split": "train", "file": "ours.jsonl"}
    (tmp_path / "params.yaml").write_text(json.dumps({"thoughts": ["cot"], "seed": {"sources": [ours]}}))
    monkeypatch.chdir(tmp_path)
    seed()
    benchmark = SourceSettings(set="gsm8k", file="test.jsonl")
    repeats = _write_contamination(tmp_path / "data", CurateSettings(benchmarks=(benchmark,)))
    assert repeats == {"ours-train-0"}
    (row,) = tables.TableReader(tmp_path / "data" / "contamination.parquet", Contamination)
    assert (row["benchmark"], row["how"]) == ("gsm8k", "masked")
    assert corpus.files(tmp_path / "data", ())["contamination"]
    assert _write_contamination(tmp_path / "data", CurateSettings()) == set()
    assert not corpus.files(tmp_path / "data", ())["contamination"]

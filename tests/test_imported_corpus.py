"""A corpus that others made, from its file to a proved release: what holds up, which golds are doubtful."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import stages
from thoughtmill.factory import curate, grow, release, seed, tabulate
from thoughtmill.factory.commands.prove import prove
from thoughtmill.factory.commands.summary import summary
from thoughtmill.factory.core import corpus
from thoughtmill.factory.thoughts.solving import VerifySettings


def built(folder: Path, sources: list[dict[str, Any]], **more: Any) -> Path:
    """Run every stage up to the release over sources whose rows hold completions; return the data folder."""
    params = {
        "thoughts": ["knowledge", "cot"],
        "seed": {"sources": sources, "refused": "keep"},
        "generate": {"teacher": "replay", "replay": {"sources": "seed"}},
        "verify": {"workers": 1},
        "curate": {"redraw": False, **more},
    }
    stages.lay_out(folder, params)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        seed.main()
        stages.generate_and_verify()
        for stage in (grow, curate, tabulate, release):
            stage.main()
    return folder / "data"


def asked(data: Path, query: str) -> list[tuple[Any, ...]]:
    with corpus.opened(data, ("knowledge", "cot")) as con:
        return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def lorid(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LoRID's own sample, with the first problem of GSM8K train, which it holds, as a benchmark."""
    folder = tmp_path_factory.mktemp("lorid")
    sources = [
        {"set": "lorid", "name": f"lorid_{name}", "file": str(shared_data / "lorid" / f"{name}_train.jsonl")}
        for name in ("gsm8k", "math")
    ]
    with (shared_data / "gsm8k" / "train.jsonl").open() as file:
        (folder / "kept_out.jsonl").write_text(file.readline())
    benchmark = {"set": "gsm8k", "name": "mine", "split": "test", "file": "kept_out.jsonl"}
    return built(folder, sources, benchmarks=[benchmark])


def test_rows_are_problems_or_samples_and_the_table_of_sources_counts_them(lorid: Path) -> None:
    counted = asked(lorid, "select source, rows, samples, refused, license from sources order by source")
    problems = dict(asked(lorid, "select source, count(*) from problems group by source"))
    assert [(source, license) for source, *_, license in counted] == [
        ("lorid_gsm8k", "Apache-2.0"),
        ("lorid_math", "Apache-2.0"),
    ]
    for source, rows, samples, refused, _ in counted:
        assert (rows, problems[source] + samples + refused) == (100, 100)
        assert samples > 0


def test_chain_and_knowledge_of_a_row_are_verified_and_nothing_is_claimed_to_be_asked(lorid: Path) -> None:
    query = "select thought, model, count(*) from completions where failure is null group by all order by all"
    (cot, cot_model, chains), (rules, rules_model, _) = asked(lorid, query)
    assert (cot, cot_model, rules, rules_model) == ("cot", "gpt-3.5-turbo", "knowledge", "gpt-4o")
    assert chains == sum(row[0] for row in asked(lorid, "select rows - refused from sources"))
    assert asked(lorid, "select count(distinct prompt_sha), count(cost_usd) from completions") == [(1, 0)]
    verified = "select avg(verified::int) from records join verdicts using (record_id) where thought = 'cot'"
    assert asked(lorid, verified)[0][0] > 0.95


def test_a_benchmark_is_kept_out_with_all_that_was_made_from_it(lorid: Path) -> None:
    found = asked(lorid, "select problem_id, how from contamination")
    assert ("lorid_gsm8k-train-0", "exact") in found
    kept = (
        "select count(*) from records join problems using (problem_id) where kept and problem like 'Natalia%'"
    )
    assert asked(lorid, kept) == [(0,)]


def test_the_summary_says_what_is_dropped_and_why(lorid: Path) -> None:
    with corpus.opened(lorid, ("knowledge", "cot")) as con:
        said = summary(con, lorid)
    (dropped,) = [line for line in said.splitlines() if line.startswith("dropped: ")]
    assert dropped.endswith("20 contaminated")


def test_the_release_of_an_imported_corpus_is_proved(lorid: Path) -> None:
    assert "derived again" in prove(lorid / "release", VerifySettings(workers=1))


ROWS = [
    ("Ann has 4 pens and buys 3. How many has she?", "7", "4 + 3 = 7.\n#### 7"),
    ("Ann has 4 pens and buys 3. How many has she?", "8", "4 + 3 = 8.\n#### 8"),
    ("Bo reads 5 pages and then 6. How many pages?", "12", "5 + 6 = 11.\n#### 11"),
    ("Bo reads 5 pages and then 6. How many pages?", "12", "First 5, then 6: 11.\n#### 11"),
    ("Cy packs 3 bags of 9 nuts. How many nuts?", "28", "3 * 9 = 28.\n#### 28"),
    ("Di has 8 cats and gives 2 away. How many stay?", "6", "8 - 2 = 6.\n#### 6"),
    ("Di has 8 cats and gives 2 away. How many stay?", "6", "8 - 2 = 6, so 6.\n#### 6"),
]


def test_doubtful_golds_are_listed_with_the_reason(tmp_path: Path) -> None:
    """Another row contradicts it, two samples agree on another answer, or its only chain has a wrong step."""
    lines = [{"q": problem, "gold": gold, "say": chain, "rules": ["Add."]} for problem, gold, chain in ROWS]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    columns = {"problem": "q", "answer": "gold", "cot": "say", "knowledge": "rules"}
    data = built(tmp_path, [{"set": "table", "name": "m", "file": "rows.jsonl", "columns": columns}])
    query = "select problem_id, reason, other_answer from doubtful_golds order by problem_id"
    assert asked(data, query) == [
        ("m-train-0", "contradicted", "8"),
        ("m-train-1", "contradicted", "7"),
        ("m-train-2", "outvoted", "11"),
        ("m-train-4", "miscalculated", None),
    ]
    samples = asked(data, "select count(*) from records where thought = 'cot' and problem_id = 'm-train-5'")
    assert samples == [(2,)]

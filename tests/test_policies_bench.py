"""`bench.policies`: policies beside plain votes at equal tokens, on stored samples."""

from pathlib import Path

import pandas as pd
import pytest

from bench.policies import Run, comparisons, main, scores, table
from tests.tabled import predictions
from tests.tabled import table as samples
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.schemas import Predictions

GOLD = {f"{kind}{at}": Answer("7") for kind in ("held", "test") for at in range(60)}
SETS = {name: "validation" if name.startswith("held") else "sums, test" for name in GOLD}


def run() -> Run:
    """Return samples of students: IR is right about every second problem, equations are always."""
    found: Run = {}
    for at, name in enumerate(GOLD):
        alone = "7" if at % 2 else "9"
        found |= samples({"ir": [alone] * 4, "pot": ["8", "7"], "cot": [alone, "9"], "eot": ["7"] * 4}, name)
    return found


def test_a_policy_that_beats_the_votes_of_equal_tokens_shows_and_others_do_not() -> None:
    rows = comparisons(scores([run()], GOLD, SETS))
    by_ir = {row.policy: row for row in rows if row.role == "ir"}
    assert {row.test_set for row in rows} == {"sums, test"}
    assert by_ir["verifier@1"].score.accuracy == 1
    assert by_ir["verifier@1"].votes.accuracy == 0.5
    assert by_ir["verifier@1"].votes.mean_new_tokens == by_ir["verifier@1"].score.mean_new_tokens == 30
    assert {row.role for row in rows if row.policy == "verifier@1"} == {"ir", "eot"}
    shown = table(rows)
    lines = [line for line in shown.splitlines() if "`verifier@1`" in line]
    assert ["**yes**" in line for line in lines] == [True, False]
    assert f"{len(rows)} comparisons" in shown


def test_without_validation_samples_there_is_no_verifier_and_the_dearest_policy_is_compared() -> None:
    alone = {key: sample for key, sample in run().items() if key[0].startswith("test")}
    names = {row.policy for row in comparisons(scores([alone], GOLD, SETS))}
    assert names == {"thoughts@1", "prove@2", "adaptive@4/ir"}


def test_the_samples_of_a_run_may_lie_in_several_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = predictions(run(), "x-1")
    for at in range(2):
        of_half = [row for row in rows if int(row["problem_id"][4:]) % 2 == at]
        tables.write(tmp_path / "predictions" / f"tiny-1-{at}.parquet", Predictions, of_half)
    problems = [
        {"problem_id": name, "answer": "7", "answer_kind": "number", "source": "sums"}
        | {"split": SETS[name].split(", ")[-1]}
        for name in GOLD
    ]
    pd.DataFrame(problems).to_parquet(tmp_path / "problems.parquet")
    other = samples({"ir": ["7"], "kg": [None], "dr": ["7"]}, "test1") | samples({"ir": ["7"]}, "held1")
    lorid = [row | {"base": "mixed"} for row in predictions(other, "x-1")]
    tables.write(tmp_path / "predictions" / "mixed.parquet", Predictions, lorid)
    main(str(tmp_path))
    mixed, own = capsys.readouterr().out.split("tiny\n\n")
    assert own == f"{table(comparisons(scores([run()], GOLD, SETS)))}\n\n"
    assert mixed == "mixed: no stored votes cost as much as a policy\n\n"


def test_small_test_sets_are_compared_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables.write(tmp_path / "predictions" / "tiny.parquet", Predictions, predictions(run(), "x-1"))
    problems = [
        {"problem_id": name, "answer": "7", "answer_kind": "number", "source": f"sums{name[-1]}"}
        | {"split": SETS[name].split(", ")[-1]}
        for name in GOLD
    ]
    pd.DataFrame(problems).to_parquet(tmp_path / "problems.parquet")
    main(str(tmp_path), sets="together")
    told = capsys.readouterr().out
    sets = {name: "validation" if name.startswith("held") else "all sets" for name in GOLD}
    assert told == f"tiny\n\n{table(comparisons(scores([run()], GOLD, sets)))}\n\n"
    with pytest.raises(ThoughtmillError, match="--sets all: test sets are compared `apart` or `together`"):
        main(str(tmp_path), sets="all")


def test_a_folder_without_problems_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"data/problems\.parquet is missing: give a project"):
        main(str(tmp_path))

"""Stage `grow`: budgets, families, verified completions, inherited knowledge, and nothing unasked."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import stages
from thoughtmill.factory import curate, grow, report, seed, tabulate
from thoughtmill.factory.core import corpus, params, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.families import heirs_of, roots_of
from thoughtmill.schemas import Completions, Growths, Problems, Records

ROOT = Path(__file__).parents[1]
SETUP: dict[str, Any] = {
    "thoughts": ["knowledge", "cot", "pot", "eot"],
    "seed": {"sources": [{"set": "gsm8k", "name": "ours", "file": "ours.jsonl", "split": "train"}]},
    "generate": {"teacher": "embedded", "embedded": {"error_rate": 0.0}, "inherit": ["knowledge"]},
    "verify": {"workers": 1},
    "grow": {"redraw": 2},
}
SOLUTION = """The pens cost 12*3=$<<12*3=36>>36.
The pads cost 5*7=$<<5*7=35>>35.
In all he pays 36+35=$<<36+35=71>>71.
#### 71"""
ROWS = [
    {
        "question": "Mo buys 12 pens for $3 each and 5 pads for $7 each. How much does he pay?",
        "answer": SOLUTION,
    },
    {"question": "Ida reads one page a day. How many pages does she read in one day?", "answer": "#### 1"},
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of two problems, verified and not yet grown."""
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "exemplars.jsonl", tmp_path / "data")
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "ours.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    write_params(tmp_path)
    monkeypatch.chdir(tmp_path)
    seed.main()
    stages.generate_and_verify()
    return tmp_path


def write_params(folder: Path, **changed: Any) -> None:
    (folder / "params.yaml").write_text(yaml.safe_dump(SETUP | changed))


def rows(project: Path, name: str, table: Any) -> list[tables.Row]:
    return list(tables.TableReader(project / "data" / f"{name}.parquet", table))


def test_children_name_their_parent_and_their_completions_are_verified(project: Path) -> None:
    grow.main()
    children = rows(project, "grown/problems", Problems)
    assert [row["problem_id"] for row in children] == ["ours-train-0+redraw-0", "ours-train-0+redraw-1"]
    assert {(row["parent_id"], row["growth"]) for row in children} == {("ours-train-0", "redraw")}
    records = rows(project, "grown/records", Records)
    assert {row["thought"] for row in records} == {"knowledge", "cot", "pot", "eot"}
    assert {row["correct"] for row in records if row["thought"] != "knowledge"} == {True}
    answers = {row["problem_id"]: row["answer"] for row in children}
    assert {row["predicted_answer"] == answers[row["problem_id"]] for row in records if row["correct"]} == {
        True
    }


def test_an_attempt_without_a_child_says_why(project: Path) -> None:
    grow.main()
    found = {row["parent_id"]: row["reason"] for row in rows(project, "grown/growths", Growths)}
    assert found == {"ours-train-0": None, "ours-train-1": "it has no verified program"}


def test_a_child_inherits_the_knowledge_that_was_asked_for_its_parent(project: Path) -> None:
    grow.main()
    asked = {row["problem_id"]: row for row in rows(project, "completions/knowledge", Completions)}
    inherited = [
        row for row in rows(project, "grown/completions", Completions) if row["teacher"] == "inherited"
    ]
    assert [row["problem_id"] for row in inherited] == ["ours-train-0+redraw-0", "ours-train-0+redraw-1"]
    assert {row["completion"] for row in inherited} == {asked["ours-train-0"]["completion"]}
    assert {row["cost_usd"] for row in inherited} == {0.0}


def test_growing_again_gives_the_same_bytes_and_another_seed_other_numbers(project: Path) -> None:
    grow.main()
    first = (project / "data" / "grown" / "problems.parquet").read_bytes()
    grow.main()
    assert (project / "data" / "grown" / "problems.parquet").read_bytes() == first
    write_params(project, grow={"redraw": 2, "seed": 2})
    grow.main()
    assert (project / "data" / "grown" / "problems.parquet").read_bytes() != first


def test_without_a_budget_nothing_is_grown_and_the_corpus_is_the_same(project: Path) -> None:
    write_params(project, grow={}, generate=SETUP["generate"] | {"inherit": []})
    grow.main()
    assert rows(project, "grown/records", Records) == []
    assert {path.stem for path in (project / "data" / "grown").iterdir()} == {"records", "checks"}
    curate.main()
    assert {row["problem_id"] for row in rows(project, "records", Records)} == {
        "ours-train-0",
        "ours-train-1",
    }


def test_grown_problems_are_in_the_corpus_with_their_families_and_in_the_report(project: Path) -> None:
    grow.main()
    curate.main()
    tabulate.main()
    con = corpus.opened(project / "data", params.thoughts())
    assert con.execute("select root_id, problems, growths from families order by root_id").fetchall() == [
        ("ours-train-0", 3, "redraw"), ("ours-train-1", 1, None),
    ]  # fmt: skip
    kept = "select count(*) from records where kept and problem_id like '%+redraw-%'"
    assert con.execute(kept).fetchone() == (8,)
    assert con.execute("select outcome, attempts from growth_yield order by outcome").fetchall() == [
        ("it has no verified program", 1), ("made", 2),
    ]  # fmt: skip
    shown = dict(
        con.execute("select thought, verified_share from growth_records where growth = 'redraw'").fetchall()
    )
    assert shown == {"cot": 1.0, "eot": 1.0, "pot": 1.0}
    con.close()
    report.main()
    assert "Records of growths" in (project / "data" / "report" / "index.html").read_text("utf-8")


def test_an_unknown_growth_is_named_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dvc.yaml").touch()
    write_params(tmp_path, grow={"redrew": 2})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ThoughtmillError, match="`redrew` is an unknown growth; did you mean `redraw`"):
        params.section("grow", grow.GrowSettings)
    write_params(tmp_path, grow={"redraw": "many"})
    with pytest.raises(ThoughtmillError, match="`redraw`: give the most children of a problem"):
        params.section("grow", grow.GrowSettings)


def test_knowledge_is_asked_once_for_a_family_that_came_with_its_parents() -> None:
    problems = [
        {"problem_id": name, "parent_id": parent}
        for name, parent in (("a", None), ("a+x", "a"), ("c", "gone"), ("d", "gone"), ("e", None))
    ]
    assert heirs_of(problems) == {"a+x": "a", "d": "c"}


def test_the_root_of_a_problem_is_its_first_ancestor() -> None:
    assert roots_of({"c": "b", "b": "a"}) == {"c": "a", "b": "a"}


def test_thousands_of_problems_that_are_made_from_each_other_in_a_circle_have_the_least_as_root() -> None:
    names = [f"p{number:05}" for number in range(20_000)]
    circle = dict(zip(names, [*names[1:], names[0]], strict=True))
    found = roots_of({"before": names[7], **circle})
    assert set(found.values()) == {"p00000"} and len(found) == 20_001

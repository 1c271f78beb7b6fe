"""MATH and AQuA from `seed` to `report`, without a key: their worked solutions are chains."""

import json
import shutil
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from thoughtmill.factory.core import corpus
from thoughtmill.factory.generate import main as generate
from thoughtmill.factory.verify import main as verify

ROOT = Path(__file__).parents[1]
STAGES = ("grow", "curate", "tabulate", "release", "report")


@pytest.fixture
def project(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of chains for every eightieth problem of MATH and the first of AQuA."""
    lines = (shared_data / "math" / "test.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "math.jsonl").write_text("\n".join(lines[::80]), "utf-8")
    given = {
        "thoughts": ["cot"],
        "seed": {
            "sources": [
                {"set": "math", "split": "test", "file": "math.jsonl"},
                {
                    "set": "aqua",
                    "split": "test",
                    "file": str(shared_data / "aqua" / "test.jsonl"),
                    "limit": 20,
                },
            ]
        },
        "generate": {"embedded": {"error_rate": 0.3}},
        "verify": {"workers": 1},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(given))
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "exemplars.jsonl", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    import_module("thoughtmill.factory.seed").main()
    generate("cot")
    verify("cot")
    for stage in STAGES:
        import_module(f"thoughtmill.factory.{stage}").main()
    return tmp_path


def test_math_and_aqua_become_a_corpus_without_a_key(project: Path) -> None:
    with corpus.here() as con:
        problems, kinds, subjects = con.execute(
            "select count(*), count(distinct answer_kind), count(distinct subject) from problems"
        ).fetchall()[0]
        assert (problems, subjects) == (83, 7)
        assert kinds >= 5
        assert con.execute("from refused").fetchall() == []
        outcomes = dict(
            con.execute(
                "select coalesce(failure, correct::text), count(*) from records group by 1"
            ).fetchall()
        )
        wrong = con.execute(
            "select c.completion, p.solution from records r join completions c using (completion_id) "
            "join problems p on p.problem_id = r.problem_id where r.correct is distinct from true"
        ).fetchall()
    assert sum(outcomes.values()) == 83
    assert 0.6 < outcomes["true"] / 83 < 0.9
    assert not [completion for completion, solution in wrong if completion == solution]
    assert {"false", "no_answer", "truncated"} <= set(outcomes)
    assert (project / "data" / "report" / "index.html").stat().st_size > 10_000
    rows = json.loads((project / "data" / "manifest.json").read_text())["files"]["problems.parquet"]["rows"]
    assert rows == 83

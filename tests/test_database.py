"""The database file: the results of students come beside the corpus, and a failure leaves the old file."""

from pathlib import Path

import pytest

from tests.small_corpus import THOUGHTS
from thoughtmill.factory.core import connections, corpus, tables
from thoughtmill.factory.core.database import add_runs, build
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.schemas import PolicyResults, Predictions

RUN = {"run": "r", "base": "tiny", "training_seed": 0, "data_version": "v"}
PREDICTION = {
    **RUN, "problem_id": "ours-test-0", "role": "cot", "round": 0, "sample": 0, "text": "#### 18",
    "predicted_answer": "18", "predicted_kind": "number", "failure": None, "correct": True, "new_tokens": 4,
}  # fmt: skip
RESULT = {
    **RUN, "test_set": "ours test", "policy": "greedy/cot", "problems": 1, "accuracy": 1.0, "low": 0.2,
    "high": 1.0, "resolved": 1.0, "accuracy_resolved": 1.0, "mean_rounds": 1.0, "mean_new_tokens": 4.0,
}  # fmt: skip
JOINED = (
    "select policy, p.correct, r.correct from predictions p join records r using (problem_id)"
    " join policy_results using (run) where thought = 'cot'"
)


def asked(data: Path) -> list[tuple[object, ...]]:
    with corpus.opened(data, THOUGHTS) as con:
        return con.execute(JOINED).fetchall()


def write(data: Path) -> None:
    tables.write(data / "predictions" / "tiny.parquet", Predictions, [PREDICTION])
    tables.write(data / "policy_results.parquet", PolicyResults, [RESULT])


def test_results_of_students_join_the_corpus_and_a_later_run_replaces_them(built_corpus: Path) -> None:
    assert asked(built_corpus) == []
    for _ in range(2):
        write(built_corpus)
        add_runs(built_corpus)
        assert asked(built_corpus) == [("greedy/cot", True, True)]


def test_they_are_there_without_a_database_too(built_corpus: Path) -> None:
    (built_corpus / "corpus.duckdb").unlink()
    write(built_corpus)
    add_runs(built_corpus)
    assert asked(built_corpus) == [("greedy/cot", True, True)]


def test_a_failure_leaves_the_old_file(built_corpus: Path) -> None:
    before = (built_corpus / "corpus.duckdb").read_bytes()
    (built_corpus / "policy_results.parquet").write_bytes(b"torn")
    with pytest.raises(ThoughtmillError, match="policy_results"):
        add_runs(built_corpus)
    assert (built_corpus / "corpus.duckdb").read_bytes() == before


def test_a_large_corpus_has_the_same_rows_without_keys(
    built_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for most in (corpus.MOST_KEYED, 1):
        monkeypatch.setattr(corpus, "MOST_KEYED", most)
        build(built_corpus, THOUGHTS, tmp_path / f"{most}.duckdb", "v")
        with connections.connect(tmp_path / f"{most}.duckdb", read_only=True) as con:
            keys = con.execute(
                "select count(*) from duckdb_constraints() where constraint_type <> 'NOT NULL'"
                " and table_name <> 'meta'"
            ).fetchall()
            found.append((keys[0][0], con.execute("from records order by record_id").fetchall()))
    (some, rows), (none, same) = found
    assert some > 0 == none
    assert rows == same

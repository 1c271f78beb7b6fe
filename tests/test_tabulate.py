"""Stage `tabulate`: tables, comments and views in DuckDB, and the manifest of the data version."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.small_corpus import THOUGHTS
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.tabulate import tabulate
from thoughtmill.schemas import TABLES, Problems, columns, grain

VIEWS = {"agreement", "yield", "cost", "pairs", "lineage", "doubtful_golds", "contradictory_golds"}


@pytest.fixture
def built(built_corpus: Path) -> Path:
    return built_corpus


def asked(data: Path, query: str) -> list[tuple[object, ...]]:
    with corpus.opened(data, THOUGHTS) as con:
        return con.execute(query).fetchall()


def test_every_table_is_there_with_all_its_rows(built: Path) -> None:
    for name, paths in corpus.files(built, THOUGHTS).items():
        rows = sum(len(tables.TableReader(path, TABLES[name])) for path in paths)
        assert asked(built, f"select count(*) from {name}") == [(rows,)]
        assert rows > 0 or not paths


def test_every_view_answers(built: Path) -> None:
    kept = "select table_name from duckdb_tables()"
    known = asked(built, f"select view_name from duckdb_views() where not internal union all {kept}")
    assert {name for (name,) in known} >= VIEWS
    for view in VIEWS:
        asked(built, f'select * from "{view}" limit 1')


def test_every_table_and_column_carries_its_description(built: Path) -> None:
    said = dict(asked(built, "select table_name, comment from duckdb_tables()"))
    described = {
        (table, column): comment
        for table, column, comment in asked(
            built, "select table_name, column_name, comment from duckdb_columns()"
        )
    }
    for name, table in TABLES.items():
        assert said[name] == grain(table)
        for column in columns(table):
            assert described[name, column.name] == column.description


def test_agreement_says_how_many_thoughts_agree_and_on_what(built: Path) -> None:
    query = "select problem_id, answers, agreeing, agreed_answer, agreed_correct from agreement order by all"
    assert asked(built, query) == [
        ("ours-test-0", 1, 1, "18", True),
        ("ours-train-0", 2, 2, "12", True),
        ("ours-train-1", 2, 2, "9", False),
    ]


def test_a_wrong_gold_answer_is_doubtful_where_all_thoughts_agree_on_another(built: Path) -> None:
    assert asked(built, "select problem_id, reason, detail from doubtful_golds") == [
        ("ours-train-1", "unanimous", "all thoughts agree on 9")
    ]


def test_an_answer_of_records_that_fail_checks_outvotes_the_gold_answer_but_is_not_unanimous(
    small_corpus: Path,
) -> None:
    path = small_corpus / "checks.parquet"
    rows = list(tables.TableReader(path, TABLES["checks"]))
    for passed, reason in ((False, "outvoted"), (True, "unanimous")):
        more = {"record_id": "ours-train-1/cot/0", "check": "steps", "passed": passed, "detail": None}
        tables.write(path, TABLES["checks"], [*rows, more])
        tabulate(small_corpus, THOUGHTS, small_corpus / "corpus.duckdb")
        assert asked(small_corpus, "select problem_id, reason from doubtful_golds") == [
            ("ours-train-1", reason)
        ]


def test_equal_texts_with_different_gold_answers_are_told(small_corpus: Path) -> None:
    path = small_corpus / "problems.parquet"
    rows = list(tables.TableReader(path, Problems))
    (pen,) = (row for row in rows if row["answer"] == "18")
    copies = [
        pen
        | {"problem_id": f"z-{answer}", "problem": f" {pen['problem']}".replace(" ", "  "), "answer": answer}
        for answer in ("18", "81")
    ]
    tables.write(path, Problems, [*rows, *copies])
    tabulate(small_corpus, THOUGHTS, small_corpus / "corpus.duckdb")
    query = "select problem, problem_ids, answers from contradictory_golds"
    assert asked(small_corpus, query) == [
        (pen["problem"], [pen["problem_id"], "z-18", "z-81"], ["18", "18", "81"])
    ]


def test_the_yield_counts_every_record_once(built: Path) -> None:
    assert asked(built, 'select thought, outcome, records, kept from "yield" order by all') == [
        ("cot", "correct", 2, 1),
        ("cot", "incorrect", 1, 0),
        ("pot", "correct", 1, 1),
        ("pot", "incorrect", 1, 0),
        ("pot", "unparsable", 1, 0),
    ]


def test_cost_is_told_per_thought_prompt_and_verified_record(built: Path) -> None:
    query = "select thought, completions, cost_usd, cost_per_verified_record_usd from cost order by all"
    assert asked(built, query) == [("cot", 3, 0.75, 0.375), ("pot", 3, 0.75, 0.75)]


def test_lineage_leads_from_the_record_to_prompt_and_model(built: Path) -> None:
    query = (
        "select problem_id, model, prompt_sha, completion from lineage where record_id = 'ours-test-0/pot/0'"
    )
    assert asked(built, query) == [("ours-test-0", "handwritten", "1" * 64, "I would rather not.")]


def test_the_corpus_answers_from_parquet_when_its_file_is_gone_or_stale(built: Path) -> None:
    before = asked(built, 'select * from "yield" order by all')
    (built / "corpus.duckdb").unlink()
    assert asked(built, 'select * from "yield" order by all') == before
    with duckdb.connect(str(built / "corpus.duckdb")) as con:
        con.execute("create table meta as select 'data_version' as key, 'of yesterday' as value")
    assert asked(built, 'select * from "yield" order by all') == before


def test_the_data_version_changes_with_the_data_and_only_with_it(built: Path) -> None:
    first = json.loads((built / "manifest.json").read_text())
    assert first == corpus.manifest(built, THOUGHTS)
    path = built / "problems.parquet"
    rows = list(tables.TableReader(path, Problems))
    tables.write(path, Problems, [*rows[:-1], {**rows[-1], "answer": "13"}])
    assert corpus.manifest(built, THOUGHTS)["data_version"] != first["data_version"]
    tables.write(path, Problems, rows)
    assert corpus.manifest(built, THOUGHTS) == first


def test_a_failed_build_keeps_the_old_file(built: Path) -> None:
    before = (built / "corpus.duckdb").read_bytes()
    (built / "records.parquet").unlink()
    with pytest.raises(ThoughtmillError, match=r"records\.parquet is missing"):
        tabulate(built, THOUGHTS, built / "corpus.duckdb")
    assert (built / "corpus.duckdb").read_bytes() == before
    assert not list(built.glob(".*.part"))


def test_one_number_in_two_dresses_is_one_answer_and_a_tie_is_no_agreement(small_corpus: Path) -> None:
    path = small_corpus / "records.parquet"
    rows = list(tables.TableReader(path, TABLES["records"]))
    rows[2]["predicted_answer"], rows[3]["predicted_answer"] = "11/3", "3.6666666666666665"
    rows[4]["predicted_answer"], rows[5]["predicted_answer"] = "9", "10"
    tables.write(path, TABLES["records"], rows)
    tabulate(small_corpus, THOUGHTS, small_corpus / "corpus.duckdb")
    query = "select problem_id, answers, agreeing, agreed_answer from agreement order by all"
    found = {row[0]: row[1:] for row in asked(small_corpus, query)}
    assert found[rows[2]["problem_id"]] == (2, 2, "11/3")
    assert found[rows[4]["problem_id"]] == (2, 1, None)


def test_a_broken_database_is_as_good_as_none(built: Path) -> None:
    before = asked(built, "select count(*) from records")
    (built / "corpus.duckdb").write_bytes(b"broken")
    assert asked(built, "select count(*) from records") == before


def test_while_tabulate_runs_the_last_database_answers(built: Path) -> None:
    (built / "manifest.json").unlink()
    assert asked(built, "select count(*) from records") == [(6,)]


def test_pairs_are_of_one_problem_whatever_the_thought(built: Path) -> None:
    assert asked(built, "select count(*) from pairs") == [(0,)]


def test_before_the_first_build_the_error_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="dvc repro"):
        corpus.opened(tmp_path, THOUGHTS)


def test_difficulty_is_the_share_of_right_samples(built: Path) -> None:
    query = (
        "select problem_id, thought, samples, right_share from difficulty where thought = 'cot' order by all"
    )
    assert asked(built, query) == [
        ("ours-test-0", "cot", 1, 1.0), ("ours-train-0", "cot", 1, 1.0), ("ours-train-1", "cot", 1, 0.0),
    ]  # fmt: skip

"""docs/cookbook.md shows what its queries give on a corpus that the stages build."""

import pytest

from tests import cookbook
from thoughtmill.factory.thoughts.prompts import load


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> cookbook.Versions:
    return cookbook.opened(cookbook.built(tmp_path_factory.mktemp("cookbook")))


def test_there_are_more_than_thirty_questions_and_each_has_an_answer() -> None:
    found = cookbook.recipes()
    assert len(found) > 30
    assert len({recipe.question for recipe in found}) == len(found)
    assert [recipe.question for recipe in found if recipe.output.count("\n") < 2] == []
    assert cookbook.PAGE.read_text("utf-8").count("```sql") == len(found)


@pytest.mark.parametrize("recipe", cookbook.recipes(), ids=lambda recipe: recipe.question)
def test_the_page_shows_what_the_query_gives(versions: cookbook.Versions, recipe: cookbook.Recipe) -> None:
    assert versions.answer(recipe.query) == recipe.output, "python -m tests.cookbook"


def test_views_that_are_kept_as_tables_have_the_same_rows(versions: cookbook.Versions) -> None:
    for view in ("verdicts", "answered", "agreement", "check_weights", "scores", "doubtful_golds"):
        query = f"from {view} order by all"
        assert versions.database.execute(query).fetchall() == versions.both.execute(query).fetchall()


def test_keys_are_declared_and_hold(versions: cookbook.Versions) -> None:
    query = "select table_name, constraint_column_names, referenced_table from duckdb_constraints()"
    declared = versions.database.execute(f"{query} where constraint_type = 'FOREIGN KEY'").fetchall()
    assert ("records", ["completion_id"], "completions") in declared
    assert len(declared) > 8


def test_all_messages_of_a_completion_are_those_that_generate_sends(versions: cookbook.Versions) -> None:
    rows = versions.database.execute(
        "select thought, problem, solution, messages from chats join completions using (completion_id)"
        " join problems using (problem_id)"
    ).fetchall()
    exemplars = cookbook.PAGE.parents[1] / "data" / "exemplars.jsonl"
    prompts = {thought: load(thought, exemplars) for thought in ("knowledge", "cot", "pot", "eot")}
    assert len(rows) == 448
    for thought, problem, solution, messages in rows:
        assert messages == [*prompts[thought].messages({"problem": problem, "solution": solution})]

"""The section `answers`: kinds and sizes of gold answers."""

import duckdb
import pytest

from tests.reader import Table, tables_of
from thoughtmill.factory.pages.magnitudes import NUMBERS, SIZES, magnitudes


def sizes(*answers: str) -> dict[str, int]:
    """Return the sizes of some answers that occur."""
    return {row[0]: int(row[2]) for row in _tables(answers)[1].rows if row[2] != "0"}


def kinds(*answers: str) -> dict[str, int]:
    return {row[0]: int(row[2]) for row in _tables(answers)[0].rows}


def _tables(answers: tuple[str, ...]) -> list[Table]:
    con = duckdb.connect()
    con.execute("create table problems (answer varchar, answer_kind varchar)")
    con.execute("insert into problems select unnest($1), 'number'", [list(answers)])
    con.execute("insert into problems values ('x/2', 'expression'), ('A', 'choice'), ('-x', 'expression')")
    return tables_of(magnitudes(con).body)


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        ("0", "0"),
        ("0.5", "less than 1"),
        ("1/3", "less than 1"),
        ("1", "1 to 10"),
        ("9.99", "1 to 10"),
        ("-10", "10 to 100"),
        ("7/3", "1 to 10"),
        ("1000", "1,000 to 10,000"),
        ("999999", "10,000 to 1,000,000"),
        ("1000000", "1,000,000 and more"),
        ("9" * 900, "1,000,000 and more"),
    ],
)
def test_an_answer_has_one_size(answer: str, size: str) -> None:
    assert sizes(answer) == {size: 1}


def test_every_answer_has_one_kind_and_may_be_negative_too() -> None:
    found = kinds("3", "-3", "0.5", "-0.25", "1/3", "-7/3")
    numbers = {"integer": 2, "decimal": 2, "fraction": 2, "negative": 3}
    assert found == numbers | {"expression": 2, "choice": 1}


def test_the_sizes_leave_no_gap() -> None:
    bounds = list(SIZES.values())
    assert [high for _, high in bounds[:-1]] == [low for low, _ in bounds[1:]]
    assert list(NUMBERS)[-1] == "negative"


def test_a_corpus_without_problems_has_empty_tables() -> None:
    assert sizes() == {}
    assert {kinds()[name] for name in NUMBERS} == {0}

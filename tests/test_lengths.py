"""The section `lengths`: words of problems, lines and characters of rationales."""

import re

import duckdb
import pytest

from tests import jugs
from thoughtmill.factory.pages.lengths import BINS, MIN_BINS, bin_width, lengths


def with_texts(problems: list[str], rationales: list[str | None]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create table problems (problem varchar)")
    con.execute("create table records (thought varchar, rationale varchar)")
    con.executemany("insert into problems values (?)", [[text] for text in problems])
    con.executemany("insert into records values ('pot', ?)", [[text] for text in rationales])
    return con


def captions(con: duckdb.DuckDBPyConnection) -> list[str]:
    shown = re.findall(r"<figcaption>(.*?)</figcaption>", lengths(con).body, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", text).split()) for text in shown]


def test_words_are_what_white_space_parts() -> None:
    con = with_texts(["one  two\n three ", "four"], ["x = 1"])
    assert captions(con)[0] == "words median 1, longest 3"


def test_lines_that_hold_nothing_are_not_counted() -> None:
    con = with_texts(["a"], ["a = 1\n\nb = 2\n"])
    assert captions(con)[1:] == ["lines median 2, longest 2", "characters median 13, longest 13"]


def test_a_record_without_a_rationale_has_no_length() -> None:
    assert captions(with_texts(["a"], ["abc", None]))[2] == "characters median 3, longest 3"


def test_a_thought_without_any_rationale_says_so() -> None:
    assert captions(with_texts(["a"], [None]))[1:] == [
        "lines none can be read",
        "characters none can be read",
    ]


def test_the_bars_of_a_histogram_hold_every_length() -> None:
    con = with_texts(["word " * n for n in (*range(1, 200), 5000)], ["x"])
    numbers = re.findall(r"<title>from [\d,]+: ([\d,]+)</title>", lengths(con).body.split("Rationales")[0])
    assert sum(map(int, numbers)) == 200
    assert MIN_BINS <= len(numbers) <= BINS


@pytest.mark.parametrize("long", [0, 1, 15, 16, 31, 32, 79, 80, 159, 160, 999, 12_345, 10**9])
def test_a_bin_is_a_round_number_wide_and_no_wider_than_it_must(long: int) -> None:
    width = bin_width(long)
    assert str(width).rstrip("0") in ("1", "2", "5")
    assert long // width < BINS
    assert width == 1 or long // (width * 2 // 5 if str(width)[0] == "5" else width // 2) >= BINS


def test_every_thought_has_its_two_histograms() -> None:
    body = lengths(jugs.opened()).body
    assert re.findall(r"Rationales of (\w+)", body) == sorted(jugs.THOUGHTS)
    assert body.count("<svg") == 1 + 2 * len(jugs.THOUGHTS)

"""Rows that wait."""

import math

from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.rows import Row
from thoughtmill.factory.teachers.endpoint.waiting import Waiting


def row(name: str) -> Row:
    return Row(name, {"model": "tiny"}, [Request({}, "cot", 0, ())], tokens=1, most_usd=0.0)


def test_nothing_waits_at_first() -> None:
    waiting = Waiting()
    assert waiting.take(1e9) is None
    assert waiting.due_s() == math.inf


def test_a_row_is_not_taken_before_its_time() -> None:
    waiting = Waiting()
    waiting.put(row("a"), 5.0)
    assert waiting.due_s() == 5.0
    assert waiting.take(4.999) is None
    taken = waiting.take(5.0)
    assert taken is not None
    assert taken.key == "a"
    assert waiting.take(9.0) is None


@given(st.lists(st.floats(0, 100), max_size=50))
def test_rows_come_back_in_the_order_of_their_times_and_then_of_their_coming(times: list[float]) -> None:
    waiting = Waiting()
    for number, due_s in enumerate(times):
        waiting.put(row(str(number)), due_s)
    taken = [waiting.take(100.0) for _ in times]
    expected = sorted(range(len(times)), key=lambda number: (times[number], number))
    assert [int(each.key) for each in taken if each] == expected

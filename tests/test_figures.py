"""Figures as people read them: counts and shares."""

import pytest

from thoughtmill.factory.pages.figures import count, part_of, share


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 3, "0.0"), (3, 3, "100"), (2, 3, "66.7"), (1, 100_000, "0.1"), (99_999, 100_000, "99.9")],
)
def test_only_all_is_100_per_cent_and_only_none_is_0(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == f"{shown}\N{NO-BREAK SPACE}%"


def test_a_share_of_nothing_is_a_dash() -> None:
    assert share(0, 0) == "–"


def test_a_large_number_is_grouped_by_thousands() -> None:
    assert count(1_234_567) == "1,234,567"


def test_a_part_is_shown_with_its_whole_and_its_share() -> None:
    assert part_of(57, 198) == "57 of 198 (28.8\N{NO-BREAK SPACE}%)"
    assert part_of(0, 0) == "0 of 0"

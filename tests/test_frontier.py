"""The frontier as SVG: where points stand, and which no other beats for less."""

from xml.etree import ElementTree

import pytest

from thoughtmill.factory.pages.frontier import HEADROOM, PLOT_HEIGHT, Point, frontier, unbeaten


def drawn(*points: Point) -> ElementTree.Element:
    return ElementTree.fromstring(str(frontier("Right <and> dear", points)))


def test_a_point_that_is_beaten_for_less_is_no_part_of_the_frontier() -> None:
    points = [
        Point("cheap", 0.5, 10),
        Point("worse", 0.4, 10),
        Point("best", 0.9, 100),
        Point("dear", 0.9, 101),
    ]
    assert unbeaten(points) == [True, False, True, False]


def test_of_two_equals_both_stand() -> None:
    assert unbeaten([Point("a", 0.5, 10), Point("b", 0.5, 10)]) == [True, True]


def test_better_is_higher_and_dearer_is_further_right() -> None:
    low, high = drawn(Point("a", 0.25, 10), Point("b", 1.0, 100)).iter("circle")
    assert (int(low.attrib["cy"]), int(high.attrib["cy"])) == (HEADROOM + PLOT_HEIGHT * 3 // 4, HEADROOM)
    assert float(low.attrib["cx"].rstrip("%")) < float(high.attrib["cx"].rstrip("%"))


def test_the_name_of_the_highest_point_is_inside_the_chart() -> None:
    chart = drawn(Point("all of them", 1.0, 10), Point("cheap", 0.5, 1))
    heights = {text.text: float(text.attrib["y"]) for text in chart.iter("text")}
    assert 11 <= heights["all of them"] < HEADROOM  # its letters are 11 pixels high


def test_ten_times_the_cost_is_as_far_wherever_it_begins() -> None:
    places = [
        float(circle.attrib["cx"].rstrip("%"))
        for circle in drawn(Point("a", 0.1, 10), Point("b", 0.2, 100), Point("c", 0.3, 1000)).iter("circle")
    ]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)


def test_only_the_frontier_is_named_and_every_point_says_its_numbers() -> None:
    chart = drawn(Point("cheap", 0.5, 10), Point("beaten", 0.4, 20))
    names = [text.text for text in chart.iter("text")]
    assert "cheap" in names
    assert "beaten" not in names
    assert [circle.attrib["class"] for circle in chart.iter("circle")] == ["good", "none"]
    assert [circle.findtext("title") for circle in chart.iter("circle")] == [
        "cheap: 50.0\N{NO-BREAK SPACE}% right, 10 new tokens",
        "beaten: 40.0\N{NO-BREAK SPACE}% right, 20 new tokens",
    ]


def test_names_that_would_run_into_each_other_are_left_to_the_higher_and_the_first() -> None:
    near = (
        Point("low", 0.50, 10),
        Point("high", 0.52, 10.1),
        Point("twin", 0.52, 10.1),
        Point("far", 0.9, 99),
    )
    names = [text.text for text in drawn(*near).iter("text")]
    assert [name for name in names if name in ("low", "high", "twin", "far")] == ["high", "far"]
    assert [circle.attrib["class"] for circle in drawn(*near).iter("circle")] == ["good"] * 4


def test_the_axis_names_powers_of_two_between_the_cheapest_and_the_dearest() -> None:
    names = [text.text for text in drawn(Point("a", 0.5, 10), Point("b", 0.6, 70)).iter("text")]
    assert [name for name in names if name and name.isdigit()] == ["16", "32", "64"]


@pytest.mark.parametrize("points", [(), (Point("free", 0.5, 0),), (Point("only", 0.5, 7),)])
def test_few_points_are_a_chart_too(points: tuple[Point, ...]) -> None:
    chart = drawn(*points)
    assert (chart.attrib["role"], chart.attrib["aria-label"]) == ("img", "Right <and> dear")

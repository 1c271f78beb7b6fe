"""Charts as inline SVG: lengths that add up, numbers that can be read, labels for who cannot see them."""

from xml.etree import ElementTree

import pytest

from thoughtmill.factory.pages.charts import PLOT_HEIGHT, Bin, Part, histogram, percent, stacked


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def width(bar: ElementTree.Element) -> float:
    return float(bar.attrib["width"].rstrip("%"))


def test_the_segments_of_a_stacked_bar_fill_it_one_after_the_other() -> None:
    bars = drawn(stacked("all", [Part("a", 1, "good"), Part("b", 2, "wrong"), Part("c", 1, "none")], 4))
    assert [bar.attrib["x"] for bar in bars.iter("rect")] == ["0.000%", "25.000%", "75.000%"]
    assert sum(map(width, bars.iter("rect"))) == pytest.approx(100)


def test_a_bar_of_a_larger_whole_leaves_the_rest_empty() -> None:
    (bar,) = drawn(stacked("all", [Part("a", 1, "good")], 8)).iter("rect")
    assert width(bar) == pytest.approx(12.5)


def test_a_part_of_nothing_is_not_drawn_and_moves_nothing() -> None:
    bars = drawn(stacked("all", [Part("a", 1, "good"), Part("b", 0, "wrong"), Part("c", 1, "none")], 2))
    assert [(bar.attrib["class"], bar.attrib["x"]) for bar in bars.iter("rect")] == [
        ("good", "0.000%"),
        ("none", "50.000%"),
    ]


def test_a_segment_says_its_name_number_and_share() -> None:
    (bar,) = drawn(stacked("all", [Part("timeout", 1500, "failure-0")], 3000)).iter("rect")
    assert bar.findtext("title") == "timeout: 1,500 (50.0\N{NO-BREAK SPACE}%)"


@pytest.mark.parametrize("svg", [stacked("Of <pot>", [], 0), histogram("Of <pot>", [])])
def test_a_chart_has_a_role_and_a_label(svg: str) -> None:
    chart = drawn(svg)
    assert (chart.attrib["role"], chart.attrib["aria-label"]) == ("img", "Of <pot>")


def test_the_tallest_bar_fills_the_height_and_all_stand_on_the_axis() -> None:
    bars = list(drawn(histogram("words", [Bin("0", 5), Bin("10", 20), Bin("20", 10)])).iter("rect"))
    assert [int(bar.attrib["height"]) for bar in bars] == [PLOT_HEIGHT // 4, PLOT_HEIGHT, PLOT_HEIGHT // 2]
    assert {int(bar.attrib["y"]) + int(bar.attrib["height"]) for bar in bars} == {PLOT_HEIGHT}


def test_one_of_a_million_is_seen_and_none_is_not() -> None:
    bars = drawn(histogram("words", [Bin("0", 1_000_000), Bin("10", 1), Bin("20", 0)])).iter("rect")
    assert [int(bar.attrib["height"]) for bar in bars] == [PLOT_HEIGHT, 2, 0]


@pytest.mark.parametrize("number", [1, 4, 5, 6, 16, 99])
def test_an_axis_never_names_more_than_five_bins_and_always_the_first(number: int) -> None:
    names = [
        text.text for text in drawn(histogram("w", [Bin(str(i), 1) for i in range(number)])).iter("text")
    ]
    assert names[0] == "0"
    assert len(names) <= 5


def test_the_same_chart_is_the_same_text() -> None:
    parts = [Part("a", 1, "good"), Part("b", 2, "wrong")]
    assert stacked("x", parts, 3) == stacked("x", parts, 3)
    assert percent(2, 3) == "66.667%"

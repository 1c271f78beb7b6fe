"""A text that only repeats itself is told from one that goes on."""

import pytest

from thoughtmill.factory.teachers.endpoint.repetition import LONGEST, repeats


@pytest.mark.parametrize(
    "unit", ["7", "and ", "The cost is the price of one. ", "x = 3\ny = 4\n", "a" * (LONGEST - 1) + "b"]
)
def test_one_unit_repeated_is_a_repetition_whatever_its_length(unit: str) -> None:
    assert repeats("First. " + unit * 300)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4 * 6 = 24. #### 24",
        "10 / 3 = 3.3333333333333333",
        "-" * 80,
        "The cost is the price of one. " * 5,
        "".join(f"Step {n}: {n} + {n} = {2 * n}.\n" for n in range(200)),
        "The end is near. " * 20 + "So it is 4.",
    ],
)
def test_a_text_that_goes_on_is_none(text: str) -> None:
    assert not repeats(text)

"""Sums, integrals and functions by cases are read and written."""

import pytest

from thoughtmill.factory.answers.mathematics.reading import read
from thoughtmill.factory.answers.mathematics.writing import written


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (r"\sum_{k=1}^n k^2", r"\sum_{k=1}^{n} k^2"),
        (r"2\sum\limits_{k=0}^{10} (k+1)", r"2 (\sum_{k=0}^{10} (k+1))"),
        (r"∏_{k=1}^{4} k", r"\prod_{k=1}^{4} k"),
        (r"\int_{-1}^2 x^2 + 1 \, dx", r"\int_{-1}^{2} x^2+1 \, d x"),
        (r"\int_0^\pi -\sin x \, \mathrm{d}x", r"\int_{0}^{\pi} -\sin(x) \, d x"),
        (
            r"f(x) = \begin{cases} x^2, & \text{if } x > 0, \\ 0 & \text{otherwise.} \end{cases}",
            r"f(x) = \begin{cases} x^2 & x > 0 \\ 0 & \text{otherwise} \end{cases}",
        ),
    ],
)
def test_notation_with_bounds_and_cases_has_one_form(text: str, canonical: str) -> None:
    tree = read(text)
    assert tree is not None
    assert written(tree) == canonical
    assert read(canonical) == tree


@pytest.mark.parametrize(
    "text",
    [
        r"\int x^2 \, dx",
        r"\int_0^1 x^2",
        r"\sum k",
        r"\sum_{k}^{3} k",
        r"\sum_{k=1} k",
        r"\begin{cases} x & x > 0 \end{cases}",
        r"\begin{cases} x \\ y \end{cases}",
        r"\begin{cases} x & x > 0 \\",
    ],
)
def test_notation_that_lacks_a_part_is_refused(text: str) -> None:
    assert read(text) is None

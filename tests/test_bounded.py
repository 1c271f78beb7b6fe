"""Sums between whole numbers are written out, and determinants calculated, within limits."""

from fractions import Fraction

import pytest

from thoughtmill.factory.answers.mathematics import bounded
from thoughtmill.factory.answers.mathematics.normal import number
from thoughtmill.factory.answers.mathematics.reading import read
from thoughtmill.factory.answers.mathematics.tree import Call


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\sum_{k=1}^{10} k", 55),
        (r"\sum_{k=1}^{3} \sum_{j=1}^{k} j", 10),
        (r"\sum_{k=1}^{3} \sum_{k=1}^{2} k", 9),
        (r"\prod_{k=1}^{5} k", 120),
        (r"\begin{vmatrix} 1 & 2 \\ 3 & 4 \end{vmatrix}", -2),
        (r"\begin{vmatrix} 2 & 0 & 1 \\ 1 & 3 & 2 \\ 0 & 1 & 1 \end{vmatrix}", 3),
    ],
)
def test_numbers_come_of_it(text: str, value: int) -> None:
    tree = read(text)
    assert tree is not None
    assert number(tree) == value


def test_long_sums_and_large_determinants_are_left_alone() -> None:
    tree = read(r"\sum_{k=1}^{1000000} k")
    assert isinstance(tree, Call)
    assert bounded.unrolled(tree) is None
    sums = read(r"\sum_{i=1}^{200} \sum_{j=1}^{200} \sum_{k=1}^{200} k")
    assert sums is not None
    assert number(sums) is None
    row = Call("row", (Fraction(1),) * 9)
    assert bounded.determinant([row] * 9) is None
    small = Call("row", (Call("det", (Call("row", (Fraction(1),)),)),))
    assert bounded.determinant([small]) is None


def test_the_own_name_of_a_sum_is_replaced_inside_it_alone() -> None:
    tree = read(r"k + \sum_{k=1}^{k} k")
    assert tree is not None
    replaced = bounded.replaced(tree, "k", Fraction(3))
    assert number(replaced) == 9

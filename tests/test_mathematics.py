"""Written mathematics: one tree for each answer, whatever its dress, and one text for each tree."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from thoughtmill.factory.answers.mathematics.approximation import approximate
from thoughtmill.factory.answers.mathematics.line import pieces
from thoughtmill.factory.answers.mathematics.normal import form, number, proportion, same
from thoughtmill.factory.answers.mathematics.reading import read, unwrapped
from thoughtmill.factory.answers.mathematics.tokens import MAX_LENGTH, Unreadable, read_number, tokens
from thoughtmill.factory.answers.mathematics.tree import Call, Tree
from thoughtmill.factory.answers.mathematics.units import unit
from thoughtmill.factory.answers.mathematics.writing import written

TABLE = Path(__file__).parents[1] / "docs" / "data" / "answer_pairs.jsonl"


def tree(text: str) -> Tree:
    found = read(text)
    assert found is not None, text
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\left(x+1\right)", "(x+1)"),
        (r"\dfrac{x}{2}", r"\frac x2"),
        (r"\frac{x}{2}", r"{x \over 2}"),
        (r"2\cdot x", "2x"),
        ("2 × x", r"2 \times x"),
        ("x²", "x^{2}"),
        ("√2", r"\sqrt{2}"),
        ("π", r"\pi"),
        ("x ≤ 3", r"x \leqslant 3"),
        (r"\operatorname{lcm}(4, 6)", "lcm(4, 6)"),
        (r"\mathrm{e}^x", "e^x"),
        (r"f\left(x\right)", "f(x)"),
        ("2*sqrt(3)", r"2\sqrt3"),
        (r"\displaystyle{x}", "x"),
        (r"x\,y\;z", "xyz"),
        (r"\{1,2\}", "{1, 2}"),
        ("1 < x < 2", r"1<x \text{ and } x<2"),
        ("3x10^4", r"3 \times 10^4"),
        ("25 km/h", r"25\text{ km/h}"),
        ("3 ft / s", r"3\text{ ft}/\text{s}"),
    ],
)
def test_two_ways_to_write_the_same_are_one_tree(one: str, other: str) -> None:
    assert tree(one) == tree(other)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "x +",
            "+",
            "(",
            "x)",
            "[1,2",
            r"\frac{1}",
            r"\frac",
            r"\unknown{x}",
            "x__2",
            "x..y",
            "@",
            "a ? b",
        ),
        *(
            "3 4",
            "x 2",
            "(1, 2",
            r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}",
            r"\text{a} + 1",
            "1,,2",
            "abs(1, 2)",
            r"\binom{2}",
            "factorial(1, 2)",
            "12_{10-3}",
            "sqrt()",
            "min()",
            "19_7",
        ),
        *(
            "1,,2",
            "19_7",
            "import os",
            "os.system('x')",
            "x[0].y",
            "2 @ 3",
            '"2"',
            "0x10",
            "x" * (MAX_LENGTH + 1),
        ),
    ],
)
def test_what_is_no_mathematics_is_refused(text: str) -> None:
    assert read(text) is None


def test_every_answer_of_the_public_pairs_is_written_as_it_reads() -> None:
    for line in TABLE.read_text("utf-8").splitlines():
        row = json.loads(line)
        for text in (row["left"], row["right"]):
            found = read(text)
            if found is not None:
                assert read(written(found)) == found, text


def test_wrapping_is_taken_off_in_any_order() -> None:
    assert unwrapped(r"$\boxed{\text{(C)}}$.") == r"\text{(C)}"
    assert unwrapped(r"\boxed{1} or \boxed{2}") == r"\boxed{1} or \boxed{2}"
    assert unwrapped(r"$1$ and $2$") == r"$1$ and $2$"


def test_a_comma_groups_digits_outside_brackets_and_separates_inside() -> None:
    assert tree("1,234") == Fraction(1234)
    assert tree("(1,234)") == Call("tuple", (Fraction(1), Fraction(234)))
    assert tree("1, 234") == Call("list", (Fraction(1), Fraction(234)))
    assert tree("12,34") == Call("list", (Fraction(12), Fraction(34)))


def test_letters_side_by_side_are_names_and_words_are_words() -> None:
    assert tree("xy") == Call("*", ("x", "y"))
    assert tree("abc") == Call("*", ("a", "b", "c"))
    assert tree("even") == Call("text", ("even",))
    assert tree("no") == Call("text", ("no",))


def test_numbers_of_all_notations_are_exact() -> None:
    assert read_number(r"0.1\overline{6}") == Fraction(1, 6)
    assert read_number("1e-3") == Fraction(1, 1000)
    with pytest.raises(Unreadable):
        read_number("1e401")
    with pytest.raises(Unreadable):
        tokens("9" * 401)


def test_a_form_decides_what_has_no_opaque_part_and_leaves_the_rest() -> None:
    assert same(tree(r"\sqrt{2}\sqrt{3}"), tree(r"\sqrt{6}")) is True
    assert same(tree(r"\sqrt{2}+\sqrt{3}"), tree(r"\sqrt{5}")) is False
    assert same(tree(r"\sin x"), tree(r"\cos x")) is None
    assert same(tree(r"\sin(2x)"), tree(r"\sin(x+x)")) is True
    assert same(tree("1/(x-x)"), tree("1/(x-x)")) is None


def test_the_work_of_a_form_is_bounded() -> None:
    assert form(tree("(x+y+z+1)^{199}")) is None
    assert form(tree("9^{9^{9}}")) is None
    assert form(tree("((x+1)^{90}+1)^{90}")) is None
    assert number(tree("2^{3000}")) == 2**3000


def test_proportion_of_equations_clears_denominators_and_that_of_inequalities_does_not() -> None:
    one, other = tree("y - 1/x"), tree("xy - 1")
    assert proportion(one, other, cleared=True) == (1, True)
    assert proportion(one, other, cleared=False) == (None, True)
    assert proportion(tree("2x-2"), tree("1-x"), cleared=False) == (-2, True)


def test_pieces_of_the_line_are_sorted_joined_and_cut() -> None:
    assert pieces(tree(r"[2,3] \cup [0,1] \cup (1,2)")) == pieces(tree("[0,3]"))
    assert pieces(tree(r"[0,3] \setminus \{1\}")) == pieces(tree(r"[0,1) \cup (1,3]"))
    assert pieces(tree(r"(0,2) \cap (1,3)")) == pieces(tree("(1,2)"))
    assert pieces(tree("x^3 < 4")) is None
    assert pieces(tree("x < y")) is None
    assert pieces(tree("[3,1]")) is None


def test_an_approximation_is_a_float_or_nothing() -> None:
    assert approximate(tree(r"\sqrt[3]{-27}")) == pytest.approx(-3)
    assert approximate(tree("10^{400}")) is None
    assert approximate(tree("i")) is None
    assert approximate(tree(r"\sqrt{-1}")) is None


def test_units_are_read_from_words_powers_and_quotients() -> None:
    assert unit(("cubic", "meters")) == unit(("m", "^", "3"))
    assert unit(("miles", "per", "hour")) == unit(("mph",))
    assert unit(("km", "/", "h")) == unit(("kilometers", "per", "hour"))
    assert unit(("sheep",)) is None
    assert unit(("square",)) is None

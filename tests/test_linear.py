"""Exact linear solving on trees."""

import random
from fractions import Fraction

import pytest

from thoughtmill.factory.answers.mathematics.tree import Call
from thoughtmill.factory.solvers.equation.linear import MAX_UNKNOWNS, Settled, linear, settle
from thoughtmill.factory.solvers.equation.system import parse, system
from thoughtmill.factory.solvers.equation.tree import Unsolvable


def _settle(text: str) -> Settled:
    return settle(system(parse(text + "\nans = 0")).equations)


@pytest.mark.parametrize(
    ("text", "known", "kind"),
    [
        ("a = 1\nb = a + 1", {"a": 1, "b": 2}, "straight"),
        ("b = a + 1\na = 1", {"a": 1, "b": 2}, "straight"),
        ("3 = a", {"a": 3}, "straight"),
        ("2a = 6", {"a": 3}, "linear"),
        ("a - a + b = 2", {"b": 2}, "linear"),
        ("(2a + 4)/2 - a + b = 5", {"b": 3}, "linear"),
        ("a + b = 3\na - b = 1", {"a": 2, "b": 1}, "linear"),
        ("a + b = 3\na + b = 3", {}, "straight"),
        ("m = p * c\np = 2\nm = 10", {"p": 2, "m": 10, "c": 5}, "linear"),
        ("a + b = 3\na - b = 1\nc * a = 8", {"a": 2, "b": 1, "c": 4}, "linear"),
        ("c * a = 8\nd = c * a + b\na + b = 3\na - b = 1", {"a": 2, "b": 1, "c": 4, "d": 9}, "linear"),
        ("a + b + c = 3\na + b = 1", {"c": 2}, "linear"),
        ("0.1a = 0.3", {"a": 3}, "linear"),
    ],
)
def test_everything_that_is_determined_is_known(text: str, known: dict[str, int], kind: str) -> None:
    settled = _settle(text)

    assert settled.known == {name: Fraction(value) for name, value in known.items()} | {"ans": Fraction(0)}
    assert settled.kind == kind


def test_what_is_left_has_the_known_values_put_in() -> None:
    settled = _settle("a = 2\na * b * c = 6")

    assert settled.rest == [(Call("*", (Call("*", (Fraction(2), "b")), "c")), Fraction(6))]


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\na = 2",
        "1 = 2",
        "a - a = 1",
        "a + b = 1\na + b = 2",
        "a + b = 3\na - b = 1\na = 5",
        "b = 2\nb * b = 5",
    ],
)
def test_a_contradiction_anywhere_is_inconsistent(text: str) -> None:
    with pytest.raises(Unsolvable) as refused:
        _settle(text)

    assert refused.value.failure == "inconsistent"


@pytest.mark.parametrize(
    "tree",
    [
        Call("*", ("x", "y")),
        Call("/", (Fraction(1), "x")),
        Call("^", ("x", Fraction(2))),
        Call("sqrt", (Fraction(2),)),
    ],
)
def test_what_is_not_linear_has_no_coefficients(tree: Call) -> None:
    assert linear(tree) is None
    assert linear(Call("+", (tree, Fraction(1)))) is None
    assert linear(Call("neg", (tree,))) is None


def test_terms_that_cancel_are_gone() -> None:
    assert linear(Call("-", ("x", Call("/", (Call("*", (Fraction(2), "x")), Fraction(2)))))) == {}


def test_a_large_dense_system_is_solved() -> None:
    chance = random.Random("0/dense")
    values = {f"x{n}": chance.randint(-9, 9) for n in range(20)}
    lines = []
    for _ in values:
        row = {name: chance.randint(-9, 9) for name in values}
        total = sum(row[name] * values[name] for name in values)
        lines.append(" + ".join(f"{c}*{name}" for name, c in row.items()) + f" = {total}")

    known = _settle("\n".join(lines)).known

    assert {name: known[name] for name in values} == values


def test_too_many_unknowns_that_depend_on_each_other_are_refused() -> None:
    count = MAX_UNKNOWNS + 2

    with pytest.raises(Unsolvable, match="unknowns"):
        _settle("\n".join(f"x{n} + x{(n + 1) % count} = 3" for n in range(count)))

"""The grammar: what parses, to what, and what does not."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.answers.mathematics.tree import Call, Tree
from thoughtmill.factory.solvers.equation.grammar import MAX_DEPTH, Statement, statement
from thoughtmill.factory.solvers.equation.tokens import tokens
from thoughtmill.factory.solvers.equation.tree import Unsolvable, fold
from thoughtmill.factory.solvers.equation.words import joined

FREE = frozenset("abxy")


def _statement(text: str) -> Statement:
    return statement(joined(tokens(text)), FREE)


def _value(text: str, **known: int) -> Tree:
    return fold(
        _statement(f"ans = {text}").sides[1], {name: Fraction(value) for name, value in known.items()}
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("10 - 4 - 3", 3),
        ("24 / 4 / 2", 3),
        ("24 / 4 * 2", 12),
        ("17 // 5 * 2", 6),
        ("17 mod 5", 2),
        ("17 % 5", 2),
        ("50%", Fraction(1, 2)),
        ("50% * 8", 4),
        ("2(3)(4)", 24),
        ("(1 + 2)(3 + 4)", 21),
        ("-2^2", -4),
        ("(-2)^2", 4),
        ("2^-1", Fraction(1, 2)),
        ("2^3^2", 512),
        ("2 * -3", -6),
        ("+5 - -5", 10),
        ("1/2(6)", 3),
        ("3/2(6)", 9),
        ("3½", Fraction(7, 2)),
        ("2 3/4", Fraction(11, 4)),
        ("1 if 2 > 1 else 3", 1),
        ("1 if 2 < 1 or 3 < 1 else 3 if 1 = 1 and 2 = 2 else 4", 3),
        ("sqrt(16) + √9", 7),
        ("round(2.345, 1)", Fraction(23, 10)),
        ("min(3, max(1, 2))", 2),
        ("1.25e2", 125),
    ],
)
def test_an_expression_has_the_value_that_mathematics_gives_it(text: str, value: Fraction | int) -> None:
    assert _value(text) == value


def test_products_without_a_sign_bind_powers_first() -> None:
    assert _value("2x^2 + 3x(y + 1)", x=2, y=4) == 8 + 30


def test_a_chain_keeps_all_its_sides() -> None:
    assert _statement("a = 3 = b <= 4") == Statement(("a", Fraction(3), "b", Fraction(4)), ("=", "=", "<="))


def test_an_assignment_with_an_operation_mentions_its_name() -> None:
    assert _statement("a += 2") == Statement(("a", Call("+", ("a", Fraction(2)))), ("=",))


def test_eq_is_an_equation_whatever_it_is_called() -> None:
    assert _statement("eq1 = Eq(x, 3)") == _statement("Eq(x, 3)") == Statement(("x", Fraction(3)), ("=",))


@pytest.mark.parametrize(
    "text",
    [
        "", "x =", "= 3", "x = = 3", "(x = 3", "x) = 3", "x = ()", "x = 3 4", "x = (3) 4", "x = * 3",
        "x = 3 +", "x = x/2y", "x = 6/2y", "x = g(3)", "x = 3, 4", "x = 1 if 2 else 3", "x = 1 if 2 > 1",
        "x = if", "x = max()",
        "x = abs(1, 2)", "Eq(1, 2, 3)", "x = (1 < 2)", "3 += 4", "x = 1 else 2", "x = round(1, 2, 3)",
        "x = and", "x = 2 0/3",
    ],
)  # fmt: skip
def test_what_is_not_in_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(Unsolvable) as refused:
        _statement(text)

    assert refused.value.failure == "unparsable"


def test_a_function_without_its_bracket_is_a_plain_name() -> None:
    assert _statement("max = Eq").sides == ("max", "eq")


@pytest.mark.parametrize("opening", ["(", "-", "2^", "max(1, ", "1 if 2 > 1 else "])
def test_depth_is_limited(opening: str) -> None:
    with pytest.raises(Unsolvable, match="levels"):
        _statement("x = " + opening * (MAX_DEPTH + 5) + "1")


def test_brackets_to_the_limit_parse() -> None:
    assert _value("(" * MAX_DEPTH + "7" + ")" * MAX_DEPTH) == 7


ARITHMETIC = st.recursive(
    st.integers(0, 99).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=12,
)


@given(ARITHMETIC)
def test_arithmetic_agrees_with_python(text: str) -> None:
    assert _value(text) == eval(text)

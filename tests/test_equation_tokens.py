"""The alphabet of equations."""

import pytest

from thoughtmill.factory.solvers.equation.tokens import (
    MAX_DIGITS,
    MAX_LETTERS,
    MAX_TOKENS,
    tokens,
    without_comment,
)
from thoughtmill.factory.solvers.equation.tree import Unsolvable


def _texts(line: str) -> list[str]:
    return [token.text for token in tokens(line)]


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("2x+1", ["2", "x", "+", "1"]),
        ("x == 3 ** 2", ["x", "=", "3", "^", "2"]),
        ("$1,250.50 × 2", ["1,250.50", "*", "2"]),
        ("1,000,000", ["1,000,000"]),
        ("12,34", ["12", ",", "34"]),
        ("max(1,200)", ["max", "(", "1", ",", "200", ")"]),
        ("(1,200)", ["(", "1,200", ")"]),
        ("x ≤ 3½", ["x", "<=", "3", "½"]),
        ("x² − 4", ["x", "^", "2", "-", "4"]),
        ("Tom's", ["Tom's"]),
        ("Tom’s", ["Tom's"]),
        ("2e3 .5 7.", ["2e3", ".5", "7."]),
        ("a -= 1 => b", ["a", "-=", "1", "=>", "b"]),
        ("[x]", ["(", "x", ")"]),
        ("  ", []),
    ],
)
def test_a_line_is_cut_into_tokens(line: str, texts: list[str]) -> None:
    assert _texts(line) == texts


def test_a_token_knows_whether_space_stands_before_it() -> None:
    assert [token.spaced for token in tokens("20 %x $5")] == [False, True, False, True]


@pytest.mark.parametrize("sign", ["'", '"', "\\", "|", "@", "?", "`", "&", ".", "😀", "\x00"])
def test_what_is_no_mathematics_is_refused(sign: str) -> None:
    with pytest.raises(Unsolvable, match="character") as refused:
        tokens(f"x = 3 {sign} 4")

    assert refused.value.failure == "unparsable"


@pytest.mark.parametrize(
    "line", ["9" * (MAX_DIGITS + 1), "1e9999", "a" * (MAX_LETTERS + 1), "+ " * (MAX_TOKENS + 1)]
)
def test_what_is_too_large_is_refused(line: str) -> None:
    with pytest.raises(Unsolvable, match="more than"):
        tokens(line)


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("x = 5 # five", "x = 5 "),
        ("# only", ""),
        ("x = 17 // 5", "x = 17 // 5"),
        ("x = a // b", "x = a // b"),
        ("x = 5 // what is left", "x = 5 "),
    ],
)
def test_a_comment_is_cut_off(line: str, left: str) -> None:
    assert without_comment(line) == left

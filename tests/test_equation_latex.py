"""LaTeX as plain mathematics."""

import pytest

from thoughtmill.factory.solvers.equation.latex import MATHS, plain


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("x + y = 3", "x + y = 3"),
        (r"3 \times 4 \cdot 5 \div 6", "3 * 4 * 5 / 6"),
        (r"\frac{1}{2}", "((1)/(2))"),
        (r"\dfrac{a + \frac{1}{2}}{b}", "((a + ((1)/(2)))/(b))"),
        (r"\frac12", "(1/2)"),
        (r"\sqrt{x + 1}", "sqrt(x + 1)"),
        (r"x_{\text{total cost}} = x_{1}", "x_total_cost = x_1"),
        (r"\text{number of apples} = 5 \text{ apples}", "number of apples = 5  apples"),
        (r"x \leq 5 \ne y", "x <= 5 != y"),
        (r"20\% \$5 a\_b", "20% $5 a_b"),
        (r"x &= 3 \tag{1}", "x  = 3 "),
        (r"\left(3 + 4\right)", " (3 + 4 )"),
        (r"\boxed{5}", "5"),
        (r"x = 1 \\ y = 2", "x = 1 \n y = 2"),
        (r"\begin{align*}x = 1\end{align*}", "\nx = 1\n"),
        (r"so \(x = 3\) and \[y = 4\]", f"so {MATHS}x = 3{MATHS} and {MATHS}y = 4{MATHS}"),
    ],
)
def test_latex_becomes_plain_mathematics(latex: str, text: str) -> None:
    assert plain(latex) == text


def test_an_unknown_command_keeps_its_backslash_and_so_parses_nowhere() -> None:
    assert plain(r"x = \input{secrets}") == r"x = \input{secrets}"


@pytest.mark.parametrize(
    "piece", ["\\frac{", "{", "}", "\\text{", "_{", "\\(", "\\begin{", "\\\\", "\\sqrt{}", "\\frac{}{"]
)
def test_broken_latex_is_read_in_linear_time(piece: str) -> None:
    assert len(plain(piece * 5_000)) < 20 * 5_000 * len(piece)

"""Finding the equations in what teachers write around them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.equation.lines import equations_of
from thoughtmill.factory.solvers.equation.tokens import MAX_CHARS
from thoughtmill.factory.solvers.equations import Equations

COMPLETIONS = {
    "our own form": (
        "unknowns: planted, share\nplanted = 6 * 15\n2 * share = planted\nans = share",
        "unknowns: planted, share\nplanted = 6 * 15\n2 * share = planted\nans = share",
        "45",
    ),
    "a numbered list with maths in dollars and in brackets": (
        "Let's define the variables:\n\nLet x be the number of apples Tom has.\nLet $y$ be the pears.\n\n"
        "**Equations:**\n1. $x + y = 12$\n2. \\( y = 2x \\)\n\nSolving:\n$$3x = 12$$\nso x = 4.\nans = x",
        "$x + y = 12$\ny = 2x\n$$3x = 12$$\nx = 4\nans = x",
        "4",
    ),
    "sympy code in a fence": (
        "Here:\n```python\nfrom sympy import symbols, Eq, solve\nx, y = symbols('x y', positive=True)\n"
        "eq1 = Eq(x + y, 10)  # total\neq2 = Eq(x - y, 4)\nsolution = solve((eq1, eq2), (x, y))\n"
        "ans = solution[x]\nprint(ans)\n```\nThe answer is x = 8.",
        "x, y are positive\neq1 = Eq(x + y, 10)  # total\neq2 = Eq(x - y, 4)\nans = x",
        "7",
    ),
    "solve with the equation inside": (
        "x = Symbol('x', integer=True)\nans = solve(x**2 - 5*x, x)[0]\nx > 0",
        "x are integer\nx**2 - 5*x = 0\nans = x\nx > 0",
        "5",
    ),
    "bullets with labels and several words a name": (
        "- Total eggs: total_eggs = 16\n- Eaten: eaten = 3 eggs\n- Remaining eggs = total_eggs - eaten\n"
        "* Money = Remaining eggs * $2 per egg\n- ans = Money dollars",
        None,
        "26",
    ),
    "aligned LaTeX": (
        "\\begin{align*}\nx_{\\text{total}} &= \\frac{1}{2} \\times 48 \\\\\n"
        "y &= x_{\\text{total}} + 3 \\tag{2} \\\\\n"
        "\\text{ans} &= \\boxed{y}\n\\end{align*}",
        "x_total  = ((1)/(2)) * 48\ny  = x_total + 3\nans  = y",
        "27",
    ),
    "sentences around": (
        "Let the number of apples be a and that of pears be p.\nThen we have:\na = 2p\na + p = 30\n"
        "We know that they have 3 each, so b = 4 + 5.\nTherefore, answer = a",
        "a = 2p\na + p = 30\nb = 4 + 5\nanswer = a",
        "20",
    ),
    "labelled equations": (
        "Equation 1: 2x + 3y = 12\nEquation (2): x - y = 1 (given)\n**ans** = x",
        "2x + 3y = 12\nx - y = 1 (given)\nans = x",
        "3",
    ),
    "numbers at the ends of lines": (
        "a + b = 10   (1)\na - b = 2 ...(2)\nans = a",
        "a + b = 10\na - b = 2\nans = a",
        "6",
    ),
    "a factor at the end of a line": ("a = 5\nans = a (2)", "a = 5\nans = a (2)", "10"),
    "steps in back-ticks": (
        "Step 1: Let `a` be the price.\nStep 2: `a + 5 = 12`\nIt follows that `ans = a` is it.",
        "a + 5 = 12\nans = a",
        "7",
    ),
    "an unclosed fence": ("```\nx = 5\nans = x", "x = 5\nans = x", "5"),
    "a definition that is prose": (
        "Let x = Mary's current age.\nIn 5 years Mary's age will be x + 5.\nx + 5 = 3(x - 9)\nans = x",
        "x + 5 = 3(x - 9)\nans = x",
        "16",
    ),
    "numbers as words of a kind": (
        "n is a positive integer\nn^2 = 49\nans = n",
        "n is a positive integer\nn^2 = 49\nans = n",
        "7",
    ),
    "units of all kinds": (
        "unknowns: eggs, sold\neggs = 16 eggs per day\neaten = 3 eggs\nsold = eggs - eaten - 4\n"
        "revenue = sold * 2 dollars/egg\nans = revenue",
        None,
        "18",
    ),
    "a list of meanings with values": (
        "Let's denote:\n- C = cost of the house = $80,000\n- R = repairs = $50,000\n"
        "- Increase in value: V = 150% * C\n- New value: N = C + V\n- Profit: P = N - (C + R)\nans = P",
        None,
        "70000",
    ),
    "a definition before its parts": (
        "Speed = Distance / Time\nDistance = 120 miles\nTime = 2 hours\nans = speed",
        None,
        "60",
    ),
    "steps of the solution among the equations": (
        "x + (x + 4) = 20\n2x + 4 = 20\n2x = 16\nx = 8\nanswer = x + 4 = 12",
        None,
        "12",
    ),
    "sentences that hold the equations": (
        "1. Let the price be $p$ dollars.\n2. At 20% off: $0.8p = 40$\n3. Therefore $p = 50$.\nans = p",
        "0.8p = 40\n$p = 50$\nans = p",
        "50",
    ),
    "a ratio as a fraction": ("boys/girls = 2/3\nboys + girls = 30\nans = girls", None, "18"),
    "code with semicolons and slashes": (
        "a = 5;\nb = a * 2;   // twice as many\nc = a + b;\nans = c;",
        "a = 5;\nb = a * 2;   // twice as many\nc = a + b;\nans = c;",
        "15",
    ),
    "a meaning in place of a value": ("x = number of days\n10x = 50\nans = x", None, "5"),
    "rates": ("hours_per_day = 24 hours/day\ndays = 7 days/week\nans = hours_per_day * days", None, "168"),
    "displayed LaTeX": (
        "\\[ 3x + 5 = 20 \\]\n\\[ x = \\frac{20 - 5}{3} \\]\n\\[ \\text{ans} = x \\]",
        "3x + 5 = 20\nx = ((20 - 5)/(3))\nans = x",
        "5",
    ),
    "subscripts": ("a_1 = 3\na_{2} = a_1 + 4\nsum = a_1 + a_2\nans = sum", None, "10"),
    "two statements a line": ("x = 5, ans = x + 1", "x = 5, ans = x + 1", "6"),
    "a name declared with its number": ("let n = 3 apples\nans = n", None, "3"),
}


@pytest.fixture(scope="module")
def equations():  # type: ignore[no-untyped-def]
    with Equations(timeout_s=10.0) as solver:
        yield solver


@pytest.mark.parametrize("name", COMPLETIONS)
def test_the_equations_of_a_completion_are_found_and_solve(equations: Equations, name: str) -> None:
    completion, wanted, answer = COMPLETIONS[name]

    found = equations_of(completion)

    assert found is not None
    assert wanted is None or found == wanted
    assert equations.solve(found).answer == Answer(answer)


@pytest.mark.parametrize("name", COMPLETIONS)
def test_found_equations_are_found_again_as_they_are(name: str) -> None:
    found = equations_of(COMPLETIONS[name][0])

    assert found is not None
    again = equations_of(found)
    assert again is not None
    assert equations_of(again) == again


@pytest.mark.parametrize(
    "text", ["", "No equations here.", "The answer is 5.", "x > 3", "5" * (MAX_CHARS + 1) + "=5"]
)
def test_a_completion_without_equations_has_none(text: str) -> None:
    assert equations_of(text) is None


def test_a_broken_equation_is_kept_so_that_it_fails(equations: Equations) -> None:
    found = equations_of("x = 5 !\nans = x")

    assert found == "x = 5 !\nans = x"
    assert equations.solve(found).failure == "unparsable"


def test_code_in_place_of_an_equation_is_kept_and_refused(equations: Equations) -> None:
    found = equations_of("ans = __import__('os').getpid()")

    assert found is not None
    assert equations.solve(found).failure == "unparsable"


def test_powers_are_no_emphasis() -> None:
    assert equations_of("c**2 = a**2 + b**2") == "c**2 = a**2 + b**2"


@pytest.mark.parametrize(
    "piece",
    ["\\(", "\\frac{", "**", "$", "`", "x = ", "a ", "_{", "solve(", "1. ", "aé", "a=aa", "[0]", ": "],
)
def test_repetition_takes_linear_time(piece: str) -> None:
    text = (piece * MAX_CHARS)[: MAX_CHARS - 10]

    assert equations_of(text) is None or "=" in text


@settings(max_examples=200, deadline=2000)
@given(st.text(alphabet="xyans =+-*/^(){}[]\\$`_:.,0123#&%frac\n", max_size=120) | st.text(max_size=60))
def test_no_completion_makes_reading_raise(text: str) -> None:
    found = equations_of(text + "\nans = 1")

    assert found is None or "=" in found

"""No text of any shape raises, hangs, or is evaluated in this process."""

import itertools
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers import ANY, Answer, answer_of, compared
from thoughtmill.factory.answers.mathematics import symbolic
from thoughtmill.factory.answers.mathematics.reading import read


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    """Give the worker a fifth of its time: a bomb would take all it gets, and nothing here needs more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(symbolic, "SAMPLING_S", symbolic.SAMPLING_S / 5)
        patch.setattr(symbolic, "PROOF_S", symbolic.PROOF_S / 5)
        yield
    for remembered in (symbolic.compared, symbolic.proportional, symbolic.value):
        remembered.cache_clear()


BOMBS = [
    "(" * 5000,
    "(" * 24 + "1" + ")" * 24,
    "[" * 400 + "]" * 400,
    "{" * 900 + "1" + "}" * 900,
    r"\frac{" * 300 + "1" + "}{2}" * 300,
    r"\sqrt" * 300 + "2",
    r"\sin" * 300 + " x",
    "-" * 900 + "1",
    "2^" * 300 + "2",
    "x_" * 300,
    "1/" * 600 + "2",
    r"x \cup " * 200 + "x",
    "x!" * 300,
    "5" + "!" * 300,
    "|" * 301,
    "1, " * 300 + "1",
    "x+" * 390 + "x",
    "x<" * 390 + "x",
    r"\pm " * 300 + "1",
    "9^{9^{9^{9}}}",
    "(10^{400})!",
    "((9!)!)!",
    r"\binom{10^9}{5 \cdot 10^8}",
    "(x+y+z+1)^{199}",
    "((x+1)^{90}+1)^{90}",
    "10^{10^{10}}-10^{10^{10}}",
    "9" * 1900,
    "0." + "3" * 1900,
    r"0.\overline{" + "3" * 1900 + "}",
    "\ud800\x00\u2028",
    r"\begin{pmatrix}" * 100,
    r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}",
    r"\text{" * 300,
    "\\",
    "#### ",
    r"\boxed{" * 300,
    "$" * 999,
    "½" * 400,
    "0/min7",
    "²" * 400,
    r"\sum_{i=1}^{200} \sum_{j=1}^{200} \sum_{k=1}^{200} ijk",
    r"\sum_{k=1}^{3}" * 24 + "k",
    r"\prod_{k=1}^{200} k^{k^k}",
    r"\int_0^1 " * 24 + "x" + " dx" * 24,
    r"\int_0^{10^{9}} x^{x^{x}} dx",
    r"\begin{vmatrix}" * 20 + "1" + r"& 1 \\ 1 & 2 \end{vmatrix}" * 20,
    r"\begin{cases}" * 20 + "x",
    r"x \equiv 3" + r"\pmod{7}" * 200,
    "ten and " * 200 + "ten",
    "|" * 24 + "x" + "|" * 24 + " < 5",
    r"\lfloor " * 24 + "x" + r" \rfloor" * 24,
    "x^{" * 23 + "x" + "}" * 23,
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_no_bomb_raises_or_takes_long_in_this_process(text: str) -> None:
    answer = answer_of(text, ANY)
    began = time.process_time()
    for other in ("2", "x+1", "(1,2)", "[0,1]", "9^{9^{9}}"):
        gold = answer_of(other, ANY)
        assert gold is not None
        if answer is not None:
            assert compared(answer, gold) == compared(gold, answer)
    assert time.process_time() - began < 20


def test_every_pair_of_bombs_can_be_compared() -> None:
    found = [answer for answer in (answer_of(text, ANY) for text in BOMBS) if answer is not None]
    assert len(found) > 10
    for one, other in itertools.combinations(found, 2):
        assert compared(one, other).equal in (True, False, None)


def test_a_tower_of_powers_equals_itself_without_a_worker() -> None:
    symbolic.close()
    tower = answer_of("9^{9^{9^{9}}}", ANY)
    other = answer_of("9^{9^{9^{9}}} + 0", ANY)
    assert tower is not None
    assert other is not None
    assert compared(tower, tower).equal is True
    assert compared(tower, Answer("2")).equal is not True


PIECES = [
    *"0123456789xyabeif()[]{}|,;:=<>!^_+-*/%.'\"&~$#@ ²½∞≤٣",
    *(r"\frac", r"\sqrt", r"\text{", r"\pm", r"\cup", r"\sin", r"\log", r"\begin{pmatrix}", r"\end{pmatrix}"),
    *(
        r"\\",
        r"\{",
        r"\}",
        r"\infty",
        r"\le",
        r"\in",
        r"\mathbb{R}",
        r"\left",
        r"\right",
        r"^\circ",
        r"\binom",
    ),
    *(r"\overline", " and ", " or ", "cm", "\u2028"),
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=25))
def test_any_text_is_read_or_refused_and_what_is_read_stays_as_it_is(text: str) -> None:
    answer = answer_of(text, ANY)
    if answer is not None:
        assert answer_of(answer.text, [answer.kind]) == answer
        assert compared(answer, Answer("2")) == compared(Answer("2"), answer)


def test_a_text_that_is_code_is_refused() -> None:
    for text in ("__import__('os').system('true')", "exec('x')", "().__class__", "{}.keys()"):
        assert read(text) is None

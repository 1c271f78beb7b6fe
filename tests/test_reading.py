"""The final answer of a text is found by the surest rule that applies."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers import ANY, KINDS, Answer, Comparison, answer_of
from thoughtmill.factory.answers import equal as equal_answers
from thoughtmill.factory.answers.number import equal
from thoughtmill.factory.answers.reading import boxes, read

READ = {
    r"so \boxed{12}": ("12", "boxed"),
    r"$\boxed{\dfrac{3}{4}}$ and not 5": ("0.75", "boxed"),
    r"\boxed{3} was wrong." "\n" r"Now \boxed{4}": ("4", "boxed"),
    r"The answer is 5, or \fbox{6}": ("6", "boxed"),
    "3 * 6 = 18\n#### 18": ("18", "hashes"),
    "#### $18,000.": ("18000", "hashes"),
    "#### -3\n": ("-3", "hashes"),
    "5 left --> 1/3 END and 7 more": ("1/3", "arrow"),
    "4 left --> 4": ("4", "arrow"),
    "so 12\nA: 24": ("24", "answer_line"),
    "**A:** $114,200.": ("114200", "answer_line"),
    "So the answer is 114,200 dollars.": ("114200", "answer_is"),
    "The final answer is: **24**.": ("24", "answer_is"),
    "Final Answer:\n\n42 boxes": ("42", "answer_is"),
    "The answer to this question will be\n\\[ 7 \\]": ("7", "answer_is"),
    "The answer is 5. No: the answer is 6.": ("6", "answer_is"),
    "A: There are 15 trees. 6 more make 21, so the answer is 21.": ("21", "answer_is"),
    "The answers are easy to see.\nIt takes 3 + 4 = 7 days.": ("7", "last_step"),
    "She keeps 24 apples (3 for each child).": ("24", "last_number"),
    "2 and 2 are four\nor 3 + 1 = 4, as we know.": ("4", "last_step"),
    "It takes twenty minutes.": ("20", "last_number"),
    "#### Step 2\nNow 4 * 3 = 12": ("12", "last_step"),
    "#### 2. Now add\n4 + 3 = 7": ("7", "last_step"),
    "1. Add.\n2. That is 9 apples\n3. Done.": ("9", "last_number"),
    "12 - 14 = - 2\n#### - 2": ("-2", "hashes"),
    "#### - 2 dollars": ("-2", "hashes"),
    "####\n- 2 apples": ("2", "last_number"),
    "#### $118 000": ("118000", "hashes"),
    "#### 12,50 €": ("12.5", "hashes"),
    "#### १२": ("12", "hashes"),
    "The answer is ٣٫٥ kilos.": ("3.5", "answer_is"),
    "A: １２": ("12", "answer_line"),
    "The answer is 14/3 or 4.67 hours.": ("14/3", "answer_is"),
    "To give the answer as a percentage: 9 / 12 * 100% = 75%": ("75", "last_step"),
    r"so \boxed{7.0}, and again \boxed{7}": ("7", "boxed"),
    "3 * 6 = 18\n#### 18\n\nQuestion: Ann has 2 dogs. How many legs?\n#### 8": ("18", "hashes"),
    "The answer is 18.\n\nQ: What is 2 + 3?\nA: The answer is 5.": ("18", "answer_is"),
    "She keeps 24.<|im_end|>\n<|im_start|>user\nAnd 3 + 2?": ("24", "last_number"),
}

OTHER_KINDS = {
    (r"so \boxed{\frac{x+5}{6}}", "echo"): (r"\frac{x+5}{6}", "boxed"),
    (r"\boxed{x} and \boxed{-x}", "echo"): ("x, -x", "boxed"),
    ("x + 1 it is\n#### x+1", "echo"): ("x+1", "hashes"),
    (r"so the answer is $2\sqrt{5}$, as it must be.", "echo"): (r"2\sqrt{5}", "answer_is"),
    (r"Therefore $f^{-1}(x) = \frac{x+5}{6}$.", "echo"): (r"\frac{x+5}{6}", "last_maths"),
    ("we get\ny = 2x + 1", "echo"): ("2x + 1", "last_maths"),
}

REFUSED = [
    *(
        "",
        " \n ",
        "none at all",
        "The answer is unknown.",
        "#### ",
        "A:",
        r"\boxed{}",
        r"\boxed{",
        "-->",
        "answer:",
    ),
    *(
        "7 apples\n#### 12 or 13",
        "so 7\nA: 12 or 13",
        "The answer is 12 or 13.",
        "She has 12 or 13.",
        "3-5 apples",
    ),
    *(r"the answer is 7: \boxed{\text{B}}", r"\boxed{12} or \boxed{13}", r"\boxed{2\sqrt{3}} which is 3.46"),
    *(
        "A: 10+John's age",
        "For the next glass he pays 5 * 1",
        "The answer is between 3 and 5",
        "the answer is 3:30",
    ),
]


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_the_surest_rule_reads_the_answer(text: str, expected: tuple[str, str]) -> None:
    found = read(text)
    assert found is not None
    assert (found.answer, found.rule) == expected


class EchoKind:
    """A kind whose answers are short mathematics without words."""

    PATTERN = ".*"

    def canonical(self, text: str) -> str | None:
        return text if re.fullmatch(r"(?!.*[a-z]{2} ).{1,20}", text) else None

    def compared(self, left: str, right: str) -> Comparison:
        return Comparison(left == right, "text")


@pytest.mark.parametrize(("given", "expected"), OTHER_KINDS.items())
def test_an_answer_of_another_kind_is_its_box_or_its_closing_phrase(
    given: tuple[str, str], expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS.ours, "echo", "of this test")
    monkeypatch.setitem(KINDS.loaded, "echo", EchoKind())
    found = read(*given)
    assert found is not None
    assert (found.answer, found.rule, found.kind) == (*expected, "echo")


@pytest.mark.parametrize("text", REFUSED)
def test_a_text_that_states_no_single_number_has_no_number_as_answer(text: str) -> None:
    found = read(text)
    assert found is None or found.kind != "number"


@pytest.mark.parametrize(
    ("box", "gold"),
    [
        *(
            ("2(a+b)", "2"),
            ("4t", "4"),
            ("3(x+1)", "3"),
            ("29i", "29"),
            ("7!", "7"),
            ("f(2)", "2"),
            ("|2-x|", "2"),
        ),
        *(
            ("not 2", "2"),
            ("3 R 1", "3"),
            ("10 mod 7", "10"),
            ("x>2", "2"),
            (r"5\mathrm{i}", "5"),
            ("3!", "3"),
        ),
        *(("18 dollars for 3 days", "18"), ("2^x", "2"), ("12 or 13", "12"), (r"2\pi", "2"), ("2:3", "2")),
    ],
)
def test_a_box_that_holds_more_than_a_number_is_not_its_first_number(box: str, gold: str) -> None:
    found = read(rf"so \boxed{{{box}}}")
    assert found is None or not equal_answers(Answer(gold), Answer(found.answer, found.kind))


@pytest.mark.parametrize("mark", ["#### {}", "The answer is {}.", "A: {}"])
@pytest.mark.parametrize(
    "phrase",
    ["2(a+b)", "4t", "3(x+1)", "29i", "7!", "f(2)", "|2-x|", "not 2", "3 R 1", "10 mod 7", "x>2", "2n+1"],
)
def test_a_marked_phrase_of_algebra_is_not_its_first_number(mark: str, phrase: str) -> None:
    found = read("We add.\n" + mark.format(phrase))
    assert found is None or found.kind != "number" or found.answer not in phrase


@pytest.mark.parametrize(
    ("phrase", "number"),
    [
        ("5 (five) apples", "5"),
        ("18 (since 3*6 = 18)", "18"),
        ("5m", "5"),
        ("12 (dozen)", "12"),
        ("3 < 4", None),
    ],
)
def test_brackets_and_units_after_a_marked_number_leave_it_a_number(phrase: str, number: str | None) -> None:
    found = read(f"We add.\n#### {phrase}")
    assert (found.answer if found and found.kind == "number" else None) == number


@pytest.mark.parametrize(
    ("box", "number"),
    [
        *(
            ("x = 2", "2"),
            (r"2\text{ cm}", "2"),
            (r"\text{two}", "2"),
            (r"\$1{,}250.50", "1250.5"),
            ("50\\%", "50"),
        ),
        *(
            ("3 hours and 30 minutes", "3.5"),
            ("about 18 apples", "18"),
            (r"18 \text{ dollars per day}", "18"),
        ),
        *((r"3\frac12", "3.5"), (r"x = 5\text{ apples}", "5"), ("$18 a day", "18"), (r"64,\!328", "64328")),
    ],
)
def test_a_box_may_hold_a_number_with_its_name_its_unit_and_words_that_count(box: str, number: str) -> None:
    found = read(rf"so \boxed{{{box}}}")
    assert found is not None
    assert (found.answer, found.kind) == (number, "number")


def test_boxes_are_those_of_the_last_line_that_has_any_with_their_inner_braces() -> None:
    assert boxes(r"\boxed{1}" "\n" r"\boxed{\frac{1}{2}} or \boxed{x^{2}}" "\nend") == [
        r"\frac{1}{2}",
        "x^{2}",
    ]
    assert boxes("no box") == []
    assert boxes(r"\boxed{5 is cut") == ["5 is cut"]


HOSTILE = [
    *(
        "1",
        "1,111",
        "1 ",
        "1/",
        "-",
        "- ",
        "((",
        "(1",
        "1)",
        "{",
        "=",
        "1=",
        "*",
        "x",
        "$",
        ".1",
        "1e",
        "10^",
        "0 0/",
    ),
    *(
        r"\frac{",
        r"\frac{1}",
        r"\boxed{",
        r"\boxed{1}",
        "#### ",
        "-->",
        "A: ",
        "A:\n",
        "\n",
        " ",
        "\N{MINUS SIGN}",
    ),
    *(
        "answer ",
        "answer is ",
        "the answer is 1 ",
        "one ",
        "a ",
        "hundred and ",
        "and a half ",
        "12 or ",
        "1. ",
    ),
]
READ_ALL = """
import json, sys
from thoughtmill.factory.answers.reading import read
for unit in json.load(sys.stdin):
    long = unit * (200_000 // len(unit))
    for text in (long, "A: " + long, long + " 7 END"):
        read(text)
print("read")
"""


def test_two_hundred_kilobytes_of_anything_are_read_in_linear_time() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL],
        input=json.dumps(HOSTILE),
        cwd=Path(__file__).parents[1],
        timeout=100,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "read\n", done.stderr


PIECES = st.sampled_from(
    [
        "answer",
        " is ",
        "the ",
        "A: ",
        "####",
        "-->",
        " END",
        "\n",
        r"\boxed{",
        "}",
        "12",
        " or ",
        "-",
        "$",
        "%",
        "=",
        ".",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES).map("".join) | st.text(max_size=80))
def test_no_text_raises_and_what_is_read_is_canonical(text: str) -> None:
    found = read(text)
    assert found is None or answer_of(found.answer, [found.kind]) == Answer(found.answer, found.kind)


@settings(max_examples=100, deadline=None)
@given(st.integers(-(10**9), 10**9), st.text("ab \n.", max_size=30))
def test_a_closing_statement_is_read_whatever_stands_before(number: int, before: str) -> None:
    for closing in (f"#### {number}", f"A: {number:,}", f"The answer is {number}.", rf"\boxed{{{number}}}"):
        found = read(f"{before}\n{closing}")
        assert found is not None
        assert found.answer == str(number)


def test_real_chains_get_the_verdict_their_authors_published(shared_data: Path) -> None:
    rows = [json.loads(line) for line in (shared_data / "replay" / "cot.jsonl").open()]
    rules: Counter[str | None] = Counter()
    differ = []
    for row in rows:
        found = read(row["completion"])
        rules[found.rule if found else None] += 1
        if (found is not None and equal(found.answer, row["answer"])) != row["published_correct"]:
            differ.append(row["problem_id"])
    assert differ == []
    assert rules == {"answer_line": 1313, None: 6}  # five are cut off and one states `10 + x`


@pytest.mark.parametrize(("split", "commas", "negative"), [("train", 79, 3), ("test", 14, 2)])
def test_every_gold_answer_of_gsm8k_is_read(
    shared_data: Path, split: str, commas: int, negative: int
) -> None:
    solutions = [json.loads(line)["answer"] for line in (shared_data / "gsm8k" / f"{split}.jsonl").open()]
    gold = [solution.rpartition("#### ")[2] for solution in solutions]
    for solution, text in zip(solutions, gold, strict=True):
        found = read(solution)
        assert found is not None
        assert (found.rule, found.answer) == ("hashes", text.replace(",", ""))
    assert sum("," in text for text in gold) == commas
    assert sum(text.startswith("-") for text in gold) == negative


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("choice", "The answer is B) 24, since 24 is even.", "B"),
        ("choice", "So the correct option is (C).", "C"),
        ("choice", "The answer is c.", "C"),
        ("choice", "The answer is therefore option (D).", "D"),
        ("choice", "so we choose B.", "B"),
        ("choice", "Correct answer E", "E"),
        ("choice", "2x = 6 --> x = 3\nThe answer is (D).", "D"),
        ("choice", "Hence, (E) None of these", "E"),
        ("set", "Therefore $x = 1$ and $x = -3$.", "x = 1, x = -3"),
        ("expression", "where $a = 1$ and $f(x) = x + 2$.", "x+2"),
        ("expression", r"so \begin{align*} 3(y+2)+z &= 3y+6+z \\ &= 3y+z+6. \end{align*}", "3y+z+6"),
        ("expression", r"It is $\boxed{x+2}$, or $\boxed{2+x}$.", "x+2"),
        ("number", r"The answer is $14,\!400$.", "14400"),
        ("number", r"The answer is $\frac9{5}$.", "1.8"),
        ("text", "The answer is Tuesday.", "Tuesday"),
        ("expression", r"Thus the inverse is \frac{x+5}{6}", r"\frac{x+5}{6}"),
        (
            "expression",
            "The answer is $2\\sqrt{5}$ units.\n\nQuestion: and now?\nThe answer is 5.",
            r"2\sqrt{5}",
        ),
        ("tuple", "The point is (3, 4).", "(3, 4)"),
        ("number", r"so \boxed{\frac{\sin 2A}{\sin A\cos A}}", r"\frac{\sin(2A)}{\sin(A)\cos(A)}"),
    ],
)
def test_a_chain_of_any_kind_closes_with_its_answer(kind: str, text: str, answer: str) -> None:
    found = read(text, kind)
    assert found is not None
    assert found.answer == answer


def test_the_worked_solutions_of_math_give_their_box(shared_data: Path) -> None:
    read_right = 0
    for line in (shared_data / "math" / "test.jsonl").open():
        solution = json.loads(line)["solution"]
        gold = answer_of(boxes(solution)[-1], ANY)
        assert gold is not None
        found = read(solution, gold.kind)
        read_right += found is not None and found.answer == gold.text
    assert read_right >= 4988  # of 5,000; most of the others box two answers in a line

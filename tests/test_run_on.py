"""A text is cut where it begins another question, and nowhere else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers.run_on import own

END = "3 bags of 6 are 18.\n#### 18"

RUN_ON = [
    "\n\nQuestion: Ann has 2 dogs.\n#### 8",
    "\nQ: What is 2 + 3?\nA: 5",
    "\n\n### Problem 2: What is 2 + 3?\n#### 5",
    "\n**Exercise.** What is 2 + 3?",
    "\n\nAnn has 2 dogs and a cat. How many legs do they have?\n3 * 4 = 12\n#### 12",
    "<|endoftext|>Ann has 2 dogs",
    "</s>\n#### 5",
    "<|im_end|>\n<|im_start|>user",
    " [INST] What is 2 + 3? [/INST]",
    "\nHuman: thank you!",
]


@pytest.mark.parametrize("more", RUN_ON)
def test_what_follows_the_answer_and_asks_anew_is_cut(more: str) -> None:
    assert own(END + more) == END


@pytest.mark.parametrize(
    "text",
    [
        END,
        "Question: how many are 3 bags of 6?\nAnswer: 18",
        "Problem: 3 bags of 6.\n" + END,
        "#### 18\nWait, is that right? Again: 3 * 7 = 21.\n#### 21",
        "The answer is 18. Question: is it? The answer is 21.",
        "Example 1 is easy, and so is 2.",
        "x = [3]\n#### 3",
        "<think>3 * 6</think>\n#### 18",
    ],
)
def test_what_answers_one_question_is_kept(text: str) -> None:
    assert own(text) == text


def test_a_turn_token_before_any_text_is_no_end() -> None:
    assert own("<|im_start|>") == "<|im_start|>"
    assert own(" \n<|im_start|>assistant\n#### 4<|im_end|>").endswith("#### 4")


@settings(max_examples=100, deadline=None)
@given(st.text("Q:?#4 \n<|im_end|>how many", max_size=60))
def test_what_is_kept_is_the_beginning_and_is_kept_again(text: str) -> None:
    kept = own(text)
    assert text.strip().startswith(kept)
    assert own(kept) == kept


@pytest.mark.parametrize("piece", ["Question: 1\n", "#### 1\n", "how many ", "<|im_end|>", "answer ", "A:"])
def test_repetition_takes_linear_time(piece: str) -> None:
    own(piece * 20_000)

"""Reasoning: thinking is split off in every form in which endpoints send it, and nothing else is."""

import pytest

from thoughtmill.factory.thoughts.reasoning import TAGS, SplitText, join, separated, split

THINKING = "Maybe 4 * 5 = 20? No, 4 * 6 = 24."
ANSWER = "There are 4 * 6 = 24.\n#### 24"


@pytest.mark.parametrize(("opening", "closing"), TAGS)
def test_a_block_of_thinking_is_split_off_whatever_its_tags(opening: str, closing: str) -> None:
    text = f"{opening}\n{THINKING}\n{closing}\n\n{ANSWER}"
    assert split(text) == SplitText(THINKING, ANSWER, True)


@pytest.mark.parametrize(("opening", "closing"), TAGS)
def test_a_closing_tag_alone_ends_the_thinking(opening: str, closing: str) -> None:
    assert split(f"{THINKING}\n{closing}\n{ANSWER}") == SplitText(THINKING, ANSWER, True)


@pytest.mark.parametrize(("opening", "closing"), TAGS)
def test_thinking_that_never_ends_leaves_no_answer(opening: str, closing: str) -> None:
    assert split(f"{opening}{THINKING}") == SplitText(THINKING, "", False)


@pytest.mark.parametrize(
    "text",
    [
        f"<|channel|>analysis<|message|>{THINKING}<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}",
        f"<|start|>assistant<|channel|>analysis<|message|>{THINKING}<|end|>\n"
        f"<|start|>assistant<|channel|>final<|constrain|>json<|message|>{ANSWER}<|return|>",
        f"analysis{THINKING}assistantfinal{ANSWER}",
        # the prompt had opened the channel
        f"{THINKING}<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>",
    ],
)
def test_channels_of_gpt_oss_are_thinking_but_for_the_final_one(text: str) -> None:
    assert split(text) == SplitText(THINKING, ANSWER, True)


@pytest.mark.parametrize(
    "text",
    [
        f"Here is my thought process: {THINKING}\n\nHere is my response:\n{ANSWER}",  # Granite
        f"Here are my reasoning steps:\n{THINKING}\n[BEGIN FINAL RESPONSE]\n{ANSWER}\n"
        "[END FINAL RESPONSE]\n<|end|>",  # Apriel
    ],
)
def test_thinking_that_begins_and_ends_in_words_is_split_off(text: str) -> None:
    assert split(text) == SplitText(THINKING, ANSWER, True)


@pytest.mark.parametrize(
    "end", ["<|im_end|>", "</s>", "<|eot_id|>\n", "<end_of_turn>\n<start_of_turn>user\nNext"]
)
def test_an_answer_ends_where_the_model_ended_its_turn(end: str) -> None:
    assert split(f"{ANSWER}{end}") == SplitText(None, ANSWER, True)
    assert split(f"<think>{THINKING}</think>{ANSWER}{end}") == SplitText(THINKING, ANSWER, True)
    assert split(end) == SplitText(None, end, True)


@pytest.mark.parametrize(
    "answer",
    [ANSWER, "```python\nans = 4\n```", "unknowns: ans\nans = 4", '["A rule."]', '```json\n["A rule."]\n```'],
)
def test_an_answer_that_a_server_took_for_thinking_is_the_answer(answer: str) -> None:
    assert separated(answer, None) == separated(answer, "") == (None, answer, True)
    assert separated(f"<think>{answer}</think>", None)[1] is None
    assert separated(answer, ANSWER) == (answer, ANSWER, True)


@pytest.mark.parametrize(
    "thinking", [THINKING, "So the answer is [4]", "#### is the mark that I need to write", ""]
)
def test_thinking_that_does_not_end_like_an_answer_is_thinking(thinking: str) -> None:
    assert separated(thinking, None)[1] is None


def test_channels_of_notes_between_thinking_and_answer_are_thinking_too() -> None:
    notes = "<|channel|>analysis<|message|>a<|end|><|channel|>commentary<|message|>b<|end|>"
    assert split(f"{notes}<|channel|>final<|message|>c") == SplitText("a\n\nb", "c", True)
    assert split("analysisaassistantcommentarybassistantfinalc") == SplitText("a\n\nb", "c", True)


def test_channels_without_a_final_one_have_no_answer() -> None:
    found = split(f"<|channel|>analysis<|message|>{THINKING}")
    assert found == SplitText(THINKING, "", False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ANSWER,
        "  ans = 3\n\n",
        "The analysis: 3 people think.",
        "analysis of the problem: 3",
        "ans = 3  # I <think> so",
        "if x <think and y>: pass",
        "<thinker>3</thinker>",
    ],
)
def test_a_text_without_thinking_stays_as_it_is(text: str) -> None:
    assert split(text) == SplitText(None, text, True)


def test_thinking_in_several_blocks_is_joined_and_so_is_the_answer() -> None:
    found = split("<think>a</think>One.\n<think>b</think>\nTwo.")
    assert found.reasoning == "a\n\nb"
    assert found.answer == "One.\n\nTwo."


def test_a_second_closing_tag_ends_the_thinking() -> None:
    assert split("<think>a</think>b</think>c") == SplitText("a\n\nb", "c", True)


def test_empty_thinking_is_no_thinking() -> None:
    assert split("<think>\n\n</think>\n\nans = 3") == SplitText(None, "ans = 3", True)


def test_the_indentation_of_the_answer_is_kept() -> None:
    assert split("<think>a</think>\n\n    x = 1\n    ans = x").answer == "    x = 1\n    ans = x"


def test_tags_around_the_answer_are_dropped_with_those_around_the_thinking() -> None:
    text = "<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>\nans = 3\n<|end_of_solution|>"
    assert split(text) == SplitText("a", "ans = 3", True)


@pytest.mark.parametrize("tag", ["answer", "response"])
def test_an_answer_in_tags_loses_them_only_beside_thinking_in_tags(tag: str) -> None:
    answer = f"<{tag}>\nans = 3\n</{tag}>"
    assert split(f"<think>a</think>\n{answer}\n") == SplitText("a", "ans = 3", True)
    assert split(answer) == SplitText(None, answer, True)


def test_tags_in_thinking_that_was_sent_apart_are_dropped_and_an_answer_after_them_is_read() -> None:
    assert separated("<think>\na\n</think>", "c") == ("a", "c", True)
    assert separated("<think>a", "c") == ("a", "c", True)
    assert separated("a</think>b", "c") == ("a\n\nb", "c", True)  # nothing is lost
    for nothing in (None, "", "\n"):
        assert separated("a\n</think>\n\nc", nothing) == ("a", "c", True)


def test_thinking_that_an_endpoint_sent_apart_comes_first() -> None:
    assert separated("a", "<think>b</think>c") == ("a\n\nb", "c", True)
    assert separated("a", None) == ("a", None, True)
    assert separated("a", "<think>a</think>c") == ("a", "c", True)  # some send it twice
    assert separated("\na\n", "<think>\na\n</think>c") == ("a", "c", True)
    assert separated(None, "c") == (None, "c", True)


def test_joined_thinking_and_answer_split_into_the_same_parts() -> None:
    assert split(join(THINKING, ANSWER)) == SplitText(THINKING, ANSWER, True)
    assert join(None, ANSWER) == ANSWER


@pytest.mark.parametrize("tag", [tag for tags in TAGS for tag in tags] + ["<|channel|>", "<", "analysis"])
def test_a_text_of_tags_alone_is_split_and_does_not_hang(tag: str) -> None:
    assert isinstance(split(tag * 20_000).answer, str)


@pytest.mark.parametrize(
    "text",
    [
        "The price was <s>$20</s> $15.\n#### 15",
        "It is <s>20</s> <s>16</s> 15.",
        "x = '</s>'\nans = 5",
        "Write <|end|> then\n#### 15",
    ],
)
def test_a_token_within_an_answer_does_not_end_it(text: str) -> None:
    assert separated(None, text)[1] == text
    assert separated(None, f"<think>So.</think>{text}")[1] == text


@pytest.mark.parametrize("begin", ["ans = ", "#### 5"])
def test_a_thought_that_ends_in_endless_spaces_does_not_hang(begin: str) -> None:
    text = begin + " " * 200_000 + "\nx y z w"
    assert separated(text, None)[0] is not None

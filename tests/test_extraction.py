"""The program in a completion is found whatever surrounds it."""

import json
from pathlib import Path

import pytest

from thoughtmill.factory.solvers.program import extraction
from thoughtmill.factory.solvers.program.extraction import extract


def test_plain_code_is_itself() -> None:
    assert extract("a = 2\nans = a * 3") == "a = 2\nans = a * 3"


@pytest.mark.parametrize(
    "mark", ["```python", "```py", "```Python3", "```", "~~~python", "``` python", "```python title=x"]
)
def test_a_marked_block_is_taken_out_of_the_prose(mark: str) -> None:
    close = mark[:3]
    assert extract(f"Let's see.\n\n{mark}\nans = 3\n{close}\n\nThe answer is 3.") == "ans = 3"


def test_an_unclosed_block_goes_to_the_end() -> None:
    assert extract("Sure!\n```python\na = 1\nans = a + 1\n") == "a = 1\nans = a + 1"


def test_blocks_of_python_are_joined_in_their_order() -> None:
    text = "First\n```python\na = 1\n```\nthen\n```python\nans = a + 1\n```\n"
    assert extract(text) == "a = 1\nans = a + 1"


def test_a_block_of_output_is_no_program() -> None:
    assert extract("```python\nprint(3)\n```\nOutput:\n```\n3\n```") == "print(3)"
    assert extract("```python\nprint(3)\n```\n```output\n3\n```") == "print(3)"


def test_prompts_are_taken_away_with_the_output_between_them() -> None:
    text = ">>> a = 2\n>>> for i in range(2):\n...     a += i\n...\n>>> a\n3\n"
    assert extract(text) == "a = 2\nfor i in range(2):\n    a += i\n\na"


def test_prompts_inside_a_block_are_taken_away_too() -> None:
    assert extract("```python\n>>> ans = 4\n```") == "ans = 4"


def test_prose_before_and_after_bare_code_is_cut() -> None:
    text = "We compute the total.\n\nbags = 4\nans = bags * 6\n\nSo there are 24 marbles."
    assert extract(text) == "bags = 4\nans = bags * 6"


def test_prose_after_code_is_cut_where_code_comes_first() -> None:
    assert extract("ans = 4 * 6\nThe answer is 24.") == "ans = 4 * 6"


def test_a_truncated_program_is_not_mended() -> None:
    text = "a = 4\nans = a * (3 +"
    assert extract(text) == text


def test_common_indentation_is_taken_away() -> None:
    assert extract("    a = 1\n    ans = a") == "a = 1\nans = a"


def test_mixed_tabs_become_spaces_where_they_do_not_parse() -> None:
    program = extract("if True:\n\ta = 1\n        ans = a")
    assert program == "if True:\n        a = 1\n        ans = a"


def test_tabs_that_parse_stay() -> None:
    assert extract("def f():\n\treturn 1\nans = f()") == "def f():\n\treturn 1\nans = f()"


def test_windows_line_ends_become_newlines() -> None:
    assert extract("a = 1\r\nans = a\r\n") == "a = 1\nans = a"


@pytest.mark.parametrize("text", ["", "   \n", "I cannot solve this problem.", "The answer is 18 dollars."])
def test_a_text_without_code_holds_no_program(text: str) -> None:
    assert not extract(text)


def test_deep_nesting_does_not_break_extraction() -> None:
    assert extract("-" * 100_000 + "1") is None
    assert extract("ans = " + "(" * 100_000) is not None


def test_an_indented_block_within_a_list_is_found() -> None:
    assert extract("1. Do this:\n   ```python\n   a = 1\n   ans = a\n   ```\n") == "a = 1\nans = a"


@pytest.mark.parametrize("lines", [1000, 5000, 20_000])
def test_a_text_of_many_lines_is_given_up_early(lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    parses = extraction._parses

    def watched(program: str) -> bool:
        parsed.append(len(program))
        return parses(program)

    monkeypatch.setattr(extraction, "_parses", watched)
    text = "bags = 7\n" + "ans = ba\n" * lines + "So that is it, is it not?\nOr is it?"
    assert extract(text) is not None
    assert len(parsed) <= extraction.TRIES + 3
    assert sum(parsed) <= extraction.READ + 4 * len(text)


def test_a_line_of_blanks_is_read_in_linear_time() -> None:
    # so long that a way of reading it that is not linear would take hours
    assert extract("bags" + " " * 1_000_000 + "are full") is None


@pytest.mark.parametrize(
    ("program", "added"),
    [
        ("bags = 4\ntotal = bags * 6", "total"),
        ("total = 4\ntotal *= 6", "total"),
        ("total: int = 4 * 6", "total"),
        ("a, b = 4, 6", None),
        ("a = b = 4", None),
        ("bags = 4\nbags * 6", None),
        ("answer = 4\nrest = 3", None),
        ("print(4)\nrest = 3", None),
        ("def solution():\n    total = 4\nrest = 3", None),
        ("bags.count = 4", None),
    ],
)
def test_an_answer_that_is_not_named_is_in_the_last_assignment(program: str, added: str | None) -> None:
    assert extract(f"```python\n{program}\n```") == (f"{program}\nans = {added}" if added else program)


def test_results_behind_a_calculation_are_dropped_where_nothing_parses_with_them() -> None:
    assert (
        extract("```python\nparts = 2 * 8 = 16\nans = parts + 1 = 17\n```")
        == "parts = 2 * 8\nans = parts + 1"
    )
    assert extract("```python\na = b = 3\nans = a\n```") == "a = b = 3\nans = a"
    broken = "parts = 2 * 8 = 16\nans = parts +"
    assert extract(f"```python\n{broken}\n```") == broken


def test_in_real_programs_the_rules_for_weak_models_find_answers_and_lose_none(shared_data: Path) -> None:
    """Of 1,318 programs, 11 name no answer; 2 of them are right by their last assignment."""
    changed = 0
    for line in (shared_data / "replay" / "pot.jsonl").read_text("utf-8").splitlines():
        completion = json.loads(line)["completion"]
        program = extract(completion) or ""
        changed += program.strip() not in completion.replace("\r\n", "\n")
    assert changed == 11

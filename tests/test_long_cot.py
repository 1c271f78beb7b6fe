"""The thought `long_cot`: thinking and answer together, solved by the answer, its steps checked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_endpoint import FakeEndpoint, Turn
from thoughtmill.factory.generate import generate
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher
from thoughtmill.factory.thoughts import long_cot
from thoughtmill.factory.thoughts.solving import Job, Solved, solve
from thoughtmill.factory.verify import verify

PROBLEM = {
    "problem_id": "p", "problem": "4 bags of 6. How many?", "split": "train", "answer": "24",
    "answer_kind": "number",
}  # fmt: skip


@pytest.fixture(scope="module")
def solvers() -> Iterator[Solvers]:
    with Solvers(Limits(), equations_timeout_s=1.0) as opened:
        yield opened


def solved(solvers: Solvers, text: str, reasoning: str | None = None) -> Solved:
    (found,) = solve([Job("long_cot", PROBLEM["problem"], "number", text, reasoning=reasoning)], solvers)
    return found


def test_thinking_has_one_form_wherever_it_came_from(solvers: Solvers) -> None:
    apart = solved(solvers, "#### 24", "4 * 6 = 24.")
    tagged = solved(solvers, "<think>4 * 6 = 24.</think>\n#### 24")
    closed = solved(solvers, "4 * 6 = 24.\n</think>\n\n#### 24")
    assert (
        apart.rationale == tagged.rationale == closed.rationale == "<think>\n4 * 6 = 24.\n</think>\n\n#### 24"
    )


def test_the_answer_is_never_read_from_the_thinking(solvers: Solvers) -> None:
    found = solved(solvers, "<think>Perhaps #### 20? So the answer is 20.</think>\nThere are 24.\n#### 24")
    assert found.outcome.answer is not None and found.outcome.answer.text == "24"
    silent = solved(solvers, "<think>So the answer is 24.</think>\nI am done.")
    assert silent.outcome.failure == "no_answer"


@pytest.mark.parametrize("text", ["4 * 6 = 24.\n#### 24", "<think>4 * 6 = 24.</think>", "<think>4 * 6"])
def test_without_thinking_or_without_an_answer_there_is_no_long_chain(solvers: Solvers, text: str) -> None:
    assert solved(solvers, text).outcome.failure == "unparsable"


def test_steps_of_the_thinking_are_checked_like_those_of_a_chain(solvers: Solvers) -> None:
    checks = {
        check.check: check.passed
        for check in solved(solvers, "<think>4 * 6 = 25? No.\n4 * 6 = 24.</think>\n#### 24").outcome.checks
    }
    assert (checks["steps"], checks["no_error_in_answer"]) == (False, True)


def test_the_rationale_is_parsed_again_to_itself() -> None:
    text = "<think>\na\n</think>\n\n#### 24"
    assert long_cot.parse(text) == text


@pytest.mark.parametrize("thought", ["cot", "pot", "eot", "knowledge"])
def test_no_other_parser_sees_the_thinking(solvers: Solvers, thought: str) -> None:
    thinking = '<think>```python\nans = 1\n```\nx = 1\n["No rule."]\n#### 1</think>\n'
    answers = {
        "cot": "#### 24", "pot": "```python\nans = 24\n```", "eot": "ans = 24",
        "knowledge": '["A total is a number of groups times the size of one."]',
    }  # fmt: skip
    for text in (thinking + answers[thought], thinking.removeprefix("<think>") + answers[thought]):
        (with_thinking,) = solve([Job(thought, PROBLEM["problem"], "number", text)], solvers)
        (without,) = solve([Job(thought, PROBLEM["problem"], "number", answers[thought])], solvers)
        assert with_thinking[:2] == without[:2]


def test_a_reasoning_model_behind_an_endpoint_makes_a_record_with_its_thinking(
    tmp_path: Path, solvers: Solvers
) -> None:
    request = Request(PROBLEM, "long_cot", 0, ({"role": "user", "content": PROBLEM["problem"]},))
    with FakeEndpoint(lambda prompt, times: Turn(text="<think>4 * 6 = 24.</think>\n#### 24")) as endpoint:
        teacher = OpenAITeacher(EndpointSettings(base_url=endpoint.url), tmp_path / "ledger.sqlite")
        (row,) = generate([request], teacher, "openai")
    assert (row["completion"], row["reasoning"]) == ("#### 24", "4 * 6 = 24.")
    ((record, _),) = verify([row], [PROBLEM], lambda jobs: iter(solve([*jobs], solvers)))
    assert record["correct"] is True
    assert record["rationale"] == "<think>\n4 * 6 = 24.\n</think>\n\n#### 24"

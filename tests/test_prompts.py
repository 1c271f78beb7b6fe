"""Prompts: separate messages, texts never formatted, exemplars that are solved."""

import json
from pathlib import Path

import pytest

from thoughtmill.factory.answers.number import equal
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import THOUGHTS, prompts

EXEMPLARS = Path(__file__).parents[1] / "data" / "exemplars.jsonl"
ROWS = [json.loads(line) for line in EXEMPLARS.read_text().splitlines()]
HOSTILE = {"problem": "Cost {0} $18 \\boxed{5} %s {problem}?", "solution": None}


@pytest.mark.parametrize("thought", THOUGHTS.names())
def test_each_exemplar_is_an_exchange_of_its_own(thought: str) -> None:
    prompt = prompts.load(thought, EXEMPLARS)
    roles = [message["role"] for message in prompt.messages(HOSTILE)]
    exemplars = 0 if thought == "long_cot" else 4  # reasoning models do worse with examples (R1, section 5)
    assert roles == ["system", *["user", "assistant"] * exemplars, "user"]


@pytest.mark.parametrize("thought", THOUGHTS.names())
def test_braces_and_dollars_of_a_problem_arrive_untouched(thought: str) -> None:
    message = prompts.load(thought, EXEMPLARS).messages(HOSTILE)[-1]
    assert message["content"] == "Problem:\n" + str(HOSTILE["problem"])


@pytest.mark.parametrize("thought", THOUGHTS.names())
def test_a_reminder_ends_each_message_that_shows_a_problem_and_changes_nothing_else(thought: str) -> None:
    plain = prompts.load(thought, EXEMPLARS)
    asked = zip(plain.messages(HOSTILE), plain.reminding().messages(HOSTILE), strict=True)
    for before, after in asked:
        end = f"\n\n{plain.spare_reminder}" if before["role"] == "user" and plain.spare_reminder else ""
        assert after == {**before, "content": before["content"] + end}
    assert bool(plain.spare_reminder) == (thought != "long_cot")


def test_only_knowledge_is_shown_the_solution() -> None:
    problem = {"problem": "2 + 2?", "solution": "2+2=<<2+2=4>>4\n#### 4", "answer": "4"}
    shown = {
        thought: prompts.load(thought, EXEMPLARS).messages(problem)[-1]["content"]
        for thought in THOUGHTS.names()
    }
    assert {thought for thought, text in shown.items() if "#### 4" in text} == {"knowledge"}
    assert not any(text.rstrip().endswith("Answer:\n4") for text in shown.values())


def test_an_unknown_thought_is_named_with_those_there_are() -> None:
    known = "unknown thought `tot`; there are: cot, eot, equation_only, knowledge, long_cot, pot, socratic"
    with pytest.raises(ThoughtmillError, match=known):
        prompts.load("tot", EXEMPLARS)


def test_an_exemplar_without_its_completion_is_named(tmp_path: Path) -> None:
    path = tmp_path / "exemplars.jsonl"
    path.write_text('{"thought": "cot", "problem": "2 + 2?"}\n')
    with pytest.raises(ThoughtmillError, match="line 1: no completion"):
        prompts.load("cot", path)


def test_every_thought_has_its_instruction_and_exemplars() -> None:
    assert {path.stem for path in prompts.FOLDER.glob("*.md")} == set(THOUGHTS.names())
    assert {row["thought"] for row in ROWS} == set(THOUGHTS.names()) - {"long_cot"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['thought']}-{row['answer']}")
def test_an_exemplar_is_solved_to_its_answer(row: dict[str, str]) -> None:
    thought = THOUGHTS.named(row["thought"])
    rationale = thought.parse(row["completion"])
    assert rationale is not None
    with Solvers(Limits(), equations_timeout_s=5.0) as solvers:
        outcome = thought.solve(rationale, row["problem"], "number", solvers)
    assert outcome.failure is None
    assert row["thought"] == "knowledge" or equal(str(outcome.answer), row["answer"])

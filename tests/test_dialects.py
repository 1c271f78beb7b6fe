"""The dialects of the embedded teacher: the same answers in other words, and the default is as before."""

import json
from typing import Any

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.checks.rules import leaks
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.embedded import EmbeddedTeacher, EmbeddedTeacherSettings
from thoughtmill.factory.teachers.embedded.rules import WHY, WORDINGS

PROBLEM = {
    "problem_id": "p",
    "problem": "Mia has 12 pens. She keeps 2 pens and shares the rest among 5 friends. What does each get?",
    "solution": "She shares 12-2 = <<12-2=10>>10 pens.\nA friend gets 10/5 = <<10/5=2>>2 pens.\n#### 2",
}


def said(thought: str, **settings: Any) -> str:
    teacher = EmbeddedTeacher(EmbeddedTeacherSettings(error_rate=0.0, **settings))
    (reply,) = teacher.complete([Request(PROBLEM, thought, 0, ())])
    assert reply.completion is not None
    return reply.completion


def test_programs_declare_the_numbers_of_the_problem_or_write_them_in_place(solvers: Solvers) -> None:
    programs = {dialect: said("pot", programs=dialect) for dialect in ("declared", "in_place")}
    assert "= 12\n" in programs["declared"]
    assert "= 12 - 2\n" in programs["in_place"]
    for program in programs.values():
        text = program.removeprefix("```python\n").removesuffix("\n```")
        assert solvers.programs.run(text).answer == Answer("2")


def test_rules_say_why_and_stay_general() -> None:
    what, why = (json.loads(said("knowledge", rules=dialect)) for dialect in ("what", "why"))
    assert len(what) == len(why)
    for plain, reasoned in zip(what, why, strict=True):
        assert reasoned.startswith(f"{plain[:-1]}, because ")
        assert leaks(reasoned, PROBLEM["problem"]) is None


def test_each_pattern_has_its_reason() -> None:
    assert set(WHY) == set(WORDINGS)


@pytest.mark.parametrize("thought", ["cot", "eot"])
def test_other_thoughts_have_no_dialects(thought: str) -> None:
    assert said(thought, programs="in_place", rules="why") == said(thought)


def test_request_keys_of_the_default_dialect_are_those_before_there_were_dialects() -> None:
    assert EmbeddedTeacherSettings().told() == {"error_rate": 0.15, "seed": 1}
    assert EmbeddedTeacherSettings(rules="why").told()["rules"] == "why"

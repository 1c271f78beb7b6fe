"""Worked solutions in prose: they are chains as they are, and their slips are those of a chain."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from thoughtmill.factory.answers.reading import boxes
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.embedded import EmbeddedTeacherSettings, make, prose

BOXED = r"First $3+4=\boxed{7}$ coins. So there are $7 \cdot 2 = \boxed{14x}$ of them. [asy]dot((0,0));[/asy]"
CHOICE = "Half of 12 is 6.\n#### B"


def ask(solution: str | None, thought: str = "cot", number: int = 0, error_rate: float = 0.0) -> Reply:
    problem = {"problem_id": f"p-{number}", "problem": "How many coins?", "solution": solution}
    teacher = make(EmbeddedTeacherSettings(error_rate=error_rate), Path(), ())
    return next(iter(teacher.complete([Request(problem, thought, 0, ())])))


@pytest.mark.parametrize(
    ("solution", "chain"),
    [
        (BOXED, r"First $3+4=\boxed{7}$ coins. So there are $7 \cdot 2 = \boxed{14x}$ of them."),
        (CHOICE, CHOICE),
        (r"Two answers: \fbox{$x=1$}", r"Two answers: \fbox{$x=1$}"),
        ("12 / 2 = 6 apples.\n#### 7", None),  # a number that its own calculations do not give
        ("It is 6.", None),
        ("[asy]label((1,1));[/asy]", None),
        ("", None),
        (None, None),
    ],
)
def test_a_solution_that_closes_with_its_answer_is_a_chain(solution: str | None, chain: str | None) -> None:
    reply = ask(solution)
    assert reply.completion == chain
    assert reply.failure == (None if chain else "uncompilable")


@pytest.mark.parametrize("thought", ["knowledge", "pot", "eot"])
def test_prose_holds_no_other_thought(thought: str) -> None:
    reply = ask(BOXED, thought)
    assert (reply.completion, reply.failure) == (None, "uncompilable")
    assert reply.detail and "####" in reply.detail


def test_slips_come_at_their_rate_and_are_of_every_kind() -> None:
    replies = [ask(BOXED, number=number, error_rate=0.5) for number in range(400)]
    right = prose.chain(BOXED)
    assert 0.4 < sum(reply.completion != right for reply in replies) / 400 < 0.6
    last = Counter(
        "vague" if "box" not in text else "wrong" if boxes(text)[-1] not in ("14x", "7") else "other"
        for text in (str(reply.completion) for reply in replies if reply.completion != right)
    )
    assert set(last) == {"vague", "wrong", "other"}
    assert {reply.finish_reason for reply in replies} == {"stop", "length"}


def test_a_wrong_answer_is_never_the_answer() -> None:
    for seed in range(50):
        assert prose.wrong_answer(CHOICE, Random(seed)) in {f"{CHOICE[:-1]}{letter}" for letter in "ACDE"}
        wrong = prose.wrong_answer(str(prose.chain(BOXED)), Random(seed))
        assert wrong and boxes(wrong)[-1] != "14x"
    assert prose.wrong_answer(r"It is \boxed{x}.", Random(0)) is None
    assert prose.unboxed(r"\boxed{x}", Random(0)) is None

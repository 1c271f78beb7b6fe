"""The embedded teacher writes what solutions say, slips at its rate, and says why where it cannot."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import pytest
from pydantic import ValidationError

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.problems import stories
from thoughtmill.factory.solutions.calculations import MARK
from thoughtmill.factory.solvers import equations
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program import extraction
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.embedded import EmbeddedTeacher, EmbeddedTeacherSettings

Problem = Mapping[str, str | None]
MARBLES: Problem = {
    "problem_id": "marbles-1",
    "problem": "Ben has 4 bags of 6 marbles and loses 9. How many are left?",
    "answer": "15",
    "solution": (
        "Given: bags = 4\nGiven: bag_size = 6\nGiven: lost = 9\n"
        "Rule: What is left is what was minus what went.\n"
        "4 bags of 6 are <<marbles=bags*bag_size=24>>24.\n"
        "There are <<left=marbles-lost=15>>15 left.\n#### 15"
    ),
}
MESSAGES = ({"role": "user", "content": "Solve {it} for $5."},)


def ask(problem: Problem, thought: str, sample: int = 0, **settings: float) -> Reply:
    request = Request(problem, thought, sample, MESSAGES)
    return next(
        EmbeddedTeacher(EmbeddedTeacherSettings.model_validate({"error_rate": 0, **settings})).complete(
            [request]
        )
    )


def gsm8k(folder: Path, count: int) -> Iterator[Problem]:
    with (folder / "gsm8k" / "train.jsonl").open(encoding="utf-8") as lines:
        for index, row in enumerate(map(json.loads, islice(lines, count))):
            gold = answers.canonical(row["answer"].rpartition("####")[2].strip())
            yield {
                "problem_id": f"gsm8k-train-{index}",
                "problem": row["question"],
                "solution": row["answer"],
                "answer": gold,
            }


def is_usable(problem: Problem) -> bool:
    """Say whether a solution's own marks will do: there is one, all compute, and one comes to the answer."""
    marks = [mark.rsplit("=", 1) for mark in MARK.findall(str(problem["solution"]))]
    values = [answers.value(mark[-1]) for mark in marks]
    computed = [evaluate(mark[0]) for mark in marks]
    return None not in computed and values == computed and answers.value(str(problem["answer"])) in values


def solved(solvers: Solvers, thought: str, completion: str) -> str | None:
    """Return what a program or a system comes to."""
    if thought == "pot":
        program = extraction.extract(completion)
        answer = solvers.programs.run(program).answer if program else None
    else:
        system = equations.equations_of(completion)
        answer = solvers.equations.solve(system).answer if system else None
    return answer and answer.text


def test_every_reply_is_free_and_from_the_embedded_model() -> None:
    reply = ask(MARBLES, "pot")
    assert (reply.model, reply.cost_usd, reply.finish_reason, reply.failure) == (
        "embedded-1",
        0.0,
        "stop",
        None,
    )
    assert reply.prompt_tokens is reply.completion_tokens is reply.latency_s is None


def test_a_problem_without_a_solution_is_uncompilable() -> None:
    for solution in (None, ""):
        reply = ask({**MARBLES, "solution": solution}, "cot")
        assert (reply.completion, reply.failure) == (None, "uncompilable")
        assert reply.detail == "the problem has no worked solution"


def test_an_unusable_solution_is_uncompilable_and_says_why() -> None:
    reply = ask({**MARBLES, "solution": "<<12*3=37>>37\n#### 37"}, "cot")
    assert (reply.failure, reply.detail) == ("uncompilable", "the mark `12*3=37` does not compute")


def test_a_thought_it_does_not_know_is_uncompilable() -> None:
    reply = ask(MARBLES, "haiku")
    assert (reply.failure, reply.detail) == ("uncompilable", "the embedded teacher does not write haiku")


def test_each_request_has_a_key_of_its_own_and_the_same_key_again() -> None:
    asked = [
        ask(MARBLES, "pot"),
        ask(MARBLES, "eot"),
        ask(MARBLES, "pot", sample=1),
        ask(MARBLES, "pot", seed=2),
        ask(MARBLES, "pot", error_rate=0.5),
        ask({**MARBLES, "problem_id": "marbles-2"}, "pot"),
    ]
    keys = [reply.request_key for reply in asked]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 64 and int(key, 16) >= 0 for key in keys)
    assert ask(MARBLES, "pot").request_key == keys[0]


def test_the_messages_are_part_of_the_key() -> None:
    teacher = EmbeddedTeacher(EmbeddedTeacherSettings())
    one, other = (
        next(teacher.complete([Request(MARBLES, "pot", 0, ({"role": "user", "content": text},))]))
        for text in ("a", "b")
    )
    assert one.request_key != other.request_key
    assert one.completion == other.completion


def test_requests_are_answered_one_at_a_time_and_in_order() -> None:
    drawn: list[int] = []

    def requests() -> Iterator[Request]:
        for sample in range(1000):
            drawn.append(sample)
            yield Request(MARBLES, "cot", sample, MESSAGES)

    replies = EmbeddedTeacher(EmbeddedTeacherSettings()).complete(requests())
    assert [next(replies).request.sample for _ in range(3)] == [0, 1, 2]
    assert drawn == [0, 1, 2]


def test_slips_come_at_their_rate_and_the_same_ones_again() -> None:
    right = ask(MARBLES, "pot").completion
    said = [ask(MARBLES, "pot", sample, error_rate=0.25).completion for sample in range(800)]
    assert 150 < sum(one != right for one in said) < 250
    assert said == [ask(MARBLES, "pot", sample, error_rate=0.25).completion for sample in range(800)]


def test_another_seed_slips_elsewhere() -> None:
    one, other = (
        [ask(MARBLES, "cot", sample, error_rate=0.5, seed=seed).completion for sample in range(50)]
        for seed in (1, 2)
    )
    assert one != other


def test_only_what_is_cut_off_stops_for_its_length() -> None:
    right = str(ask(MARBLES, "pot").completion)
    for sample in range(100):
        reply = ask(MARBLES, "pot", sample, error_rate=1)
        cut = right.startswith(str(reply.completion)) and reply.completion != right
        assert reply.finish_reason == ("length" if cut else "stop")


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(ValidationError):
        EmbeddedTeacherSettings(error_rate=rate)


@pytest.mark.parametrize("thought", ["pot", "eot"])
def test_the_embedded_set_compiles_into_thoughts_that_solve_to_the_answer(thought: str) -> None:
    problems = [
        {"problem_id": f"{split}-{i}", **story._asdict()}
        for split in ("train", "test_numbers", "test_compositions", "test_templates")
        for i, story in enumerate(stories.tell(split, 150, seed=3))
    ]
    requests = (Request(problem, thought, 0, MESSAGES) for problem in problems)
    with Solvers(Limits(), equations_timeout_s=5) as solvers:
        for reply in EmbeddedTeacher(EmbeddedTeacherSettings(error_rate=0)).complete(requests):
            assert reply.completion is not None, (reply.detail, reply.request.problem["solution"])
            found = solved(solvers, thought, reply.completion)
            assert answers.equal(str(found), str(reply.request.problem["answer"])), reply.completion


@pytest.mark.parametrize("thought", ["pot", "eot"])
def test_every_usable_solution_of_gsm8k_becomes_a_thought_that_solves_to_the_answer(
    shared_data: Path, thought: str
) -> None:
    requests = (Request(problem, thought, 0, MESSAGES) for problem in gsm8k(shared_data, 1500))
    usable = verified = wrong = uncompilable = 0
    with Solvers(Limits(), equations_timeout_s=5) as solvers:
        for reply in EmbeddedTeacher(EmbeddedTeacherSettings(error_rate=0)).complete(requests):
            usable += is_usable(reply.request.problem)
            if reply.completion is None:
                assert reply.failure == "uncompilable"
                assert reply.detail
                uncompilable += 1
            elif answers.equal(
                str(solved(solvers, thought, reply.completion)), str(reply.request.problem["answer"])
            ):
                verified += is_usable(reply.request.problem)
            else:
                wrong += 1
    assert wrong == 0
    assert usable >= 0.9 * 1500
    assert verified >= 0.95 * usable
    assert uncompilable <= 0.06 * 1500


def test_slipped_programs_and_systems_hardly_ever_come_to_the_answer() -> None:
    problems = [
        {"problem_id": f"train-{i}", **story._asdict()}
        for i, story in enumerate(stories.tell("train", 150, seed=4))
    ]
    right = 0
    with Solvers(Limits(), equations_timeout_s=5) as solvers:
        for thought in ("pot", "eot"):
            requests = (Request(problem, thought, 0, MESSAGES) for problem in problems)
            for reply in EmbeddedTeacher(EmbeddedTeacherSettings(error_rate=1)).complete(requests):
                found = solved(solvers, thought, str(reply.completion))
                right += answers.equal(str(found), str(reply.request.problem["answer"]))
    assert right <= 9

"""Draws: a plan asks, is served, and decides; from stored samples or one after the other."""

from collections.abc import Sequence

import pytest

from tests.tabled import table, wrote
from thoughtmill.factory.answers import Answer
from thoughtmill.train.policies.lorid import lorid
from thoughtmill.train.policies.pairs import pair
from thoughtmill.train.policies.plans import (
    Decision,
    MissingSample,
    Plan,
    PlanRunner,
    Policy,
    SampleRequest,
    each,
    replay,
    runners,
    together,
    unanswered,
)
from thoughtmill.train.policies.votes import early_stop, majority


def twice(problem_id: str) -> Plan[Decision]:
    (one,) = yield [SampleRequest(problem_id, "ir", 1)]
    (two,) = yield [SampleRequest(problem_id, "ir", 2)]
    return Decision((Answer(f"{one.predicted_answer}+{two.predicted_answer}"),), True, 2)


def test_a_plan_is_sent_the_samples_it_asked_for_and_their_tokens_are_counted() -> None:
    found = replay(each(twice), ["p"], table({"ir": ["7", "8", "9"]}))
    assert found.decisions == {"p": Decision((Answer("7+8"),), True, 2)}
    assert found.new_tokens == {"p": 20}


def test_a_sample_that_nobody_drew_is_named() -> None:
    with pytest.raises(MissingSample, match=r"p: `ir`, round 2, sample 0 was never drawn"):
        replay(each(twice), ["p"], table({"ir": ["7"]}))


def test_a_follower_waits_for_what_is_missing_and_goes_on_when_it_comes() -> None:
    runner = PlanRunner(each(twice).plans(["p"])[0])
    assert runner.advance({}) == [SampleRequest("p", "ir", 1)]
    assert runner.advance({}) == [SampleRequest("p", "ir", 1)]
    stored = table({"ir": ["7"]})
    assert runner.advance(stored) == [SampleRequest("p", "ir", 2)]
    assert runner.decided is None
    assert runner.advance(stored | table({"ir": ["8"]}, first=2)) == []
    assert runner.decided == {"p": Decision((Answer("7+8"),), True, 2)}


def test_a_draw_that_a_plan_asks_for_again_is_paid_once() -> None:
    def again(problem_id: str) -> Plan[Decision]:
        for _ in range(3):
            (one,) = yield [SampleRequest(problem_id, "ir", 1)]
        return Decision((Answer(str(one.predicted_answer)),), True, 1)

    assert replay(each(again), ["p"], table({"ir": ["7"]})).new_tokens == {"p": 10}


def test_what_is_given_does_not_tell_two_draws_apart() -> None:
    rules = SampleRequest("p", "kg", 1)
    assert SampleRequest("p", "dr", 1, given=rules).key == SampleRequest("p", "dr", 1).key


def test_plans_side_by_side_ask_at_once_and_each_is_sent_its_own() -> None:
    def waits(role: str, rounds: int) -> Plan[list[str]]:
        heard = []
        for round_ in range(1, rounds + 1):
            (one,) = yield [SampleRequest("p", role, round_)]
            heard.append(one.text)
        return heard

    plan = together([waits("ir", 2), waits("cot", 0), waits("eq", 1)])
    asked = next(plan)
    assert [(one.role, one.round) for one in asked] == [("ir", 1), ("eq", 1)]
    assert plan.send([wrote("ir", "1"), wrote("eq", "2")]) == [SampleRequest("p", "ir", 2)]
    with pytest.raises(StopIteration) as end:
        plan.send([wrote("ir", "3")])
    assert end.value.value == [["so 1", "so 3"], [], ["so 2"]]


def test_a_policy_over_all_problems_counts_the_tokens_of_each() -> None:
    def all_at_once(problem_ids: Sequence[str]) -> Plan[dict[str, Decision]]:
        samples = yield [SampleRequest(one, "ir", 1) for one in problem_ids]
        answers = [(Answer(str(sample.predicted_answer)),) for sample in samples]
        return {one: Decision(answer, True, 1) for one, answer in zip(problem_ids, answers, strict=True)}

    stored = table({"ir": ["7"]}, "p") | table({"ir": ["8"]}, "q")
    found = replay(Policy(lambda ids: [all_at_once(ids)]), ["p", "q"], stored)
    assert {name: one.answers for name, one in found.decisions.items()} == {
        "p": (Answer("7"),),
        "q": (Answer("8"),),
    }
    assert found.new_tokens == {"p": 10, "q": 10}


def test_the_course_of_a_plan_is_what_it_asks_for_while_no_answer_comes() -> None:
    asked = [(draw.role, draw.round) for draw in unanswered(lorid("p", 3))]
    assert asked == [(role, round_) for round_ in (1, 2, 3) for role in ("ir", "kg", "dr")]
    assert [draw.round for draw in unanswered(early_stop("p", "ir", 6, 4))] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("vain", "ahead"), [(0, 0), (1, 2), (2, 4), (5, 10), (8, 12)])
def test_after_rounds_in_vain_as_many_are_written_ahead(vain: int, ahead: int) -> None:
    (runner,) = runners(each(lambda one: lorid(one, 12)), ["p"])
    runner.advance(table({role: [None] * vain for role in ("ir", "kg", "dr")}))
    assert [draw.round for draw in runner.lookahead()] == [r for r in range(1, ahead + 1) for _ in range(3)]


def test_a_plan_that_waits_for_many_rounds_has_gone_through_those_before_the_first() -> None:
    for plan in (majority, lambda one, role, k: early_stop(one, role, k, 8)):
        (runner,) = runners(each(lambda one, plan=plan: plan(one, "ir", 16)), ["p"])  # type: ignore[misc]
        runner.advance({})
        assert runner.lookahead() == []


def test_nothing_is_written_ahead_where_it_hangs_on_what_the_answers_are() -> None:
    (runner,) = runners(each(lambda one: pair(one, 3)), ["p"])
    assert [draw.role for draw in runner.advance(table({"gp": ["7"], "eq": ["8"]}))] == [
        "gp_hint",
        "eq_hint",
    ]
    assert runner.lookahead() == []
    (runner,) = runners(each(lambda one: pair(one, 3, hints=False)), ["p"])
    runner.advance(table({"gp": ["7", "7"], "eq": ["8", "8"]}))
    assert [draw.round for draw in runner.lookahead()] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_of_a_plan_over_all_problems_only_those_it_waits_for_are_written_ahead() -> None:
    def one_again(problem_ids: Sequence[str]) -> Plan[dict[str, Decision]]:
        yield [SampleRequest(one, "ir", 1) for one in problem_ids]
        for round_ in (2, 3):
            yield [SampleRequest("q", "ir", round_)]
        return {}

    (runner,) = runners(Policy(lambda ids: [one_again(ids)]), ["p", "q"])
    runner.advance(table({"ir": ["7"]}, "p") | table({"ir": ["7", "7"]}, "q"))
    assert runner.lookahead() == [
        SampleRequest("q", "ir", 1),
        SampleRequest("q", "ir", 2),
        SampleRequest("q", "ir", 3),
    ]

"""Votes: whom they ask, when they stop, what they say of a tie, and how many samples are worth drawing."""

import random

import pytest

from tests.tabled import decided, table
from thoughtmill.factory.answers import Answer
from thoughtmill.train.measuring.scores import scored
from thoughtmill.train.policies import PolicySettings, policy
from thoughtmill.train.policies.plans import Policy, PolicyOutcome, Sample, SampleKey, replay
from thoughtmill.train.policies.votes import (
    BLOCK,
    adaptive,
    agree,
    difficulty,
    early_stop,
    greedy,
    majority,
    passed,
    prove,
    sure,
    tally,
)


def test_answers_agree_as_numbers_and_no_answer_agrees_with_nothing() -> None:
    assert agree(Answer("0.5"), Answer("1/2"))
    assert not agree(Answer("24"), Answer("2400"))
    assert not agree(None, None)


def test_greedy_takes_round_zero() -> None:
    stored = table({"ir": ["7", "9"]}, first=0)
    assert decided(greedy("p", "ir"), stored) == (("7",), True, 1, 10)


def test_greedy_without_an_answer_is_unresolved() -> None:
    assert decided(greedy("p", "ir"), table({"ir": [None]}, first=0)) == ((), False, 1, 10)


def test_the_majority_of_k_samples_wins_and_all_are_paid() -> None:
    stored = table({"ir": ["7", "9", "9", "9"]})
    assert decided(majority("p", "ir", 3), stored) == (("9",), True, 3, 30)
    assert decided(majority("p", "ir", 1), stored) == (("7",), True, 1, 10)


def test_of_answers_with_as_many_votes_the_earlier_wins() -> None:
    assert decided(majority("p", "ir", 4), table({"ir": ["9", "7", "7", "9"]}))[0] == ("9",)
    assert decided(majority("p", "ir", 4), table({"ir": [None, "7", "9", None]}))[0] == ("7",)


def test_a_sample_without_an_answer_has_no_vote_and_costs_its_tokens() -> None:
    assert decided(majority("p", "ir", 3), table({"ir": [None, None, "7"]})) == (("7",), True, 3, 30)
    assert decided(majority("p", "ir", 2), table({"ir": [None, None]})) == ((), False, 2, 20)


def test_the_ceiling_holds_every_answer_once() -> None:
    stored = table({"ir": ["7", "9", "7", "1/2", "0.5"]})
    assert set(decided(passed("p", "ir", 5), stored)[0]) == {"7", "9", "1/2"}


def test_early_stopping_stops_after_a_unanimous_window() -> None:
    stored = table({"ir": ["7", "9", "9", "9", "7", "7"]})
    assert decided(early_stop("p", "ir", 6, 2), stored) == (("9",), True, 4, 40)
    assert decided(early_stop("p", "ir", 6, 3), stored) == (("7",), False, 6, 60)


def test_a_window_of_failures_is_not_unanimous_and_a_short_last_one_proves_nothing() -> None:
    assert decided(early_stop("p", "ir", 3, 2), table({"ir": [None, None, "7"]})) == (("7",), False, 3, 30)


@pytest.mark.parametrize(("first", "second"), [(3, 0), (4, 0), (5, 1), (9, 4), (2, 2), (0, 0)])
def test_the_posterior_is_the_mass_of_the_beta_above_one_half(first: int, second: int) -> None:
    rng = random.Random("beta")
    drawn = [rng.betavariate(first + 1, second + 1) > 0.5 for _ in range(20_000)]
    mass = sum(drawn) / len(drawn)
    votes = [(Answer("7"), first), (Answer("9"), second)]
    assert sure(votes, mass - 0.02) or mass < 0.53
    assert not sure(votes, mass + 0.02)


def test_adaptive_voting_stops_as_soon_as_the_lead_is_sure() -> None:
    assert decided(adaptive("p", "ir", 20, 0.95), table({"ir": ["7"] * 20})) == (("7",), True, 4, 40)
    stored = table({"ir": ["9", "7", "7", "7", "7", "7", "7", "7"]})
    assert decided(adaptive("p", "ir", 20, 0.95), stored) == (("7",), True, 7, 70)


def test_adaptive_voting_gives_up_after_k() -> None:
    assert decided(adaptive("p", "ir", 4, 0.95), table({"ir": ["7", "9", "7", "9"]})) == (
        ("7",),
        False,
        4,
        40,
    )


def test_only_chains_that_their_own_program_bears_out_vote() -> None:
    stored = table({"cot": ["9", "9", "7"], "pot": ["8", None, "7"]})
    assert decided(prove("p", "cot", "pot", 3), stored) == (("7",), True, 3, 60)


def test_without_a_proven_chain_all_chains_vote() -> None:
    stored = table({"cot": ["9", "9", "7"], "pot": ["8", None, "9"]})
    assert decided(prove("p", "cot", "pot", 3), stored) == (("9",), False, 3, 60)


def test_equal_answers_are_counted_together_under_the_first() -> None:
    third, rounded, two = Answer("1/3"), Answer("0.33333"), Answer("2")
    assert tally([third, rounded, None, two]) == [(third, 2), (two, 1)]


EASY, HARD = [f"easy-{n:02}" for n in range(BLOCK)], [f"hard-{n:02}" for n in range(BLOCK)]


ROOT, DOUBLED, PAIR = (
    Answer(r"2\sqrt{5}", "expression"),
    Answer(r"\sqrt{20}", "expression"),
    Answer("(1, 2)", "tuple"),
)


def test_equal_mathematics_votes_together_however_it_is_written() -> None:
    assert tally([PAIR, ROOT, None, DOUBLED]) == [(ROOT, 2), (PAIR, 1)]
    assert tally([DOUBLED, Answer("4.472136"), ROOT]) == [(DOUBLED, 3)]
    assert agree(Answer(r"\frac{\sin 2x}{\sin x \cos x}", "expression"), Answer("2"))
    assert not agree(PAIR, Answer("(2, 1)", "tuple"))


@pytest.mark.parametrize("name", ["majority@3/ir", "early_stop@3/ir", "adaptive@3/ir", "pass@3/ir"])
def test_a_vote_about_mathematics_is_decided_by_classes_of_equal_answers(name: str) -> None:
    said = [ROOT, PAIR, DOUBLED]
    stored = {("p", "ir", number, 0): Sample("", answer, None, 9) for number, answer in enumerate(said, 1)}
    chosen = policy(name, PolicySettings(window=2))
    outcome = replay(chosen, ["p"], stored)
    assert outcome.decisions["p"].answers[0] == ROOT
    assert scored(chosen, outcome, {"p": Answer(r"\frac{10}{\sqrt{5}}", "expression")}).right == {"p": True}


def samples(name: str, answers: list[str], new_tokens: int) -> dict[SampleKey, Sample]:
    drawn = table({"ir": list(answers)}, name)
    return {key: Sample(one.text, one.predicted_answer, None, new_tokens) for key, one in drawn.items()}


def voted(stored: dict[SampleKey, Sample]) -> PolicyOutcome:
    ids = sorted({key[0] for key in stored})
    return replay(Policy(lambda all_: [difficulty(all_, "ir", 8, 4, 0.95)]), ids, stored)


def test_below_a_unanimous_block_every_problem_gets_one_sample() -> None:
    stored: dict[SampleKey, Sample] = {}
    for name in HARD:
        stored |= samples(name, ["7"] * 8, 30)
    for name in EASY:
        stored |= samples(name, ["5"], 10)
    found = voted(stored)
    assert {found.decisions[name].rounds for name in HARD} == {4}
    easy = {(found.decisions[name].answers, found.decisions[name].rounds) for name in EASY}
    assert easy == {((Answer("5"),), 1)}
    assert found.new_tokens["easy-00"] == 10


def test_the_longer_first_sample_is_the_harder_problem() -> None:
    stored: dict[SampleKey, Sample] = {}
    for name in HARD:
        stored |= samples(name, ["7"], 10)  # short after all: one sample is enough to serve them
    for name in EASY:
        stored |= samples(name, ["5"] * 8, 30)
    assert {voted(stored).decisions[name].rounds for name in HARD} == {1}


def test_a_block_that_disagrees_draws_on_and_the_next_is_allotted_as_many() -> None:
    stored: dict[SampleKey, Sample] = {}
    for name in HARD:
        stored |= samples(name, ["7", "9"] * 4, 30)
    for name in EASY:
        stored |= samples(name, ["5"] * 8, 10)
    found = voted(stored)
    assert {(one.rounds, one.resolved) for name, one in found.decisions.items() if name in HARD} == {
        (8, False)
    }
    assert {(one.rounds, one.resolved) for name, one in found.decisions.items() if name in EASY} == {
        (8, True)
    }


def test_it_never_draws_more_than_k() -> None:
    stored = samples("a", ["7", "9", "7", "9", "7", "9", "7", "9"], 5)
    assert voted(stored).decisions["a"].rounds == 8
    assert voted(stored).decisions["a"].answers == (Answer("7"),)

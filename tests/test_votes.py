"""Votes: whom they ask, when they stop, and what they say of a tie."""

import random

import pytest

from tests.tabled import decided, table
from train.votes import adaptive, agree, early_stop, greedy, majority, passed, prove, sure, tally


def test_answers_agree_as_numbers_and_no_answer_agrees_with_nothing() -> None:
    assert agree("0.5", "1/2")
    assert not agree("24", "2400")
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
    votes = [("a", first), ("b", second)]
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
    assert tally(["1/3", "0.33333", None, "2"]) == [("1/3", 2), ("2", 1)]

"""Pairs and networks: who sees whose work, how often, and how they vote."""

from tests.tabled import decided, table
from thoughtmill.train.policies.pairs import network, pair
from thoughtmill.train.policies.plans import Sample, SampleKey, SampleRequest


def test_a_pair_that_agrees_at_once_gives_no_hints() -> None:
    assert decided(pair("p", 3), table({"gp": ["7"], "eq": ["7"]})) == (("7",), True, 1, 20)


def test_on_disagreement_each_is_given_the_others_work_and_answers_again() -> None:
    plan = pair("p", 3)
    first = next(plan)
    stored = table({"gp": ["7"], "eq": ["9"]})
    asked = plan.send([stored[one.key] for one in first])
    words, equations = first
    assert asked == [
        SampleRequest("p", "gp_hint", 2, 0, equations),
        SampleRequest("p", "eq_hint", 2, 0, words),
    ]


def test_an_agreement_after_hints_is_the_answer() -> None:
    stored = table({"gp": ["7"], "eq": ["9"]}) | table({"gp_hint": ["9"], "eq_hint": ["9"]}, first=2)
    assert decided(pair("p", 3), stored) == (("9",), True, 2, 40)


def test_the_latest_answers_must_agree_not_any_two() -> None:
    stored = table({"gp": ["7"], "eq": ["9"]}) | table({"gp_hint": ["9"], "eq_hint": ["7"]}, first=2)
    assert decided(pair("p", 1), stored) == (("7",), False, 2, 40)


def test_a_peer_without_an_answer_is_no_hint() -> None:
    stored = table({"gp": ["7", "7"], "eq": [None]}) | table({"eq_hint": ["7"]}, first=2)
    assert decided(pair("p", 3), stored) == (("7",), True, 2, 40)


def test_after_the_last_loop_all_answers_vote() -> None:
    stored = table({"gp": ["1"], "eq": ["2"]}) | table(
        {"gp_hint": ["3", "2"], "eq_hint": ["4", "5"]}, first=2
    )
    assert decided(pair("p", 2), stored) == (("2",), False, 3, 60)


def test_without_loops_a_pair_that_disagrees_is_a_vote_of_two() -> None:
    assert decided(pair("p", 0), table({"gp": ["1"], "eq": ["2"]})) == (("1",), False, 1, 20)


def test_an_unhinted_pair_only_tries_again() -> None:
    stored = table({"gp": ["1", "3"], "eq": ["2", "3"]})
    assert decided(pair("p", 2, hints=False), stored) == (("3",), True, 2, 40)


def three_pairs(*said: tuple[str, str]) -> dict[SampleKey, Sample]:
    """Return the first answers of several pairs, GP's and EQ's of each."""
    stored: dict[SampleKey, Sample] = {}
    for number, (words, equations) in enumerate(said):
        stored |= table({"gp": [words], "eq": [equations]}, sample=number)
    return stored


def test_a_network_whose_pairs_all_agree_votes_at_once() -> None:
    stored = three_pairs(("7", "7"), ("9", "9"), ("7", "7"))
    assert decided(network("p", 3, 3), stored) == (("7",), True, 1, 60)


def test_pairs_in_disagreement_see_the_work_of_a_pair_that_agreed() -> None:
    stored = three_pairs(("1", "2"), ("3", "4"), ("7", "7"))
    plan = network("p", 0, 3)
    first = next(plan)
    asked = plan.send([stored[one.key] for one in first])
    words, equations = first[4:]
    assert words.sample == equations.sample == 2
    assert asked == [
        SampleRequest("p", "gp_hint", 2, 0, equations),
        SampleRequest("p", "eq_hint", 2, 0, words),
        SampleRequest("p", "gp_hint", 2, 1, equations),
        SampleRequest("p", "eq_hint", 2, 1, words),
    ]


def test_the_network_votes_with_the_last_answers_of_all_members() -> None:
    stored = three_pairs(("1", "2"), ("1", "1"), ("7", "7"))
    stored |= table({"gp_hint": ["1"], "eq_hint": ["7"]}, first=2)
    assert decided(network("p", 0, 3), stored) == (("1",), False, 2, 80)


def test_more_than_half_of_the_members_resolve_a_network() -> None:
    stored = three_pairs(("1", "2"), ("1", "1"), ("7", "7")) | table(
        {"gp_hint": ["7"], "eq_hint": ["7"]}, first=2)  # fmt: skip
    assert decided(network("p", 0, 3), stored) == (("7",), True, 2, 80)


def test_a_network_and_a_pair_share_their_samples() -> None:
    stored = three_pairs(("7", "7"), ("7", "7"))
    assert decided(pair("p", 3), stored)[0] == decided(network("p", 3, 2), stored)[0] == ("7",)

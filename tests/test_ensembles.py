"""Ensembles of thoughts: whom they trust first, and whom they need not ask."""

import pytest

from tests.tabled import decided, table
from thoughtmill.train.policies.ensembles import etd, etd_two_agree, etd_vote, thoughts

ORDER = ("eot", "pot", "cot")


def said(eot: str | None, pot: str | None, cot: str | None) -> dict[str, list[str | None]]:
    return {"eot": [eot], "pot": [pot], "cot": [cot]}


@pytest.mark.parametrize(
    ("answers", "answer", "asked"),
    [(("1", "2", "3"), ("1",), 1), ((None, "2", "3"), ("2",), 2), ((None, None, "3"), ("3",), 3)],
)
def test_the_cascade_takes_the_first_that_has_an_answer_and_asks_no_further(
    answers: tuple[str | None, ...], answer: tuple[str, ...], asked: int
) -> None:
    stored = table(said(*answers), first=0)
    assert decided(etd("p", ORDER), stored) == (answer, True, asked, 10 * asked)


def test_a_cascade_of_failures_has_no_answer() -> None:
    assert decided(etd("p", ORDER), table(said(None, None, None), first=0)) == ((), False, 3, 30)


def test_another_order_trusts_another_thought() -> None:
    assert decided(etd("p", ("cot", "eot")), table(said("1", "2", "3"), first=0))[0] == ("3",)


def test_two_of_three_outvote_the_first() -> None:
    assert decided(etd_vote("p", ORDER), table(said("1", "2", "2"), first=0)) == (("2",), True, 1, 30)


def test_three_different_answers_are_a_tie_that_the_first_in_the_order_wins() -> None:
    assert decided(etd_vote("p", ORDER), table(said("1", "2", "3"), first=0)) == (("1",), False, 1, 30)


def test_two_that_agree_need_no_third() -> None:
    assert decided(etd_two_agree("p", ORDER), table(said("1", "1", "3"), first=0)) == (("1",), True, 1, 20)


@pytest.mark.parametrize("cot", ["1", "2"])
def test_the_third_settles_between_two_that_disagree(cot: str) -> None:
    assert decided(etd_two_agree("p", ORDER), table(said("1", "2", cot), first=0)) == ((cot,), True, 2, 30)


def test_without_any_agreement_the_first_answer_in_the_order_counts() -> None:
    assert decided(etd_two_agree("p", ORDER), table(said(None, "2", "3"), first=0)) == (("2",), False, 2, 30)


def test_sampled_thoughts_vote_together_and_a_tie_goes_to_the_earlier_round() -> None:
    stored = table({"eot": ["1", "4"], "pot": ["2", "3"], "cot": [None, "3"]})
    assert decided(thoughts("p", ORDER, 2), stored) == (("3",), True, 2, 60)
    assert decided(thoughts("p", ORDER, 1), stored) == (("1",), False, 1, 30)

"""LoRID's policies: when the intuitive and the deep reasoner have agreed, and what then counts."""

import pytest

from tests.tabled import decided, table
from thoughtmill.factory.answers import Answer
from thoughtmill.train.policies import PolicySettings, policy
from thoughtmill.train.policies.lorid import lorid, lorid_released, released_form, released_grader, same_round
from thoughtmill.train.policies.plans import Decision, Sample, SampleKey, SampleRequest, replay

KG = [None] * 5
HOW = PolicySettings(max_rounds=1)


def rounds(ir: list[str | None], dr: list[str | None]) -> dict[str, list[str | None]]:
    return {"ir": ir, "kg": KG[: len(ir)], "dr": dr}


def test_agreement_in_the_first_round_costs_one_round() -> None:
    assert decided(lorid("p", 3), table(rounds(["7"], ["7"]))) == (("7",), True, 1, 25)


def test_an_intuitive_answer_that_an_earlier_deep_one_gave_ends_it_before_the_deep_reasoner_is_asked() -> (
    None
):
    stored = table(rounds(["9", "7"], ["7"]))
    assert decided(lorid("p", 3), stored) == (("7",), True, 2, 35)


def test_a_deep_answer_that_an_earlier_intuitive_one_gave_ends_it() -> None:
    stored = table(rounds(["9", "8"], ["7", "9"]))
    assert decided(lorid("p", 3), stored) == (("9",), True, 2, 50)


def test_of_two_agreements_in_one_round_the_intuitive_answers_comes_out() -> None:
    stored = table(rounds(["9", "7"], ["7", "9"]))
    assert decided(lorid("p", 3), stored)[0] == ("7",)


def test_two_answers_of_one_reasoner_are_no_agreement() -> None:
    stored = table(rounds(["9", "9", "9"], ["7", "7", None]))
    assert decided(lorid("p", 3), stored) == (("9",), False, 3, 75)


def test_failures_agree_on_nothing() -> None:
    assert decided(lorid("p", 2), table(rounds([None, None], [None, None]))) == ((), False, 2, 50)


def test_the_fallback_is_the_vote_of_all_the_first_round_first() -> None:
    assert decided(lorid("p", 2), table(rounds(["1", "2"], ["3", "4"])))[0] == ("1",)
    assert decided(lorid("p", 2), table(rounds([None, "2"], ["3", None])))[0] == ("3",)


def test_no_round_is_asked_that_promises_too_few_agreements() -> None:
    nothing_agrees = table(rounds(["1", "3", None, "6"], ["2", "4", "5", "7"]))
    decisions = [decided(lorid("p", 4, gain), nothing_agrees) for gain in (0.0, 5.0, 5.1, 8.0, 11.0)]
    assert [rounds_ for _, _, rounds_, _ in decisions] == [4, 4, 3, 2, 1]
    assert decisions[-1] == (("1",), False, 1, 25)
    one_repeats = table(rounds(["1", "1", None, "6"], ["2", "4", "5", "7"]))
    assert decided(lorid("p", 4, 8.0), one_repeats)[2] == 4


def test_the_policy_takes_its_least_gain_from_the_settings() -> None:
    stored = table(rounds(["1", "3", "5"], ["2", "4", "6"]))
    found = {}
    for gain in (0.0, 100.0):
        chosen = policy("lorid_stop", PolicySettings(max_rounds=3, least_gain=gain))
        found[gain] = replay(chosen, ["p"], stored).decisions["p"].rounds
    assert found == {0.0: 3, 100.0: 1}


def test_numbers_agree_however_they_are_written() -> None:
    assert decided(lorid("p", 1), table(rounds(["1/2"], ["0.5"])))[:2] == (("0.5",), True)


def test_knowledge_and_intuition_are_asked_at_once_and_the_deep_reasoner_is_given_the_rules() -> None:
    plan = lorid("p", 2)
    assert next(plan) == [SampleRequest("p", "ir", 1), SampleRequest("p", "kg", 1)]
    stored = table(rounds(["9"], ["7"]))
    rules = SampleRequest("p", "kg", 1)
    assert plan.send([stored[("p", "ir", 1, 0)], stored[rules.key]]) == [
        SampleRequest("p", "dr", 1, given=rules)
    ]


def test_agreement_across_rounds_is_none_within_one() -> None:
    stored = table(rounds(["9", "7", "5"], ["7", "9", "5"]))
    assert decided(same_round("p", 3), stored) == (("5",), True, 3, 75)
    assert decided(same_round("p", 2), stored) == (("9",), False, 2, 50)


def test_the_released_scorer_holds_the_whole_intersection() -> None:
    stored = table(rounds(["9", "7"], ["7", "9"]))
    assert decided(lorid_released("p", 3), stored) == (("7", "9"), True, 2, 50)


def test_the_released_scorer_has_no_answer_after_the_last_round() -> None:
    assert decided(lorid_released("p", 2), table(rounds(["9", "9"], ["7", None]))) == ((), False, 2, 50)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("3 * 4 = 12 nuts.\n--> 12 END", "12"),
        ("--> 1,000 END", "1,000"),
        ("It costs $1,250.00.", "1250"),
        ("That is \\boxed{\\frac{1}{2}} of 7.", "\\frac{1}{2}"),
        ("-0.5 or .50", ".50"),
        ("25% END", "25"),
        ("nothing", ""),
    ],
)
def test_the_released_scorer_reads_strings_as_its_authors_do(text: str, form: str) -> None:
    assert released_form(Sample(text, None, None, 1)) == form


def test_the_released_scorer_finds_no_agreement_between_two_forms_of_one_number() -> None:
    forms = {
        "ir": Sample("--> 0.5 END", Answer("0.5"), None, 1),
        "dr": Sample("--> 1/2 END", Answer("0.5"), None, 1),
    }
    stored = table(rounds(["0.5"], ["0.5"])) | {("p", role, 1, 0): sample for role, sample in forms.items()}
    assert decided(lorid_released("p", 1), stored)[:2] == ((), False)
    assert decided(lorid("p", 1), stored)[:2] == (("0.5",), True)


def test_the_released_scorer_compares_strings_not_numbers() -> None:
    assert decided(lorid_released("p", 1), table(rounds(["1/3"], ["0.33333"])))[1] is False


@pytest.mark.parametrize(
    ("gold", "strict", "released"), [("7", 1.0, 1.0), ("9", 0.0, 1.0), ("900", 0.0, 1.0)]
)
def test_the_released_scorer_is_right_when_any_member_is_by_its_looser_grader(
    gold: str, strict: float, released: float
) -> None:
    from thoughtmill.train.measuring.scores import figures, scored

    stored = table(rounds(["9", "7"], ["7", "9"]))
    for name, accuracy in (("lorid", strict), ("lorid_released", released)):
        chosen = policy(name, PolicySettings())
        found = scored(chosen, replay(chosen, ["p"], stored), {"p": Answer(gold)})
        assert figures([found])["accuracy"] == accuracy


def test_on_mathematics_the_rounds_agree_by_value_and_the_released_scorer_by_text() -> None:
    one, other = Answer(r"2\sqrt{5}", "expression"), Answer(r"\sqrt{20}", "expression")
    stored: dict[SampleKey, Sample] = {("p", "kg", 1, 0): Sample("Square it.", None, None, 5)}
    for role, answer in (("ir", one), ("dr", other)):
        stored["p", role, 1, 0] = Sample("", answer, None, 10)
    assert replay(policy("lorid", HOW), ["p"], stored).decisions["p"] == Decision((other,), True, 1)
    assert replay(policy("lorid_released", HOW), ["p"], stored).decisions["p"] == Decision((), False, 1)
    assert released_grader(one, other)
    assert not released_grader(one, Answer(r"200\sqrt{5}", "expression"))


def test_the_deep_reasoner_is_given_its_own_knowledge_anothers_or_none() -> None:
    how, ids = PolicySettings(), ["a", "b", "c"]
    for role, given in (("dr", "a"), ("dr_other", "b"), ("dr_bare", None)):
        plan = policy(f"greedy/{role}", how).plans(ids)[0]
        asked = next(plan)
        if given is not None:
            assert asked == [SampleRequest(given, "kg", 0)]
            asked = plan.send([table({"kg": [None]}, given, first=0)[(given, "kg", 0, 0)]])
        assert asked == [
            SampleRequest("a", role, 0, given=None if given is None else SampleRequest(given, "kg", 0))
        ]


def test_a_policy_that_reads_anothers_knowledge_decides_for_every_problem() -> None:
    stored = {}
    for name, answer in (("a", "1"), ("b", "2")):
        stored |= table({"kg": [None], "dr_other": [answer]}, name, first=0)
    found = replay(policy("greedy/dr_other", PolicySettings()), ["a", "b"], stored)
    assert found.decisions == {
        name: Decision((Answer(text),), True, 1) for name, text in (("a", "1"), ("b", "2"))
    }
    assert found.new_tokens == {"a": 15, "b": 15}

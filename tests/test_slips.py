"""Slips are wrong where they say they are, each a function of what was right and of nothing else."""

import json
from fractions import Fraction
from random import Random

import pytest

from thoughtmill.factory.solutions import parse
from thoughtmill.factory.teachers.embedded.compiling import COMPILERS
from thoughtmill.factory.teachers.embedded.slips import (
    SLIPS,
    CorrectCompletion,
    Slip,
    broken_json,
    dropped_line,
    inequalities,
    leaked_number,
    near,
    stopped_early,
    unfinished,
    wrong_number,
    wrong_operation,
    wrong_sum,
)

SOLUTION = parse(
    "Given: price = 370\nGiven: percent = 50\nGiven: fee = 6\nRule: A reduced price is lower.\n"
    "It falls by <<saved=price*percent/100=185>>185 dollars.\n"
    "Now it costs <<cost=price-saved=185>>185 dollars.\n"
    "With the fee it is <<billed=cost+fee=191>>191 dollars.\n#### 191"
)
SYSTEM = parse(
    "Given: total = 10\nGiven: gap = 4\nRelation: large + small = total\nRelation: large - small = gap\n"
    "Twice is <<twice=total+gap=14>>14.\nThe large one is <<large=twice/2=7>>7.\n#### 7"
)
ONE_STEP = parse("There are <<12=12>>12 months and 2*3=<<2*3=6>>6 cats.\n#### 6")
EVERY = [(thought, slip) for thought, slips in SLIPS.items() for slip in slips]


def right(thought: str) -> CorrectCompletion:
    return CorrectCompletion(thought, SOLUTION, COMPILERS[thought](SOLUTION))


@pytest.mark.parametrize(("thought", "slip"), EVERY, ids=lambda one: getattr(one, "__name__", one))
def test_every_slip_changes_the_completion_and_comes_out_the_same_again(thought: str, slip: Slip) -> None:
    for seed in range(30):
        slipped = slip(right(thought), Random(seed))
        assert slipped != right(thought).completion
        assert slipped == slip(right(thought), Random(seed))


@pytest.mark.parametrize("thought", list(SLIPS))
def test_every_thought_can_slip_even_on_one_step_without_givens(thought: str) -> None:
    short = CorrectCompletion(thought, ONE_STEP, COMPILERS[thought](ONE_STEP))
    assert any(slip(short, Random(0)) for slip in SLIPS[thought])


def test_a_chain_goes_on_from_its_wrong_sum() -> None:
    told = {str(wrong_sum(right("cot"), Random(seed))) for seed in range(40)}
    first = [text for text in told if not text.startswith("It falls by 370 * 50 / 100 = 185")]
    assert first
    for text in first:
        saved = text.split(" = ")[1].split()[0]
        cost = str(370 - int(saved))
        assert f"370 - {saved} = {cost} dollars" in text
        assert text.endswith(f"#### {int(cost) + 6}")


def test_a_chain_writes_its_wrong_operation_out() -> None:
    told = {str(wrong_operation(right("cot"), Random(seed))) for seed in range(40)}
    assert any(
        "370 + 185 = 555 dollars.\nWith the fee it is 555 + 6 = 561 dollars.\n#### 561" in text
        for text in told
    )
    assert all("#### 191" not in text for text in told)


def test_a_result_that_an_earlier_step_has_too_changes_only_from_its_own_step_on() -> None:
    told = {str(wrong_operation(right("cot"), Random(seed))) for seed in range(40)}
    second = next(text for text in told if "370 + 185" in text)
    assert second.startswith("It falls by 370 * 50 / 100 = 185 dollars.")


def test_a_chain_that_stops_early_takes_the_last_but_one_result_for_the_answer() -> None:
    other = parse("2+3=<<2+3=5>>5 cats\n5*2=<<5*2=10>>10 legs\n#### 10")
    assert (
        stopped_early(CorrectCompletion("cot", other, COMPILERS["cot"](other)), Random(0))
        == "2 + 3 = 5 cats\n#### 5"
    )


def test_a_solution_of_one_step_cannot_stop_early() -> None:
    assert stopped_early(CorrectCompletion("cot", ONE_STEP, COMPILERS["cot"](ONE_STEP)), Random(0)) is None


def test_a_wrong_number_is_one_number_in_one_line() -> None:
    lines = right("pot").completion.splitlines()
    for seed in range(30):
        slipped = str(wrong_number(right("pot"), Random(seed))).splitlines()
        assert sum(one != other for one, other in zip(lines, slipped, strict=True)) == 1


def test_a_dropped_line_is_never_the_one_that_gives_the_answer() -> None:
    for thought in ("pot", "eot"):
        for seed in range(30):
            slipped = str(dropped_line(right(thought), Random(seed)))
            assert "ans = billed" in slipped
            assert len(slipped.splitlines()) == len(right(thought).completion.splitlines()) - 1


def test_relations_of_a_system_are_confused_where_they_stand() -> None:
    system = CorrectCompletion("eot", SYSTEM, COMPILERS["eot"](SYSTEM))
    lines = system.completion.splitlines()
    slipped = str(wrong_operation(system, Random(1))).splitlines()
    assert sum(one != other for one, other in zip(lines, slipped, strict=True)) == 1
    assert slipped[0] == lines[0]
    assert slipped[-1] == lines[-1]


def test_inequalities_keep_the_declaration_and_lose_every_equation() -> None:
    head, *lines = str(inequalities(right("eot"), Random(0))).splitlines()
    assert head == "unknowns: saved, cost, billed, ans"
    assert all((">=" in line or "<=" in line) and " = " not in line for line in lines)


def test_an_unfinished_completion_is_a_true_beginning() -> None:
    for seed in range(30):
        cut = str(unfinished(right("pot"), Random(seed)))
        assert 0 < len(cut) < len(right("pot").completion)
        assert right("pot").completion.startswith(cut)


def test_broken_json_is_no_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(str(broken_json(right("knowledge"), Random(0))))


def test_a_leaked_number_is_one_of_the_problem_and_the_list_still_reads() -> None:
    (rule,) = json.loads(str(leaked_number(right("knowledge"), Random(0))))
    assert any(f" {number} " in rule for number in (370, 50, 6))


def test_a_solution_without_givens_has_no_number_to_leak() -> None:
    assert (
        leaked_number(CorrectCompletion("knowledge", ONE_STEP, COMPILERS["knowledge"](ONE_STEP)), Random(0))
        is None
    )


@pytest.mark.parametrize(
    "value", [0, 1, 7, 10, 11, 24, 100, 130000, Fraction(1, 2), Fraction(-3), Fraction(1, 3)]
)
def test_a_number_near_another_is_another(value: int) -> None:
    for seed in range(50):
        assert near(Fraction(value), Random(seed)) != value

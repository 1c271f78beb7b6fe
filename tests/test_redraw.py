"""The growth `redraw`: which numbers change, what they keep, and that two thoughts must agree."""

from fractions import Fraction
from itertools import islice
from random import Random

import pytest

from tests.farmer import CHAIN, EQUATIONS, PROBLEM, PROGRAM, parent
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.growths import Barren, Child, Parent, binding, chains, parametric, redraw, slots
from thoughtmill.factory.growths.drawing import alike, candidates
from thoughtmill.factory.growths.straight_lines import read
from thoughtmill.factory.growths.wording import in_words, styled
from thoughtmill.factory.solvers.solvers import Solvers


def children(grown: Parent, solvers: Solvers, count: int = 4) -> list[Child]:
    found = list(redraw.grow(grown, count, Random("1"), solvers))
    assert all(isinstance(child, Child) for child in found), found
    return [child for child in found if isinstance(child, Child)]


def kept(problem: str) -> dict[str, str | None]:
    return {slot.text: slot.kept for slot in slots.find(problem)}


def test_children_have_other_numbers_and_each_thought_has_their_answer(solvers: Solvers) -> None:
    found = children(parent(pot=PROGRAM, eot=EQUATIONS, cot=CHAIN), solvers)
    assert len({child.problem for child in found} | {PROBLEM}) == 5
    for child in found:
        assert child.answer is not None
        assert set(child.completions) == {"pot", "eot", "cot"}
        program = child.completions["pot"].removeprefix("```python\n").removesuffix("\n```")
        assert solvers.programs.run(program).answer == child.answer
        assert solvers.equations.solve(child.completions["eot"]).answer == child.answer
        assert child.completions["cot"].endswith(f"#### {child.answer.text}")


def test_children_are_the_same_for_the_same_draw(solvers: Solvers) -> None:
    grown = parent(pot=PROGRAM, eot=EQUATIONS)
    assert children(grown, solvers) == children(grown, solvers)


def test_whole_results_stay_whole_and_percentages_in_range(solvers: Solvers) -> None:
    for child in children(parent(pot=PROGRAM, eot=EQUATIONS), solvers, 12):
        crates, apples, percent = (slot.value for slot in slots.find(child.problem or ""))
        assert 5 <= percent <= 95
        assert (crates * apples * percent / 100).denominator == 1
        assert apples % 5 == 0


def test_a_thought_that_has_another_answer_on_other_numbers_is_left_out(solvers: Solvers) -> None:
    other = EQUATIONS.replace("40 / 100 * apples", "144")
    found = children(parent(pot=PROGRAM, eot=other, cot=CHAIN), solvers, 12)
    kept = {"144" in child.completions["cot"]: set(child.completions) for child in found}
    assert kept[False] == {"pot", "cot"}


def test_a_rise_stays_a_rise_though_one_of_its_numbers_stays(solvers: Solvers) -> None:
    text = "Ann gets $5 a week. Then she gets $6 a week for 6 weeks. What does she get in these and 8 before?"
    program = "weeks = 8\nans = weeks * 5 + 6 * 6"
    for child in children(parent(text, "76", pot=program, eot="ans = 8 * 5 + 6 * 6"), solvers, 12):
        first, second, *_ = (slot.value for slot in slots.find(child.problem or "") if slot.money)
        assert first < second


def test_numbers_that_are_less_than_twice_each_other_stay_so(solvers: Solvers) -> None:
    text = "A pack holds 10 balloons and costs $3. Ann takes a pack, and needs 14 balloons. How many more?"
    grown = parent(text, "4", pot="need = 14\npack = 10\nans = need - pack", eot="ans = 14 - 10")
    for child in children(grown, solvers, 12):
        pack, _, need = (slot.value for slot in slots.find(child.problem or ""))
        assert pack < need < 2 * pack


@pytest.mark.parametrize(
    ("grown", "reason"),
    [
        (
            parent(f"{PROBLEM} Which of 2 trucks is cheaper?", pot=PROGRAM, eot=EQUATIONS),
            "it chooses, and other numbers may choose otherwise",
        ),
        (parent(eot=EQUATIONS), "it has no verified program"),
        (parent(pot="print(216)"), "its program is no straight line"),
        (parent(pot="ans = 200 + 16"), "no number of the problem is bound to the program"),
        (parent(pot=PROGRAM), "no second thought has the same answer"),
        (
            parent(
                "There are 25 roses and 75 daisies. What percentage are not roses?",
                "75",
                pot="all = 25 + 75\nother = 75 / all\nans = other * all",
            ),
            "a result of its program may be the number of a unit",
        ),
        (
            parent(
                "Of 30 pupils 12 are girls and 18 are boys. How many are not girls?",
                "18",
                pot="ans = 30 - 12",
            ),
            "a number that the program does not use restates others",
        ),
        (
            parent(
                "75% of 300 cars have tickets, and 1/5 of that number have passes. How many have none?",
                "30",
                pot="cars = 300\nans = cars - 0.75 * cars - 15 * 0.01 * cars",
            ),
            "its program has a number that nothing explains",
        ),
        (
            parent(
                "The gym is 2 miles more than half of 10 miles away. How far is it?",
                "7",
                pot="two = 2\nhalf = 10 / two\nans = half + two",
            ),
            "no second thought has the same answer",
        ),
        (
            parent(
                "2 cats cost $50 each, 3 dogs $100 each, and 7 birds $9 each. What do all cost?",
                "463",
                pot="cats = 2 * 50\ndogs = 3 * cats\nans = dogs + 100 + 7 * 9",
                eot="cats = 2 * 50\ndogs = 3 * cats\nans = dogs + 100 + 7 * 9",
            ),
            "no second thought has the same answer",
        ),
        (
            parent(
                "Ten friends share a car of $1900. How much more has each to pay when one leaves?",
                "38",
                pot="ans = 1900 / 5 - 1900 / 10 - 152",
            ),
            "its program has a number that nothing explains",
        ),
        (
            parent(
                "He sells 50 pens for $60, for 20% more than they cost. What does a pen cost?",
                "1",
                pot="price = 60 / 50\nans = price / price",
                eot="price = 60 / 50\nans = price / price",
            ),
            "its program has a number that nothing explains",
        ),
        (
            parent(
                "Since she was 5 years old she saves a shell a month. How many has she on her 10th birthday?",
                "60",
                pot="years = 5\nans = years * 12",
            ),
            "a number that the program does not use restates others",
        ),
    ],
    ids=[
        "it chooses",
        "no program",
        "no straight line",
        "nothing bound",
        "one thought",
        "a unit",
        "told twice",
        "in the head",
        "implied",
        "equal",
        "one fewer",
        "a share by chance",
        "an unused number",
    ],
)
def test_a_problem_that_cannot_be_redrawn_says_why(grown: Parent, reason: str, solvers: Solvers) -> None:
    assert list(redraw.grow(grown, 2, Random("1"), solvers)) == [Barren(reason)]


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        ("He was born in 1995 and left on May 5.", {"1995": "date", "5": "date"}),
        ("It opens at 9 a.m.; the 3rd train leaves at 7:30.", {"9": "clock", "3": "ordinal", "7": "clock"}),
        ("A spider has 8 legs; 60 minutes are an hour.", {"8": "fact", "60": "fact"}),
        ("She takes Route 66 to room 12 with her iPhone 14.", {"66": "name", "12": "name", "14": "name"}),
        ("Three $20 bills, and 1/3 of it is his.", {"Three": "word", "20": "fact", "1/3": "fraction"}),
        ("The ratio is 3:2 and the score 37-23.", {"3": "clock", "37": "name", "23": "name"}),
        ("Of 20 men 12 of them sing; an ounce is equal to 30 ml.", {"12": "part", "30": "fact"}),
        ("There are 128 ounces in a gallon.", {"128": "fact"}),
        ("Ann has 17 pens for $4 each and 250 pins.", {"17": None, "4": None, "250": None}),
    ],
)  # fmt: skip
def test_numbers_that_only_make_sense_as_they_are_are_left_alone(
    problem: str, why: dict[str, str | None]
) -> None:
    assert {text: kept(problem)[text] for text in why} == why


def test_a_number_that_is_told_of_two_things_is_left_alone() -> None:
    found = binding.variables(slots.find("Ann has 5 pens, Ben has 5 pads and 8 pins; Ann gives away 8 pins."))
    assert [variable.value for variable in found] == [8]


@pytest.mark.parametrize(
    ("figure", "becomes"), [("40", "60"), ("0.4", "0.6"), ("0.6", "0.4"), ("1.4", "1.6"), ("60", "40")]
)
def test_a_percentage_is_found_in_each_form_that_a_calculation_gives_it(figure: str, becomes: str) -> None:
    known = binding.variables(slots.find("He saves 40% of it."))
    figures = [Fraction(figure)]
    assert binding.filled(figures, binding.bind(figures, known), [Fraction(60)]) == [Fraction(becomes)]


@pytest.mark.parametrize("problem", ["It is 50% off.", "He spends 20%, then 40%, and saves the rest."])
def test_a_percentage_that_may_be_what_others_leave_is_left_alone(problem: str) -> None:
    assert not {variable.value for variable in binding.variables(slots.find(problem))} & {40, 50}


@pytest.mark.parametrize(
    ("problem", "program"),
    [
        ("A 10-minute shower every other day for 4 weeks uses 2 gallons. How much is it?", "2 * 10 * 28 / 2"),
        ("John ran 3 hours, and James 1/3 more. How long did both run?", "3 + 3 + 3 / 3"),
        ("They eat 5 carrots on each of the weekdays, at $7. What do they pay?", "5 * 5 * 7"),
        ("Her parents and she pay $12, and take 2 bags. What do they pay?", "12 * 2 + 12"),
    ],
)
def test_a_number_that_a_word_or_a_fraction_implies_too_is_left_alone(problem: str, program: str) -> None:
    read = parametric.read(parent(problem, str(eval(program)), pot=f"ans = {program}"))
    assert isinstance(read, Barren) or not {variable.value for variable in read.variables} & {2, 3, 5}


def test_a_score_stays_below_a_hundred(solvers: Solvers) -> None:
    problem = "Ann scores 90 on a test, Bo 10 less. What is their average score?"
    grown = parent(problem, "85", pot="bo = 90 - 10\nans = (90 + bo) / 2", eot="ans = (90 + 90 - 10) / 2")
    for child in children(grown, solvers, 12):
        assert all(slot.value <= 100 for slot in slots.find(child.problem or ""))


def test_a_small_number_that_a_program_has_twice_may_be_a_constant() -> None:
    known = binding.variables(slots.find("She buys 7 pens."))
    assert binding.bind([Fraction(7), Fraction(7)], known) == [None, None]


def test_a_program_is_evaluated_with_every_intermediate_result() -> None:
    program = read("a = 10\na += 5 * 2\nans = -a // 3 + 2 ** 3  # why not")
    assert program is not None
    values = program.values(program.figures)
    assert values is not None
    assert values[-1] == -7 + 8
    assert (
        program.values([Fraction(10), Fraction(5), Fraction(2), Fraction(0), Fraction(2), Fraction(3)])
        is None
    )


@pytest.mark.parametrize("text", ["ans = 2 ** 99", "import os", "ans = f(2)", "ans = [1]", "x" * 5000])
def test_other_programs_are_not_evaluated(text: str) -> None:
    program = read(text)
    assert program is None or program.values(program.figures) is None


def test_a_chain_follows_its_results_also_where_it_tells_them_before() -> None:
    chain = "He eats 24 nuts because 4*6=24.\nThat leaves 100 - 24 = 76.\n#### 76"
    found = chains.redrawn(chain, {Fraction(4): Fraction(5), Fraction(100): Fraction(90)})
    assert found == "He eats 30 nuts because 5*6=30.\nThat leaves 90 - 30 = 60.\n#### 60"


def test_a_chain_in_which_a_number_may_be_two_things_is_not_redrawn() -> None:
    assert (
        chains.redrawn(
            "2 * 5 = 10, so 10 of the 10 are his.\n#### 10",
            {Fraction(5): Fraction(6), Fraction(10): Fraction(20)},
        )
        is None
    )
    assert chains.redrawn("7 / 3 = 2.33 or so.\n#### 2.33", {Fraction(7): Fraction(8)}) is None


def test_the_parts_of_a_fraction_that_the_problem_tells_stay() -> None:
    found = chains.redrawn(
        "1/3 of 3 * 30 = 90 is 90 / 3 = 30.", {Fraction(30): Fraction(60)}, {Fraction(1, 3)}
    )
    assert found is None or found.startswith("1/3 of 3 * 60 = 180 is 180 / 3 = 60")


@pytest.mark.parametrize(
    ("old", "new", "may"),
    [("6", "9", True), ("6", "4.5", False), ("6", "-2", False), ("0", "0", True), ("0", "1", False),
     ("0.5", "0.25", False), ("2.5", "3.5", True), ("-4", "-6", True), ("6", "60", False),
     ("1/3", "2/3", True)],
)  # fmt: skip
def test_a_result_keeps_sign_wholeness_decimals_and_size(old: str, new: str, may: bool) -> None:
    assert alike(Fraction(old), Fraction(new)) is may


@pytest.mark.parametrize(
    ("problem", "some", "none"),
    [
        ("He has 200 pins.", ["100", "400"], ["210", "200.5"]),
        ("He pays $12.50.", ["10.50"], ["12", "12.503"]),
        ("It is open 20 hours.", ["15"], ["25", "40"]),
        ("Ann is 30 years old.", ["25", "40"], ["15", "60"]),
        ("He keeps 3 pins.", ["2", "6"], ["1", "9"]),
    ],
)
def test_a_drawn_number_is_of_the_kind_of_the_number_it_replaces(
    problem: str, some: list[str], none: list[str]
) -> None:
    (variable,) = binding.variables(slots.find(problem))
    found = set(candidates(variable))
    assert found.issuperset(map(Fraction, some))
    assert found.isdisjoint(map(Fraction, none))


def test_numbers_are_written_as_the_ones_before_them() -> None:
    assert [styled(Fraction(1500), "2,000"), styled(Fraction(1500), "2000"), styled(Fraction(3), "2.50")] == [
        "1,500", "1500", "3.00",
    ]  # fmt: skip
    assert [in_words(Fraction(21)), in_words(Fraction(90)), in_words(Fraction(120))] == [
        "twenty-one",
        "ninety",
        "120",
    ]


def test_a_draw_keeps_the_order_of_what_has_one_unit(solvers: Solvers) -> None:
    problem = "Ann has 9 pens, Ben has 14 pens. How many more has Ben?"
    grown = parent(problem, "5", pot="ans = 14 - 9", eot="ans = 14 - 9")
    story = parametric.read(grown)
    assert isinstance(story, parametric.ParametricProblem)
    for child in islice(redraw.grow(grown, 20, Random("2"), solvers), 20):
        assert isinstance(child, Child)
        ann, ben = (slot.value for slot in slots.find(child.problem or ""))
        assert ann < ben
        assert child.answer == Answer(str(ben - ann))


def test_a_long_number_in_a_chain_takes_no_longer_than_a_short_one() -> None:
    chain = f"It is told as {'1234567890' * 20} kg, so 2 * 3 = 6.\n#### 6"
    assert chains.redrawn(chain, {Fraction(3): Fraction(4)}) == chain.replace(
        "2 * 3 = 6", "2 * 4 = 8"
    ).replace("#### 6", "#### 8")
    assert chains.redrawn(f"{'7 ' * 400}apples = 6 x {'1' * 40}", {Fraction(6): Fraction(5)}) is not None

"""Worked solutions are read as graphs, whatever their marks look like, or refused with a reason in words."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solutions import Solution, parse
from thoughtmill.factory.solutions.calculations import UnusableSolution

MARBLES = """\
Given: bags = 4
Given: bag_size = 6
Given: eaten = 9
Rule: The total of equal groups is the number of groups times the size of one group.
Rule: What is left is the amount before minus the amount taken away.
Relation: left + eaten = bags * bag_size
4 bags of 6 marbles are <<marbles=bags*bag_size=24>>24 marbles.
Without the 9 lost marbles there are <<left=marbles-eaten=15>>15 marbles left.
#### 15
"""


def expressions(solution: Solution) -> list[str]:
    return [f"{step.name} = {step.expression}" for step in solution.steps]


def test_the_embedded_form_is_read_back_whole() -> None:
    solution = parse(MARBLES)
    assert [(given.name, given.value) for given in solution.givens] == [
        ("bags", 4),
        ("bag_size", 6),
        ("eaten", 9),
    ]
    assert len(solution.rules) == 2
    assert solution.rules[0].startswith("The total of equal groups")
    assert solution.relations == ("left + eaten = bags * bag_size",)
    assert expressions(solution) == ["marbles = bags * bag_size", "left = marbles - eaten"]
    assert [step.value for step in solution.steps] == [24, 15]
    assert len(solution.lines) == 2
    assert solution.answer == 15


def test_values_name_every_given_and_step() -> None:
    assert parse(MARBLES).values() == {"bags": 4, "bag_size": 6, "eaten": 9, "marbles": 24, "left": 15}


def test_a_number_that_an_earlier_step_came_to_is_that_step() -> None:
    solution = parse(
        "48/2 = <<48/2=24>>24 clips.\nIn all 48+24 = <<48+24=72>>72.\n#### 72", "Natalia has 48 friends."
    )
    assert expressions(solution) == ["clips = friends / 2", "step_1 = friends + clips"]


def test_a_number_of_the_problem_is_named_by_the_words_beside_it() -> None:
    solution = parse("2*7 = $<<2*7=14>>14\n#### 14", "He works 2 hours at $7 per hour.")
    assert [(given.name, given.value) for given in solution.givens] == [("hours", 2), ("dollars_per_hour", 7)]


def test_a_number_that_the_problem_does_not_give_stays_a_number() -> None:
    solution = parse("3*60 = <<3*60=180>>180 minutes\n#### 180", "She walks 3 hours.")
    assert expressions(solution) == ["minutes = hours * 60"]


@pytest.mark.parametrize(
    ("solution", "problem", "written"),
    [
        ("90/60=<<90/60=1.5>>1.5 hours", "She writes 60 exams in 90 minutes.", "minutes / 60"),
        ("2*60=<<2*60=120>>120 exams", "She writes 60 exams a day for 2 days.", "days * exams_per_day"),
        ("60 exams * 2=<<60*2=120>>120", "She writes 60 exams an hour in 2 hours.", "exams_per_hour * hours"),
        ("1/5*30=<<1/5*30=6>>6 pens", "Of 30 pens, 1/5 go to 5 girls.", "1 / 5 * pens"),
        ("30*1/4=<<30*1/4=7.5>>7.5 pens", "Of 30 pens, 1/4 dry out.", "pens * 1 / 4"),
        ("80/2=<<80/2=40>>40 miles", "On a two-day trip, they drove half of 80 miles.", "miles / 2"),
        ("3*3=<<3*3=9>>9 miles", "He runs 3 miles from Monday to Wednesday.", "3 * 3"),
        ("6+8=<<6+8=14>>14 pens\n14*6=<<14*6=84>>84", "Ann has 6 pens and Bo 8.", "pens * 6"),
        ("40*40=<<40*40=1600>>1600", "Of 40 such tubs, what do they hold at 40 liters?", "40 * 40"),
        ("4/2=<<4/2=2>>2 hours", "One guard takes 2 hours, the two others the rest.", "4 / 2"),
        (
            "2*12 years=<<2*12=24>>24",
            "Al is twice as old as Li, 12 years, Jo 2 years older.",
            "2 * years",
        ),
        ("3*10=<<3*10=30>>30", "Ann reads 10 pages, then has 10 sweets.", "3 * 10"),
    ],
)
def test_a_number_that_may_be_another_of_its_value_is_not_named(
    solution: str, problem: str, written: str
) -> None:
    result = solution.rpartition("=")[2].rpartition(">>")[2].split()[0]
    assert parse(f"{solution}\n#### {result}", problem).steps[-1].expression == written


def test_a_percentage_and_its_hundredth_are_both_numbers_of_the_problem() -> None:
    as_share = parse("220*.1=<<220*.1=22>>22\n#### 22", "It lost 10% of its 220 liters.")
    as_percent = parse("220*10/100=<<220*10/100=22>>22\n#### 22", "It lost 10% of its 220 liters.")
    assert expressions(as_share) == ["step_1 = liters * share"]
    assert expressions(as_percent) == ["step_1 = liters * percent / 100"]


def test_calculations_that_the_answer_does_not_rest_on_are_left_out_with_their_numbers() -> None:
    solution = parse(
        "9*9=<<9*9=81>>81 cats\n2*3=<<2*3=6>>6 dogs\n#### 6", "There are 9 cats, 2 dogs and 3 birds."
    )
    assert expressions(solution) == ["dogs = dogs_2 * birds"] or len(solution.steps) == 1
    assert {given.value for given in solution.givens} == {2, 3}
    assert len(solution.lines) == 2


def test_an_equality_in_the_sentence_counts_where_no_mark_says_it() -> None:
    solution = parse("She has 20 - 4 = 16 left.\n16 / 2 = <<16/2=8>>8 each\n#### 8")
    assert expressions(solution) == ["step_1 = 20 - 4", "step_2 = step_1 / 2"]


def test_a_wrong_equality_in_the_sentence_is_not_a_calculation() -> None:
    with pytest.raises(UnusableSolution, match="no calculation comes to the answer 17: there is none"):
        parse("She has 20 - 4 = 17 left.\n#### 17")


def test_a_mark_that_shows_only_a_value_takes_the_calculation_of_its_sentence() -> None:
    assert expressions(parse("A half dozen is 1/2*12=<<6=6>>6 items\n#### 6")) == ["items = 1 / 2 * 12"]


@pytest.mark.parametrize(
    ("mark", "value"),
    [
        ("<<.5*10=5>>5", "5"),
        ("<<1,000*2=2000>>2,000", "2000"),
        ("<<20/100=1/5>>1/5", "1/5"),
        ("<<3*4=12.0>>12", "12"),
        ("<<10/3=3.33>>3.33", "10/3"),
        ("<<50%*8=4>>4", "4"),
        ("<<3/4=75%>>75%", "3/4"),
        ("<<4(2+3)=20>>20", "20"),
        ("<<7//2=3>>3", "3"),
        ("<<7%4=3>>3", "3"),
        ("<<3 x $4=$12>>12", "12"),
        ("<<2-5=-3>>-3", "-3"),
    ],
)
def test_messy_marks_compute_exactly(mark: str, value: str) -> None:
    assert parse(f"It is {mark} now\n#### {value}").steps[-1].value == Fraction(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<<12*3=37>>37\n#### 37", "the mark `12\\*3=37` does not compute"),
        ("<<100-25%=75>>75\n#### 75", "does not compute"),
        ("<<1/0=0>>0\n#### 0", "does not compute"),
        ("<<9**9**9=1>>1\n#### 1", "does not compute"),
        ("<<=5>>5\n#### 5", "is not `expression=value`"),
        ("<<2+3=5=4>>5\n#### 5", "is not `expression=value`"),
        ("<<2&3=5>>5\n#### 5", "`2&3` is not a calculation"),
        ("<<2+3=five>>5\n#### 5", "is not `expression=value`"),
        ("<<2+3=5>>5\n#### 6", "no calculation comes to the answer 6: the last comes to 5"),
        ("It is five.\n#### 5", "no calculation comes to the answer 5: there is none"),
        ("<<2+3=5>>5", "no line `#### ` gives the answer"),
        ("<<2+3=5>>5\n#### many", "no line `#### ` gives the answer"),
        ("Given: a = many\n<<b=a+1=2>>2\n#### 2", "is not `name = number`"),
        ("Given: a = 1\n<<b=c+1=2>>2\n#### 2", "`b = c \\+ 1`: nothing gives `c`"),
        ("Given: a = 1\n<<a=a+1=2>>2\n#### 2", "the name is taken"),
        ("Given: a = 1\n<<b=a+1=3>>3\n#### 3", "`b = a \\+ 1` does not come to 3"),
        (
            "Given: a = 1\nRelation: b + 5 = a\n<<b=a+1=2>>2\n#### 2",
            "the relation `b \\+ 5 = a` does not hold",
        ),
        ("Given: a = 1\nRelation: b + 5\n<<b=a+1=2>>2\n#### 2", "does not hold"),
    ],
)
def test_what_cannot_be_used_says_why(text: str, reason: str) -> None:
    with pytest.raises(UnusableSolution, match=reason):
        parse(text)


def test_a_relation_with_an_unknown_that_no_step_calculates_is_kept() -> None:
    solution = parse("Given: a = 1\nRelation: x + a = b\n<<b=a+1=2>>2\n#### 2")
    assert solution.relations == ("x + a = b",)


def test_parsing_does_not_depend_on_what_was_parsed_before() -> None:
    assert parse(MARBLES) == parse(MARBLES)


def test_hostile_text_in_a_mark_is_refused_and_never_run() -> None:
    with pytest.raises(UnusableSolution):
        parse("<<__import__('os').system('true')=1>>1\n#### 1")


def test_a_solution_longer_than_any_real_one_is_refused_at_once() -> None:
    with pytest.raises(UnusableSolution, match="longer than 10000 characters"):
        parse(MARBLES + "\nThen 1 + 1 = 2." * 5_000)


def test_a_long_line_of_digits_and_signs_is_read_in_linear_time() -> None:
    with pytest.raises(UnusableSolution):
        parse("1+" * 50_000 + "=" * 50_000 + "\n#### 3")


def test_of_gsm8k_every_usable_solution_is_read_and_all_others_say_why(shared_data: Path) -> None:
    read, reasons = 0, set()
    rows = (shared_data / "gsm8k" / "train.jsonl").read_text("utf-8").splitlines()
    for row in map(json.loads, rows[:1500]):
        try:
            solution = parse(row["answer"], row["question"])
        except UnusableSolution as reason:
            reasons.add(str(reason).split(":")[0].rstrip("-0123456789./"))
        else:
            read += 1
            gold = answers.exact_text(solution.answer)
            assert answers.equal(answers.exact_text(solution.steps[-1].value), gold)
    assert reasons == {"no calculation comes to the answer "}
    assert read >= 0.94 * 1500

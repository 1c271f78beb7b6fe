"""Solutions compile into thoughts of the very form that the instructions ask a teacher for."""

import ast
import json
import re
from fractions import Fraction

import pytest

from thoughtmill.factory.solutions import parse
from thoughtmill.factory.solutions.graphs import GraphStep
from thoughtmill.factory.teachers.embedded.compiling import cot, eot, knowledge, pot
from thoughtmill.factory.teachers.embedded.rules import WORDINGS, rules

MARBLES = (
    "Given: bags = 4\nGiven: bag_size = 6\nGiven: lost = 9\nRule: What is left is what was minus what went.\n"
)
STEPS = (
    "4 bags of 6 are <<marbles=bags*bag_size=24>>24 marbles.\n"
    "There are <<left=marbles-lost=15>>15 left.\n#### 15"
)
RELATION = "Relation: left + lost = bags * bag_size\n"


def test_a_chain_writes_each_calculation_out_and_closes_with_the_answer() -> None:
    assert cot(parse(MARBLES + STEPS)).splitlines() == [
        "4 bags of 6 are 4 * 6 = 24 marbles.",
        "There are 24 - 9 = 15 left.",
        "#### 15",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("He sold 48/2 = <<48/2=24>>24 clips.", "He sold 48 / 2 = 24 clips."),
        ("He pays $48 / $2 = $<<48/2=24>>24.", "He pays 48 / 2 = $24."),
        ("There are <<48/2=24>>24 clips.", "There are 48 / 2 = 24 clips."),
        ("48 clips / 2 weeks= <<48/2=24>>24", "48 clips / 2 weeks = 24"),
        ("He has 48 x 1/2=<<48*1/2=24>>24", "He has 48 * 1 / 2 = 24"),
        ("So 48/2=<<24=24>>24", "So 48/2=24"),
        ("So it is <<48/2=24>>24 and <<24=24>>24", "So it is 48 / 2 = 24 and 24"),
        ("In cents 24,000/1000=<<24000/1000=24>>24", "In cents 24000 / 1000 = 24"),
    ],
)
def test_a_calculation_that_the_sentence_says_is_not_told_twice(line: str, told: str) -> None:
    assert cot(parse(f"{line}\n#### 24")) == f"{told}\n#### 24"


def test_a_program_assigns_the_givens_then_the_steps_then_the_answer() -> None:
    assert pot(parse(MARBLES + STEPS)).splitlines() == [
        "```python",
        "bags = 4",
        "bag_size = 6",
        "lost = 9",
        "marbles = bags * bag_size",
        "left = marbles - lost",
        "ans = left",
        "```",
    ]


def test_a_program_is_python_also_with_fractions_and_negative_numbers() -> None:
    text = pot(parse("Given: a = 1/3\nGiven: b = -2\nIt is <<c=a*b*3=-2>>-2.\n#### -2"))
    names: dict[str, float] = {}
    program = text.removeprefix("```python\n").removesuffix("```")
    assert all(isinstance(line, ast.Assign) for line in ast.parse(program).body)
    exec(program, {"__builtins__": {}}, names)
    assert names["ans"] == pytest.approx(-2)


def test_a_system_declares_its_unknowns_and_determines_the_answer_last() -> None:
    assert eot(parse(MARBLES + STEPS)).splitlines() == [
        "unknowns: marbles, left, ans",
        "marbles = 4 * 6",
        "left = marbles - 9",
        "ans = left",
    ]


def test_relations_are_the_system_where_the_solution_states_them() -> None:
    assert eot(parse(MARBLES + RELATION + STEPS)).splitlines() == [
        "unknowns: left, ans",
        "left + 9 = 4 * 6",
        "ans = left",
    ]


def test_steps_that_relations_leave_open_are_added() -> None:
    text = "Given: a = 2\nRelation: b = a + 1\nIt is <<b=a+1=3>>3.\nTwice is <<c=b*2=6>>6.\n#### 6"
    assert eot(parse(text)).splitlines() == ["unknowns: b, c, ans", "b = 2 + 1", "c = b * 2", "ans = c"]


def test_knowledge_is_a_json_list_of_the_stated_rules() -> None:
    assert json.loads(knowledge(parse(MARBLES + STEPS))) == ["What is left is what was minus what went."]


def test_knowledge_that_is_not_stated_comes_from_the_operations() -> None:
    told = json.loads(knowledge(parse("48/2 = <<48/2=24>>24 clips\n48+24=<<48+24=72>>72\n#### 72")))
    assert told[0] in WORDINGS["/"]
    assert told[1] in WORDINGS["+"]


def test_every_wording_is_a_complete_sentence_without_a_number() -> None:
    for wording in (wording for wordings in WORDINGS.values() for wording in wordings):
        assert re.fullmatch(r"[A-Z][^\d]+\.", wording)


@pytest.mark.parametrize(
    ("expression", "pattern"),
    [
        ("price * percent / 100", "percent"),
        ("price * 0.2", "percent"),
        ("pie * 3 / 4", "fraction"),
        ("a * b", "*"),
        ("a * b + c * d", "*+"),
        ("(a + b + c) / 3", "/+"),
        ("a + b - c", "+-"),
        ("a // b", "//"),
        ("a % b", "%"),
    ],
)
def test_a_rule_belongs_to_the_pattern_of_a_calculation(expression: str, pattern: str) -> None:
    (rule,) = rules([GraphStep("result", expression, Fraction(1))])
    assert rule in WORDINGS[pattern]


def test_a_pattern_without_a_rule_of_its_own_gets_those_of_its_parts() -> None:
    told = rules([GraphStep("result", "a * b + c - d", Fraction(1))])
    assert [next(sign for sign in WORDINGS if rule in WORDINGS[sign]) for rule in told] == ["*", "+", "-"]


def test_a_rule_is_told_once_and_in_several_wordings() -> None:
    same = [GraphStep("a", "b * c", Fraction(1)), GraphStep("a", "b * c", Fraction(1))]
    assert len(rules(same)) == 1
    told = {rules([GraphStep(f"{name}s", "b * c", Fraction(1))])[0] for name in "abcdefghijkl"}
    assert told == set(WORDINGS["*"])

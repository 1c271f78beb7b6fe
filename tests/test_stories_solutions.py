"""The worked solutions of the embedded set: every number, mark, rule and relation of every composition."""

import keyword
import re
from fractions import Fraction
from random import Random

import pytest
import sympy

from tests.story_draws import StoryDraws
from thoughtmill.factory import solutions
from thoughtmill.factory.problems.stories import Story, tell
from thoughtmill.factory.problems.stories.compositions import MOST_MOVES, Composition, compositions
from thoughtmill.factory.problems.stories.expressions import dollars, formula, show
from thoughtmill.factory.problems.stories.parts import Template
from thoughtmill.factory.problems.stories.telling import (
    Numbers,
    answer_of,
    draw_words,
    write_problem,
    write_solution,
)
from thoughtmill.factory.problems.stories.templates import TEMPLATES

MARK = re.compile(r"<<([a-z_0-9]+)=([^=<>]+)=([^=<>]+)>>(\d+(?:\.\d+)?)")
UNKNOWN = [template for template in TEMPLATES if template.relations]
EVERY_TEMPLATE = pytest.mark.parametrize("template", TEMPLATES, ids=[template.name for template in TEMPLATES])


Told = tuple[Composition, Numbers, Story]


def _told(template: Template, composition: Composition, numbers: Numbers, rng: Random) -> Told:
    words = draw_words(template, rng)
    story = Story(
        template.name,
        composition.name,
        write_problem(template, composition.steps, words, numbers, rng),
        answer_of(composition.steps, numbers),
        write_solution(template, composition, words, numbers),
    )
    return composition, numbers, story


TOLD = StoryDraws(_told)


def told(template: Template, draws: int = 6) -> list[Told]:
    """Return stories of every composition of a template, with the numbers they were told from."""
    return TOLD.of(template, draws)


def lines(solution: str, head: str) -> list[str]:
    return [line.removeprefix(head) for line in solution.splitlines() if line.startswith(head)]


def givens(solution: str) -> dict[str, Fraction]:
    pairs = (line.split(" = ") for line in lines(solution, "Given: "))
    return {name: Fraction(number) for name, number in pairs}


def replayed(solution: str) -> dict[str, Fraction]:
    """Return all values of a solution, each mark calculated anew from the names before it."""
    values = givens(solution)
    for name, expression, value, shown in MARK.findall(solution):
        assert name not in values, name
        assert formula(expression)(values) == Fraction(value) == Fraction(shown)
        values[name] = Fraction(value)
    return values


@EVERY_TEMPLATE
def test_every_mark_is_exact_and_the_last_one_is_the_answer(template: Template) -> None:
    for composition, _, story in told(template):
        values = replayed(story.solution)
        marks = MARK.findall(story.solution)
        assert 1 <= len(marks) == composition.moves <= MOST_MOVES + 1
        assert story.solution.splitlines()[-1] == f"#### {story.answer}"
        assert values[marks[-1][0]] == Fraction(story.answer)


@EVERY_TEMPLATE
def test_every_calculation_has_one_or_two_operations(template: Template) -> None:
    for _, _, story in told(template, draws=1):
        for _, expression, _, _ in MARK.findall(story.solution):
            assert 1 <= len(re.findall(r"//|[+*/%-]", expression)) <= 2


@EVERY_TEMPLATE
def test_every_line_of_a_solution_is_of_a_known_form(template: Template) -> None:
    order = {"Given": 0, "Rule": 1, "Relation": 2}
    for _, _, story in told(template, draws=2):
        written = story.solution.splitlines()
        heads = [order.get(line.partition(":")[0], 3) for line in written]
        assert heads == sorted(heads)
        for line in written[heads.index(3) : -1]:
            assert len(MARK.findall(line)) == 1
            assert "  " not in line
            assert line[0].isupper() or line[0].isdigit()
            assert line.endswith(".")


@EVERY_TEMPLATE
def test_every_given_stands_in_the_problem_and_is_needed(template: Template) -> None:
    for _, _, story in told(template):
        used = " ".join(
            [*lines(story.solution, "Relation: "), *(mark[1] for mark in MARK.findall(story.solution))]
        )
        for name, value in givens(story.solution).items():
            texts = {show(value), dollars(value).removeprefix("$")}
            assert any(
                re.search(rf"(?<![\d.]){re.escape(text)}(?!\d|\.\d)", story.problem) for text in texts
            ), (
                name,
                story,
            )
            assert re.search(rf"\b{name}\b", used), (name, story)


@EVERY_TEMPLATE
def test_names_can_be_names_of_a_program(template: Template) -> None:
    for _, _, story in told(template, draws=1):
        for name in replayed(story.solution):
            assert re.fullmatch(r"[a-z][a-z_]*", name)
            assert not keyword.iskeyword(name)
            assert name not in ("ans", "it", "idle")


@EVERY_TEMPLATE
def test_rules_are_general(template: Template) -> None:
    for _, _, story in told(template, draws=2):
        rules = lines(story.solution, "Rule: ")
        assert rules
        assert len(set(rules)) == len(rules)
        for rule in rules:
            assert not re.search(r"\d", rule)
            assert rule[0].isupper()
            assert rule.endswith(".")


@EVERY_TEMPLATE
def test_rules_name_nobody_and_nothing_of_the_story(template: Template) -> None:
    for composition in compositions(template)[:20]:
        rng = Random(composition.name)
        words = draw_words(template, rng)
        people = {words["who"], words["pal"], words["third"]}
        for step in composition.steps:
            for move in step.moves:
                assert "{" not in move.rule
                assert not people & set(move.rule.split())


@pytest.mark.parametrize("template", UNKNOWN, ids=[template.name for template in UNKNOWN])
def test_the_relations_alone_determine_every_unknown_as_the_solution_does(template: Template) -> None:
    for _, numbers, story in told(template, draws=2):
        known = {name: sympy.Rational(value) for name, value in givens(story.solution).items()}
        relations = lines(story.solution, "Relation: ")
        names = {name: sympy.Symbol(name) for text in relations for name in re.findall(r"[a-z_]+", text)}
        sides = [relation.split(" = ") for relation in relations]
        zero = [sympy.sympify(f"({left}) - ({right})", locals=names).subs(known) for left, right in sides]
        solved = sympy.solve(zero, [names[name] for name in sorted(set(names) - set(known))], dict=True)
        assert len(solved) == 1, story
        for symbol, value in solved[0].items():
            assert not value.free_symbols
            assert value >= 0
            assert value == numbers.values.get(str(symbol), value), (str(symbol), story)
        asked = MARK.findall(story.solution)[-1][0]
        assert str(solved[0][names[asked]]) == story.answer


def test_only_stories_with_an_unknown_write_relations() -> None:
    for story in tell("train", 600, seed=2):
        template = next(one for one in TEMPLATES if one.name == story.template)
        assert bool(lines(story.solution, "Relation: ")) == bool(template.relations)


@EVERY_TEMPLATE
def test_numbers_stay_moderate_and_never_negative(template: Template) -> None:
    for _, numbers, story in told(template, draws=12):
        for value in numbers.values.values():
            assert 0 < value < 100_000, story
            assert 100 % Fraction(value).denominator == 0, story
        assert len(story.answer) <= 6


@EVERY_TEMPLATE
def test_people_and_things_are_whole(template: Template) -> None:
    for composition, numbers, story in told(template, draws=12):
        for step in composition.steps:
            for move in step.moves:
                if step.gives in ("things", "people", "share", "packs", "tables", "team", "kind", "other"):
                    assert move.unit == 1 or "dollars" in move.sentence
                    assert Fraction(numbers.values[move.name]).denominator in (1, move.unit), story


@EVERY_TEMPLATE
def test_the_parser_reads_every_solution_and_comes_to_the_answer(template: Template) -> None:
    for _, _, story in told(template, draws=2):
        solution = solutions.parse(story.solution, story.problem)
        assert solution.answer == Fraction(story.answer)
        assert solution.steps[-1].value == solution.answer
        assert {given.name: given.value for given in solution.givens} == givens(story.solution)
        assert len(solution.steps) == len(MARK.findall(story.solution))
        assert list(solution.relations) == lines(story.solution, "Relation: ")


def test_one_solution_in_full() -> None:
    story = next(tell("train", 1, seed=1))
    assert story.solution.startswith("Given: groups = ")
    assert (
        "Rule: The total of equal groups is the number of groups times the size of one group."
        in story.solution
    )
    assert "<<things=groups*group_size=" in story.solution

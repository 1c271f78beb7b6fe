import re
from random import Random

import pytest

from thoughtmill.factory.problems.stories import SPLITS, tell
from thoughtmill.train.embedded.settings import Cycle, StudentSettings
from thoughtmill.train.embedded.texts import (
    VIEWS,
    PretrainingTexts,
    bare_sums,
    by_name,
    fragments,
    in_words,
    with_answer,
    with_numbers,
)

SMALL = StudentSettings(
    cycles=(Cycle(steps=60), Cycle(steps=40, share=0.5, closed=True)),
    problems=2,
    sums=4,
    fragments=1,
    stories=300,
)
DRAWS = 300


@pytest.fixture(scope="module")
def library() -> PretrainingTexts:
    return PretrainingTexts(SMALL)


def test_what_the_base_reads_depends_on_the_seed_alone(library: PretrainingTexts) -> None:
    other = SMALL.model_copy(update={"seed": 1})
    first, again, changed = (list(library.steps(one, 0)) for one in (SMALL, SMALL, other))
    assert first == again == list(PretrainingTexts(SMALL).steps(SMALL, 0)) != changed


def test_a_later_cycle_reads_other_texts(library: PretrainingTexts) -> None:
    first, second = ({str(step) for step in library.steps(SMALL, cycle)} for cycle in (0, 1))
    assert [len(first), len(second)] == [cycle.steps for cycle in SMALL.cycles]
    assert not first & second


@pytest.mark.parametrize("split", [split for split in SPLITS if split != "train"])
def test_the_base_reads_no_held_out_problem(library: PretrainingTexts, split: str) -> None:
    read = {story.problem for story in library.stories}
    assert read == {story.problem for story in tell("train", SMALL.stories, SMALL.seed)}
    assert not read & {story.problem for story in tell(split, 200, 1)}


def test_a_problem_is_followed_by_one_view_of_its_solution(library: PretrainingTexts) -> None:
    solutions = {story.problem: story.solution for story in library.stories}
    views = dict(VIEWS)
    seen = set()
    for draw in range(DRAWS):
        problem, heading, *told = "".join(library.a_problem(Random(draw))).split("\n")
        assert told == views[heading](solutions[problem])
        seen.add(heading)
    assert seen == set(views)


def test_the_base_reads_no_rules_of_a_problem_and_no_answer_line(library: PretrainingTexts) -> None:
    for draw in range(DRAWS):
        problem, told = library.a_problem(Random(draw))
        story = next(story for story in library.stories if story.problem + "\n" == problem)
        rules = re.findall("^Rule: (.*)$", story.solution, re.MULTILINE)
        assert rules
        assert not [one for one in [*rules, "####", "<<"] if one in told]
        assert not re.search(r"\bans\b", told)


def test_sums_by_themselves_are_right(library: PretrainingTexts) -> None:
    for draw in range(DRAWS):
        assert all(right(one) for one in library.some_sums(Random(draw)).continuation.split("\n"))


def right(text: str) -> bool:
    """Tell whether a line is a calculation of numbers with its result, and nothing else."""
    calculation, _, value = text.partition(" = ")
    return not any(letter.isalpha() for letter in text) and eval(calculation) == pytest.approx(float(value))


def test_torn_lines_stand_without_their_problem_and_out_of_order(library: PretrainingTexts) -> None:
    orders = set()
    for draw in range(DRAWS):
        torn = library.some_lines(Random(draw)).continuation
        assert "?" not in torn
        assert "####" not in torn
        orders.add(tuple("=" in one for one in torn.split("\n")))
    assert len(orders) > 20


def test_the_base_reads_sums_alone_before_it_reads_problems(library: PretrainingTexts) -> None:
    found = list(library.steps(SMALL.model_copy(update={"sums_first": 1 / 3}), 0))
    for [sums] in found[:20]:
        assert all(right(one) for text in sums for one in text.continuation.split("\n"))
    for problems, others in found[20:]:
        assert all("?" in text.problem or "Find" in text.problem for text in problems)
        assert len(problems) == SMALL.problems
        assert len(others) == SMALL.sums + SMALL.fragments


def test_problems_of_a_step_are_alike_in_length(library: PretrainingTexts) -> None:
    settings = SMALL.model_copy(update={"sums_first": 0.0, "cycles": (Cycle(steps=64),)})
    groups = [step[0] for step in library.steps(settings, 0)]
    longest = sum(max(map(len, map("".join, group))) for group in groups) / len(groups)
    mean = sum(len("".join(text)) for group in groups for text in group) / sum(map(len, groups))
    assert longest < 1.1 * mean


TOLD = "Given: a = 4\nRule: Twice is two times.\nRelation: b + a = 9\nIt is <<b=9-a=5>>5 bags.\n#### 5"


def test_a_relation_and_a_rule_are_torn_from_their_headings() -> None:
    assert fragments(TOLD) == ["Twice is two times.", "b + a = 9", "It is 5 bags.", "a = 4", "b = 9 - a"]


def test_only_a_closed_cycle_reads_the_line_of_an_answer(library: PretrainingTexts) -> None:
    first, last = (
        ["".join(text) for groups in library.steps(SMALL, cycle) for group in groups for text in group]
        for cycle in (0, 1)
    )
    assert not any("####" in text for text in first)
    answered = [text for text in last if "####" in text]
    solutions = {story.problem: story.solution for story in library.stories}
    assert answered
    for text in answered:
        problem, heading, *told = text.split("\n")
        assert (heading, told) == ("Solution:", with_answer(solutions[problem]))


def test_the_views_of_a_solution() -> None:
    assert bare_sums(TOLD) == ["9 - 4 = 5"]
    assert in_words(TOLD) == ["It is 9 - 4 = 5 bags."]
    assert by_name(TOLD) == ["a = 4", "b = 9 - a"]
    assert with_numbers(TOLD) == ["b = 9 - 4"]

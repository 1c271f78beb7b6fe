"""The English of the embedded set: what a teacher would mark in red."""

import re
from random import Random

import pytest

from tests.story_draws import StoryDraws
from thoughtmill.factory.problems.stories import tell
from thoughtmill.factory.problems.stories.compositions import Composition, compositions
from thoughtmill.factory.problems.stories.parts import Step, Template
from thoughtmill.factory.problems.stories.patterns import fill
from thoughtmill.factory.problems.stories.telling import Numbers, draw_numbers, draw_words, write_problem
from thoughtmill.factory.problems.stories.templates import TEMPLATES
from thoughtmill.factory.problems.stories.words import HE, PEOPLE, SHE, cast, forms

EVERY_TEMPLATE = pytest.mark.parametrize("template", TEMPLATES, ids=[template.name for template in TEMPLATES])


def _problem(template: Template, composition: Composition, numbers: Numbers, rng: Random) -> str:
    return write_problem(template, composition.steps, draw_words(template, rng), numbers, rng)


TOLD = StoryDraws(_problem)


def problems(template: Template, draws: int = 8) -> list[str]:
    """Return problems of every composition of a template."""
    return TOLD.of(template, draws)


@EVERY_TEMPLATE
def test_problems_are_clean_sentences(template: Template) -> None:
    for problem in problems(template):
        assert problem == problem.strip()
        assert "  " not in problem
        assert not re.search(r"[{}|<>#_]", problem), problem
        assert problem[-1] in "?.", problem
        assert problem.isascii(), problem
        for sentence in re.split(r"(?<=[.?]) (?=[A-Z0-9$])", problem):
            assert sentence[0].isupper() or sentence[0].isdigit() or sentence[0] == "$", sentence
            assert sentence[-1] in "?.", sentence
            assert not re.search(r"[.?] [a-z]", sentence), sentence


@EVERY_TEMPLATE
def test_articles_and_repeated_words_are_right(template: Template) -> None:
    for problem in problems(template):
        lower = problem.lower()
        assert not re.search(r"\ba [aeio]", lower), problem
        assert not re.search(r"\ban [^aeiouh]", lower), problem
        assert not re.search(r"\b(a|an|the) (a|an|the)\b", lower), problem
        repeated = re.search(r"\b([a-z]+) \1\b", lower)
        assert repeated is None, problem


@EVERY_TEMPLATE
def test_one_thing_is_singular_and_several_are_plural(template: Template) -> None:
    for problem in problems(template, draws=12):
        assert not re.search(r"(?<![\d./$])1 (?!more\b)[a-z]+s\b(?<!ss)", problem), problem
        nouns = {forms(noun) for slot in template.slots.values() for noun in slot if "|" not in noun}
        for singular, plural in nouns:
            if singular != plural:
                assert not re.search(rf"(?<![\d./$])[2-9]\d* {singular}\b(?! ticket)", problem), problem


@EVERY_TEMPLATE
def test_a_problem_has_one_question_at_its_end(template: Template) -> None:
    for problem in problems(template):
        assert problem.count("?") <= 1
        assert "?" not in problem[:-1]
        last = re.split(r"(?<=[.?]) ", problem)[-1]
        asks = ("How", "What", "Which", "Find", "After how", "By how", "In how")
        assert last.startswith(asks), problem


@EVERY_TEMPLATE
def test_pronouns_match_the_name(template: Template) -> None:
    rng = Random(template.name)
    for _ in range(40):
        composition = rng.choice(compositions(template))
        numbers = draw_numbers(template, composition.steps, rng)
        if numbers is None:
            continue
        words = draw_words(template, rng)
        problem = write_problem(template, composition.steps, words, numbers, rng)
        wrong = r"\b(he|his|him)\b" if words["who"] in SHE else r"\b(she|her)\b"
        assert not re.search(wrong, problem, re.IGNORECASE), problem


@EVERY_TEMPLATE
def test_every_text_of_a_template_can_be_told(template: Template) -> None:
    rng = Random(template.name)
    for step in (template.opening, *template.pool):
        assert step.texts
        for text in (*step.texts, *step.asks, *template.asides):
            values = dict.fromkeys(re.findall(r"[{$# ]([a-z_]+)", text), 3)
            assert "{" not in fill(text, {**draw_words(template, rng), "=": "3"}, {**values, "idle": 3})


@EVERY_TEMPLATE
def test_a_story_has_an_aside_and_its_number_is_not_needed(template: Template) -> None:
    assert template.asides
    for aside in template.asides:
        assert len(re.findall(r"\{#?idle[ }]", aside)) == 1
        assert not re.match(r"\{(He|His|he|his)\}", aside), (
            "an aside may follow a sentence about somebody else"
        )


@EVERY_TEMPLATE
def test_a_text_names_a_person_before_it_says_a_pronoun(template: Template) -> None:
    for step in (template.opening, *template.pool):
        for text in (*step.texts, *step.asks, *template.asides):
            assert re.search(r"\{(he|He|his|His|him)\}", text.partition("{who}")[0]) is None, text


@EVERY_TEMPLATE
def test_what_follows_an_opening_never_points_back_with_a_pronoun(template: Template) -> None:
    for step in template.pool:
        for text in (*step.texts, *step.asks):
            assert not re.search(r"\b(these|them|they|it)\b(?! at once)", text, re.IGNORECASE), text


@EVERY_TEMPLATE
def test_a_third_person_comes_into_a_story_once(template: Template) -> None:
    for composition in compositions(template):
        assert sum("{third}" in " ".join(step.texts) for step in composition.steps) <= 1


def test_a_part_of_what_is_left_is_never_called_a_part_of_the_whole() -> None:
    wage = next(template for template in TEMPLATES if template.name == "wage_from_total")
    assert "unit_rate+spend+donate" not in {composition.name for composition in compositions(wage)}


def test_the_texts_vary() -> None:
    wordings = [len(step.texts) * len(step.asks or "a") for step in _steps()]
    assert sum(wordings) / len(wordings) >= 2.5


def test_speeds_ages_and_prices_are_sensible() -> None:
    for split in ("train", "test_templates"):
        for story in tell(split, 600, seed=5):
            given = dict(re.findall(r"^Given: (\w+) = (\d+)$", story.solution, re.MULTILINE))
            walking = [int(given[name]) for name in ("slow", "fast") if story.template == "two_stage_hike"]
            assert all(2 <= speed <= 6 for speed in walking), story
            if story.template == "cycling":
                assert 8 <= int(given["speed"]) <= 30
            if story.template in ("drive", "driving_apart"):
                assert all(30 <= int(given[name]) <= 120 for name in given if "speed" in name)
            if story.template == "ages_times":
                assert 20 <= int(given["gap"]) <= 40
            if "dream" in story.problem or "bicycle that costs" in story.problem:
                assert int(given["goal"]) >= 80


def test_names_have_one_pronoun_each_and_no_name_is_a_word() -> None:
    assert len(set(PEOPLE)) == len(PEOPLE) == len(SHE) + len(HE)
    assert not set(PEOPLE) & {"Will", "May", "June", "Mark", "Rose", "Grant"}


def test_a_cast_is_three_different_people_with_the_pronouns_of_the_first() -> None:
    for seed in range(50):
        words = cast(Random(seed))
        assert len({words["who"], words["pal"], words["third"]}) == 3
        assert words["he"] == ("she" if words["who"] in SHE else "he")


def _steps() -> list[Step]:
    return [step for template in TEMPLATES for step in (template.opening, *template.pool)]

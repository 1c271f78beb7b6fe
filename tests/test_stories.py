"""The embedded set as a whole: its splits, its order, its size, and what its templates cover."""

import itertools
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pydantic
import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.problems.stories import StoriesSettings, Story, tell
from thoughtmill.factory.problems.stories.compositions import (
    MOST_MOVES,
    compositions,
    held_out,
    split_of_numbers,
)
from thoughtmill.factory.problems.stories.templates import TEMPLATES

KNOWN = ("train", "validation", "test_numbers")
KNOWN_TEMPLATES = tuple(template for template in TEMPLATES if not template.reserved)
HELD_OUT = held_out(KNOWN_TEMPLATES)
NEW_COMPOSITIONS = ("validation_compositions", "test_compositions")
SPLITS = (*KNOWN, *NEW_COMPOSITIONS, "test_templates")
FAMILIES = {
    "addition": {"add", "sum"},
    "subtraction": {"take_away", "goal"},
    "multiplication": {"groups", "times"},
    "division": {"share", "unit_price"},
    "rates": {"rate", "joint_rate", "fixed_plus_rate"},
    "fractions": {"fraction", "halve"},
    "percentages": {"discount", "surcharge", "donate", "percent_of", "percent_off", "percent_growth"},
    "averages": {"average"},
    "comparison": {"compare", "together"},
    "remainders": {"left_over", "change_left"},
    "unit conversion": {"convert", "dozens"},
    "unknowns": {"two_kinds", "heads_legs", "sum_difference", "undo", "catch_up", "consecutive"},
}


@pytest.fixture(scope="module")
def stories() -> dict[str, list[Story]]:
    return {split: list(tell(split, 3000 if split == "train" else 800, seed=1)) for split in SPLITS}


def numbers(story: Story) -> tuple[str, ...]:
    lines = (line for line in story.solution.splitlines() if line.startswith("Given: "))
    return tuple(line.partition(" = ")[2] for line in lines)


def kinds(story: Story) -> list[str]:
    return story.composition.split("+")


def test_every_split_has_as_many_stories_as_asked_for(stories: dict[str, list[Story]]) -> None:
    assert {split: len(told) for split, told in stories.items()} == {
        split: 3000 if split == "train" else 800 for split in SPLITS
    }


def test_no_two_stories_of_any_split_have_the_same_text(stories: dict[str, list[Story]]) -> None:
    texts = Counter(story.problem for told in stories.values() for story in told)
    assert max(texts.values()) == 1


def test_asking_for_more_only_adds_stories() -> None:
    for split in SPLITS:
        assert list(tell(split, 60, seed=3)) == list(itertools.islice(tell(split, 200, seed=3), 60))


def test_another_seed_tells_other_stories() -> None:
    first = {story.problem for story in tell("train", 300, seed=1)}
    assert not first & {story.problem for story in tell("train", 300, seed=2)}


def test_the_stories_depend_on_the_seed_alone_and_not_on_the_process() -> None:
    program = (
        "import hashlib; from thoughtmill.factory.problems.stories import tell\n"
        f"texts = repr([s for split in {SPLITS!r} for s in tell(split, 150, seed=7)])\n"
        "print(hashlib.sha256(texts.encode()).hexdigest())"
    )
    root = Path(__file__).parents[1]
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("0", "4242")
    }
    assert len(found) == 1


def test_an_unknown_split_is_one_clear_error_that_names_the_splits() -> None:
    with pytest.raises(ThoughtmillError, match="no split 'test'; it has train, validation"):
        next(tell("test", 1, seed=1))


def test_settings_refuse_unknown_keys_and_negative_counts() -> None:
    assert StoriesSettings().train == 2400
    with pytest.raises(pydantic.ValidationError):
        StoriesSettings(training=3)  # type: ignore[call-arg]
    with pytest.raises(pydantic.ValidationError):
        StoriesSettings(train=-1)


def test_there_are_at_least_forty_templates_with_names_of_their_own() -> None:
    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES) >= 40


def test_every_template_is_told_in_train_or_in_test_templates_but_never_in_both(
    stories: dict[str, list[Story]],
) -> None:
    reserved = {template.name for template in TEMPLATES if template.reserved}
    assert {story.template for story in stories["test_templates"]} == reserved
    for split in (*KNOWN, *NEW_COMPOSITIONS):
        assert not {story.template for story in stories[split]} & reserved
    everything = {template.name for template in TEMPLATES}
    assert {story.template for story in stories["train"]} == everything - reserved


def test_the_templates_held_back_cover_easy_and_hard_stories_and_unknowns() -> None:
    reserved = [template for template in TEMPLATES if template.reserved]
    assert len(reserved) >= 8
    assert sum(bool(template.relations) for template in reserved) >= 2
    lengths = {len(template.opening.moves) for template in reserved}
    assert min(lengths) == 1
    assert max(lengths) >= 4


def test_a_composition_is_seen_in_train_in_validation_or_in_the_test_alone(
    stories: dict[str, list[Story]],
) -> None:
    validation, test = ({story.composition for story in stories[split]} for split in NEW_COMPOSITIONS)
    assert min(len(validation), len(test)) >= 40
    assert not validation & test
    for split in KNOWN:
        assert not (validation | test) & {story.composition for story in stories[split]}


def test_training_still_has_every_step_of_every_template_that_a_held_out_composition_has() -> None:
    for template in KNOWN_TEMPLATES:
        names = {composition.name for composition in compositions(template)}
        seen = {kind for name in names - HELD_OUT for kind in name.split("+")}
        assert seen == {template.opening.kind, *(step.kind for step in template.pool)}, template.name


def test_more_than_half_of_the_templates_for_training_have_compositions_held_out() -> None:
    having = [one for one in KNOWN_TEMPLATES if HELD_OUT & {held.name for held in compositions(one)}]
    assert len(having) > len(KNOWN_TEMPLATES) / 2


def test_training_keeps_most_compositions() -> None:
    assert len(_names(held_out=False)) >= 2 * len(HELD_OUT)


def test_no_numbers_of_a_template_and_composition_are_in_two_splits(stories: dict[str, list[Story]]) -> None:
    seen = {
        split: {(story.template, story.composition, numbers(story)) for story in stories[split]}
        for split in KNOWN
    }
    for first, second in itertools.combinations(KNOWN, 2):
        assert not seen[first] & seen[second]


def test_the_split_of_numbers_is_the_same_for_every_seed_and_shares_them_out() -> None:
    split = Counter(split_of_numbers("marbles", "groups", (a, b)) for a in range(100) for b in range(100))
    assert set(split) == set(KNOWN)
    assert 0.75 < split["train"] / 10_000 < 0.85
    for seed in (1, 2, 3):
        for story in tell("test_numbers", 50, seed):
            given = tuple(int(n) if n.isdigit() else n for n in numbers(story))
            if all(isinstance(number, int) for number in given):
                belongs = split_of_numbers(story.template, story.composition, given)  # type: ignore[arg-type]
                assert belongs == "test_numbers"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_set_has_stories_of_every_family(family: str, stories: dict[str, list[Story]]) -> None:
    told = [story for story in stories["train"] if FAMILIES[family] & set(kinds(story))]
    assert len({story.template for story in told}) >= 1
    assert len(told) >= 20


def test_at_least_six_templates_have_an_unknown_to_solve_for() -> None:
    assert sum(bool(template.relations) for template in TEMPLATES if not template.reserved) >= 6


def test_stories_take_one_to_five_calculations(stories: dict[str, list[Story]]) -> None:
    lengths = Counter(story.solution.count("<<") for story in stories["train"])
    assert sorted(lengths) == [1, 2, 3, MOST_MOVES, MOST_MOVES + 1]
    assert min(lengths.values()) >= 40


def test_a_story_takes_each_kind_of_step_at_most_once() -> None:
    for template in TEMPLATES:
        for composition in compositions(template):
            names = [step.kind for step in composition.steps]
            assert len(set(names)) == len(names)
            assert composition.moves <= MOST_MOVES or len(composition.steps) <= 2


def test_a_large_set_keeps_telling_new_stories() -> None:
    texts = {story.problem for story in tell("train", 20_000, seed=11)}
    assert len(texts) == 20_000


def test_a_template_that_has_no_further_text_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thoughtmill.factory.problems.stories.ATTEMPTS", 0)
    with pytest.raises(ThoughtmillError, match="no further text"):
        next(tell("train", 1, seed=1))


def test_no_template_is_told_much_more_often_than_another(stories: dict[str, list[Story]]) -> None:
    told = Counter(story.template for story in stories["train"])
    assert max(told.values()) - min(told.values()) <= 1


def _names(*, held_out: bool) -> set[str]:
    names = {composition.name for template in KNOWN_TEMPLATES for composition in compositions(template)}
    return {name for name in names if (name in HELD_OUT) is held_out}

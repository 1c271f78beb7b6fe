"""Placing: splits of families, duplicates and overlaps, and the same with little memory."""

from collections.abc import Collection, Iterable

from tests.test_curate import STORY, problem
from thoughtmill.factory.core import families, scratch, tables
from thoughtmill.factory.curate import CurateSettings
from thoughtmill.factory.problems.kept_out import words
from thoughtmill.factory.problems.placing import Placement, PlacingSettings, placed


def placements(
    problems: Iterable[tables.Row], settings: PlacingSettings, repeats: Collection[str] = ()
) -> dict[str, Placement]:
    """Return the placement of every problem."""
    with placed(problems, settings, repeats) as found:
        return dict(found)


def test_a_set_with_a_validation_split_keeps_its_own() -> None:
    problems = [problem(f"p{number}", f"{number}?") for number in range(40)] + [
        problem("q", "q?", "validation")
    ]
    assert {
        placement.split
        for name, placement in placements(problems, CurateSettings(validation_share=0.9)).items()
        if name != "q"
    } == {"train"}


def test_test_problems_never_move() -> None:
    problems = [problem(f"p{number}", f"{number}?", "test") for number in range(40)]
    assert {each.split for each in placements(problems, CurateSettings(validation_share=0.9)).values()} == {
        "test"
    }


def test_problems_of_one_text_share_a_split() -> None:
    problems = [problem(f"p{number}", f"How many are {number // 2}?") for number in range(60)]
    placed = placements(problems, CurateSettings(validation_share=0.5))
    splits = {name: each.split for name, each in placed.items()}
    assert all(splits[f"p{number}"] == splits[f"p{number + 1}"] for number in range(0, 60, 2))


def test_a_train_problem_that_repeats_a_test_problem_is_contaminated() -> None:
    held = STORY.format(3, 12, 5) + " How many are left?"
    near = held.replace("How many are left?", "How many hens are left now?")
    problems = [problem("a", near), problem("b", STORY.format(4, 15, 6)), problem("t", held, "test")]
    placed = placements(problems, CurateSettings(ngram=8, max_overlap=0.6))
    assert placed["a"].drop_reason == "contaminated"
    assert placed["b"].drop_reason is None
    assert placed["t"].drop_reason is None


def test_what_moves_to_validation_contaminates_train_too() -> None:
    problems = [
        problem("a", "same words?"),
        problem("b", "Same words!"),
        problem("t", "same words?", "validation", "x"),
    ]
    assert {
        each.drop_reason for name, each in placements(problems, CurateSettings()).items() if name != "t"
    } == {"contaminated"}


def test_a_sign_or_a_letter_of_any_script_makes_another_problem() -> None:
    texts = (
        "What is 5 + 3?",
        "What is 5 - 3?",
        "梨有几个？",
        "苹果有几个？",
        "Сколько груш?",
        "Сколько яблок?",
    )
    problems = [problem(f"p{number}", text) for number, text in enumerate(texts)]
    assert {placement.drop_reason for placement in placements(problems, CurateSettings()).values()} == {None}


def test_of_a_text_in_train_and_test_the_test_problem_stays() -> None:
    problems = [problem("a", "Same?"), problem("b", "Same?", "test"), problem("c", "Same?", "test")]
    reasons = {
        name: placement.drop_reason for name, placement in placements(problems, CurateSettings()).items()
    }
    assert reasons == {"a": "contaminated", "b": None, "c": "duplicate_problem"}


def test_punctuation_and_case_do_not_make_a_new_problem() -> None:
    assert words("Ann's 3.5 Kg!") == words("ann s 3.5 kg")
    assert words("One, two; three.") == words("one two three")


def test_a_child_has_the_split_of_its_family_however_far_down() -> None:
    held, trained = problem("t", "held?", "test"), problem("a", "trained?")
    problems = [trained, problem("a+x", "one?", "test", parent_id="a"), held]
    problems += [problem("t+x", "two?", parent_id="t"), problem("t+x+y", "three?", parent_id="t+x")]
    splits = {name: each.split for name, each in placements(problems, CurateSettings()).items()}
    assert splits == {"a": "train", "a+x": "train", "t": "test", "t+x": "test", "t+x+y": "test"}


def test_a_family_moves_to_validation_as_a_whole() -> None:
    problems = [problem(f"p{number}", f"How many are {number}?") for number in range(40)]
    problems += [problem(f"p{number}+x", f"child {number}?", parent_id=f"p{number}") for number in range(40)]
    placed = placements(problems, CurateSettings(validation_share=0.5))
    assert all(placed[f"p{number}"].split == placed[f"p{number}+x"].split for number in range(40))
    assert {each.split for each in placed.values()} == {"train", "validation"}


def test_a_family_without_its_original_is_held_out_if_any_of_it_is() -> None:
    problems = [problem("b", "one?", parent_id="gone"), problem("c", "two?", "test", parent_id="gone")]
    assert {each.split for each in placements(problems, CurateSettings()).values()} == {"test"}


def test_what_descends_from_a_contaminated_or_repeated_problem_is_dropped_for_the_same_reason() -> None:
    problems = [
        problem("a", "same?"),
        problem("b", "same?"),
        problem("b+x", "other?", parent_id="b"),
        problem("c", "held?"),
        problem("c+x", "another?", parent_id="c"),
        problem("c+x+y", "yet another?", parent_id="c+x"),
        problem("t", "held?", "test"),
    ]
    placed = {name: each.drop_reason for name, each in placements(problems, CurateSettings()).items()}
    assert [placed[name] for name in ("a", "b", "b+x")] == [None, "duplicate_problem", "duplicate_problem"]
    assert {placed[name] for name in ("c", "c+x", "c+x+y")} == {"contaminated"}


def test_a_child_that_overlaps_a_held_out_problem_is_dropped_and_its_parent_stays() -> None:
    problems = [problem("a", "ours?"), problem("a+x", "held?", parent_id="a"), problem("t", "held?", "test")]
    placed = placements(problems, CurateSettings())
    assert (placed["a"].drop_reason, placed["a+x"].drop_reason) == (None, "contaminated")


def test_problems_that_are_made_from_each_other_end() -> None:
    problems = [problem("a", "one?", parent_id="b"), problem("b", "two?", parent_id="a")]
    assert {each.split for each in placements(problems, CurateSettings()).values()} == {"train"}


def test_a_problem_is_contaminated_with_the_one_that_it_is_made_from_in_a_circle_too() -> None:
    problems = [problem("a", "held?", parent_id="b"), problem("b", "two?", parent_id="a")]
    found = placements([*problems, problem("t", "held?", "test")], CurateSettings())
    assert (found["a"].drop_reason, found["b"].drop_reason) == ("contaminated", "contaminated")


def test_chains_of_children_far_down_have_the_reason_of_the_first_that_repeats() -> None:
    line = [problem("p000", "held?")]
    line += [problem(f"p{at:03}", f"child {at}?", parent_id=f"p{at - 1:03}") for at in range(1, 40)]
    found = placements([*line, problem("t", "held?", "test")], CurateSettings())
    assert {each.drop_reason for name, each in found.items() if name != "t"} == {"contaminated"}
    assert {each.split for name, each in found.items() if name != "t"} == {"train"}


def test_a_circle_of_problems_ends_and_has_the_split_of_its_least() -> None:
    circle = [
        problem(f"p{at}", f"{at}?", "train" if at else "test", parent_id=f"p{(at + 1) % 4}")
        for at in range(4)
    ]
    found = placements([*circle, problem("q", "out?", parent_id="p2")], CurateSettings())
    assert {each.split for each in found.values()} == {"test"}


def test_a_parent_that_is_named_by_its_text_is_the_first_problem_of_that_text() -> None:
    problems = [problem("a", "Same  words?", "test"), problem("b", "Same words?")]
    problems.append(problem("c", "other?", parent_id=families.text_id("Same words?")))
    assert placements(problems, CurateSettings())["c"].split == "test"


def test_placements_come_in_the_order_of_the_problems() -> None:
    names = [f"p{number}" for number in range(3 * scratch.BATCH)]
    assert list(placements((problem(name, name) for name in names), CurateSettings())) == names

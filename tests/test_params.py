"""params.yaml: sections as models, every mistake one clear line."""

from pathlib import Path

import pytest

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError


class Inner(params.Section):
    deep: int = 1


class Outer(params.Section):
    limit: int = 5
    inner: Inner = Inner()


def written(folder: Path, text: str) -> Path:
    path = folder / "params.yaml"
    path.write_text(text)
    return path


def test_a_section_is_read_as_its_model(tmp_path: Path) -> None:
    path = written(tmp_path, "seed: {limit: 7, inner: {deep: 2}}")
    assert params.section("seed", Outer, path) == Outer(limit=7, inner=Inner(deep=2))


def test_an_absent_section_is_all_defaults(tmp_path: Path) -> None:
    assert params.section("seed", Outer, written(tmp_path, "verify: {}")) == Outer()


def test_a_wrong_key_is_named_with_the_nearest_right_one(tmp_path: Path) -> None:
    path = written(tmp_path, "seed: {limt: 7}")
    with pytest.raises(
        ThoughtmillError, match=r"params\.yaml: seed: `limt` is an unknown key; did you mean `limit`"
    ):
        params.section("seed", Outer, path)


def test_a_wrong_key_deep_in_a_section_is_named_with_its_way(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"`inner\.depth` is an unknown key"):
        params.section("seed", Outer, written(tmp_path, "seed: {inner: {depth: 7}}"))


def test_a_wrong_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"`limit`: Input should be a valid integer"):
        params.section("seed", Outer, written(tmp_path, "seed: {limit: many}"))


@pytest.mark.parametrize("text", ["seed: [", "- a\n- b\n", "", "seed: {}\nseed: {}\n", "a: {b: 1, b: 2}"])
def test_what_is_no_set_of_sections_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ThoughtmillError) as error:
        params.load(written(tmp_path, text))
    assert "\n" not in str(error.value)


def test_a_key_that_is_given_twice_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"`limit` is given twice in .*, line 3, column 3"):
        params.load(written(tmp_path, "seed:\n  limit: 1\n  limit: 2\n"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"params\.yaml is missing"):
        params.load(tmp_path / "params.yaml")


def test_the_thoughts_are_a_list_of_names(tmp_path: Path) -> None:
    assert params.thoughts(written(tmp_path, "thoughts: [cot, pot]")) == ("cot", "pot")
    for wrong in ("thoughts: cot", "thoughts: []", "thoughts: [1]", "seed: {}"):
        with pytest.raises(ThoughtmillError, match="give a list"):
            params.thoughts(written(tmp_path, wrong))


@pytest.mark.parametrize("value", ["true", '"7"', "1.5", "2026-01-01"])
def test_a_value_of_another_type_is_not_bent_into_the_right_one(tmp_path: Path, value: str) -> None:
    with pytest.raises(ThoughtmillError, match=r"params\.yaml: seed"):
        params.section("seed", Outer, written(tmp_path, f"seed: {{limit: {value}}}"))


def test_a_section_that_is_a_list_is_refused_and_a_thought_listed_twice_too(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"params\.yaml: seed"):
        params.section("seed", Outer, written(tmp_path, "seed: []"))
    with pytest.raises(ThoughtmillError, match="listed twice"):
        params.thoughts(written(tmp_path, "thoughts: [cot, cot]"))


def test_the_settings_of_a_section_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Outer().limit = 6

"""Thoughts: which there are, what kinds they are, and that nothing a teacher writes raises in a parser."""

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.thoughts import THOUGHTS

DEEP = [
    opening * depth + inside + closing * depth
    for depth in (1_200, 100_000)
    for opening, closing in (("[", "]"), ("{", "}"), ("(", ")"), ('[{"a":', "}]"), ("-", ""), ("[", ""))
    for inside in ("", "1", '"x"', "ans = 1")
]


def test_thoughts_are_modules_and_helpers_are_none() -> None:
    assert THOUGHTS.names()[:4] == ("cot", "eot", "knowledge", "pot")
    assert [THOUGHTS.named(name).KIND for name in ("cot", "eot", "knowledge", "pot")] == [
        "chain", "equations", "rules", "program",
    ]  # fmt: skip
    assert "prompts" not in THOUGHTS
    assert "solving" not in THOUGHTS


def test_an_unknown_thought_is_named_with_those_there_are() -> None:
    with pytest.raises(ThoughtmillError, match="unknown thought `tot`; there are: cot, eot, knowledge, pot"):
        THOUGHTS.named("tot")


@pytest.mark.parametrize("thought", THOUGHTS.names())
def test_a_completion_nested_however_deep_is_parsed_or_is_not_and_never_raises(thought: str) -> None:
    for text in DEEP:
        rationale = THOUGHTS.named(thought).parse(text)
        assert rationale is None or rationale

"""Answer kinds: each is one module, and whoever compares answers goes through the registry."""

import re

import pytest

from thoughtmill.factory.answers import KINDS, canonical, equal
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.schemas import Problems

TEXTS = ["1,250", "0.50", "2/6", "-3", "$18.00", "2 1/2", "1e-3", "ten", "", "x"]


@pytest.mark.parametrize("kind", KINDS.names())
def test_what_is_canonical_stays_as_it_is_matches_the_pattern_and_equals_itself(kind: str) -> None:
    found = [text for text in (canonical(text, kind) for text in TEXTS) if text is not None]
    assert found
    for text in found:
        assert canonical(text, kind) == text
        assert re.fullmatch(KINDS.named(kind).PATTERN, text)
        assert equal(text, text, kind)


def test_numbers_are_the_default() -> None:
    assert (canonical("1,250.0"), canonical("ten")) == ("1250", None)
    assert equal("0.3333", "1/3")


def test_the_table_of_problems_takes_every_canonical_number() -> None:
    (check,) = [
        check for check in Problems.to_schema().columns["answer"].checks if check.name == "str_matches"
    ]
    for text in ("18", "-3", "0.5", "1/3", "-7/2"):
        assert re.search(check.statistics["pattern"], text)
        assert re.fullmatch(KINDS.named("number").PATTERN, text)


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    with pytest.raises(ThoughtmillError, match="unknown answer kind `colour`; there are: number"):
        canonical("red", "colour")

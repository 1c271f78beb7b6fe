"""The public table of answers that must be equal and that must differ: `docs/data/answer_pairs.jsonl`."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from thoughtmill.factory.answers import ANY, KINDS, answer_of, compared

TABLE = Path(__file__).parents[1] / "docs" / "data" / "answer_pairs.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in TABLE.read_text("utf-8").splitlines()]
RULES = {"text", "number", "normal_form", "symbolic", "sampling", "kind"}


@pytest.mark.parametrize(
    ("left", "right", "equal"), [(row["left"], row["right"], row["equal"]) for row in ROWS]
)
def test_a_pair_is_judged_right_in_both_orders(left: str, right: str, equal: bool) -> None:
    one, other = answer_of(left, ANY), answer_of(right, ANY)
    if one is None or other is None:  # a text that is no answer equals nothing
        assert not equal
        return
    verdict = compared(one, other)
    assert (verdict.equal is True) is equal
    assert verdict.by in RULES
    assert compared(other, one) == verdict


def test_the_table_is_large_has_both_verdicts_for_each_kind_and_no_pair_twice() -> None:
    assert len(ROWS) >= 300
    verdicts = Counter((row["kind"], row["equal"]) for row in ROWS)
    kinds = {row["kind"] for row in ROWS}
    assert set(KINDS.ours) <= kinds
    assert all(verdicts[kind, equal] >= 3 for kind in kinds for equal in (True, False))
    pairs = Counter(frozenset((row["left"], row["right"])) for row in ROWS)
    assert not [pair for pair, times in pairs.items() if times > 1]

"""The gold answers of MATH: nearly all have a kind, and equality does not depend on the order."""

import itertools
import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from thoughtmill.factory.answers import ANY, KINDS, Answer, answer_of, compared
from thoughtmill.factory.answers.reading import boxes

MATH = Path(__file__).parents[1].parent / "shared" / "data" / "math" / "test.jsonl"

pytestmark = pytest.mark.skipif(not MATH.exists(), reason="MATH is not beside the repository")


@cache
def golds() -> list[tuple[str, str, Answer | None]]:
    """Return the form of each problem (its subject and words), its box and the answer that is read."""
    found = []
    for line in MATH.read_text("utf-8").splitlines():
        row = json.loads(line)
        boxed = boxes(row["solution"])
        gold = boxed[-1] if boxed else row["solution"].rpartition("\\boxed")[2].split("$")[0].strip()
        form = row["type"] + re.sub(r"[^A-Za-z]+", " ", row["problem"])[:30]
        found.append((form, gold, answer_of(gold, ANY)))
    return found


def test_at_most_3_in_1000_golds_are_refused() -> None:
    refused = [gold for _, gold, answer in golds() if answer is None]
    assert 1000 * len(refused) <= 3 * len(golds()), refused


def test_most_golds_are_no_text_and_each_is_written_as_its_kind_writes() -> None:
    kinds = Counter(answer.kind for _, _, answer in golds() if answer)
    assert kinds["text"] <= 50
    for _, gold, answer in golds():
        if answer is not None:
            assert answer_of(answer.text, [answer.kind]) == answer, gold
            assert re.fullmatch(KINDS.named(answer.kind).PATTERN, answer.text)
            assert compared(answer, answer).equal


def test_golds_of_problems_of_one_form_are_compared_alike_in_both_orders() -> None:
    forms: dict[str, set[Answer]] = defaultdict(set)
    for form, _, answer in golds():
        if answer is not None:
            forms[form].add(answer)
    pairs = [pair for answers in forms.values() for pair in itertools.combinations(sorted(answers), 2)]
    assert len(pairs) > 300
    for one, other in pairs:
        assert compared(one, other) == compared(other, one)


@pytest.mark.parametrize("kind", [kind for kind in KINDS.ours if kind != "number"])
def test_golds_of_one_kind_are_compared_alike_in_both_orders_and_few_are_equal(kind: str) -> None:
    answers = sorted({answer for _, _, answer in golds() if answer and answer.kind == kind})[::3]
    for one, other in itertools.combinations(answers, 2):
        assert compared(one, other) == compared(other, one)

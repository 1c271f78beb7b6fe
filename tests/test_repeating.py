"""Which problems repeat one of a benchmark: each sign, what is no repeat, and which of several is named."""

import json
from pathlib import Path

import pytest

from thoughtmill.factory.problems.kept_out import Benchmark, Finding, KeptOutSettings
from thoughtmill.factory.problems.repeating import repeats

TEXT = (
    "A farmer keeps hens in 12 coops with 30 hens in each coop, sells 40 of them at the market on Monday and "
    "buys 15 new ones from a neighbor on Friday. How many hens does the farmer have in the end?"
)


def findings(
    texts: list[str], benchmarks: list[Benchmark], settings: KeptOutSettings | None = None
) -> list[Finding | None]:
    rows = [{"problem_id": str(number), "problem": text} for number, text in enumerate(texts)]
    found = dict(repeats(rows, benchmarks, settings or KeptOutSettings()))
    return [found.get(row["problem_id"]) for row in rows]


def found(text: str, **settings: float) -> Finding | None:
    benchmarks = [Benchmark("other", "What is 2 + 2?"), Benchmark("farm", TEXT)]
    (finding,) = findings([text], benchmarks, KeptOutSettings.model_validate(settings))
    return finding


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (TEXT.upper().replace(",", ""), "exact"),
        (TEXT.replace("12", "17").replace("40", "55"), "masked"),
        (f"{TEXT} Think well.", "ngram"),
        (TEXT.replace("hens", "ducks").replace("buys", "gets"), "near"),
        (
            "On Friday 15 hens from a neighbor come to a farmer with 12 coops of 30 hens, who took 40 hens "
            "to market on Monday. What is the number of hens?",
            "numbers",
        ),
    ],
)
def test_each_sign_names_the_problem_that_is_repeated(text: str, how: str) -> None:
    finding = found(text)
    assert finding is not None
    assert (finding.benchmark, finding.benchmark_problem, finding.how) == ("farm", TEXT, how)
    assert 0.3 < finding.score <= 1


def test_rephrased_problems_are_found_by_their_numbers_and_others_are_not() -> None:
    path = Path(__file__).parents[1] / "bench" / "rewordings.jsonl"
    pairs = [json.loads(line) for line in path.read_text().splitlines()]
    benchmarks = [Benchmark("ours", pair["problem"]) for pair in pairs]
    found = findings([pair["reworded"] for pair in pairs], benchmarks)
    right = [one and one.benchmark_problem == pair["problem"] for one, pair in zip(found, pairs, strict=True)]
    assert sum(map(bool, right)) >= 0.85 * len(pairs)
    assert all(right[at] for at, one in enumerate(found) if one)


def test_another_problem_and_a_short_one_with_other_numbers_repeat_nothing() -> None:
    assert found("A baker sells 12 loaves for $3 each on Monday. How much money does she take?") is None
    assert found("What is 3 + 5?") is None


def test_the_threshold_decides_what_is_near() -> None:
    text = TEXT.replace("hens", "ducks")
    assert found(text, near=0.3) is not None
    assert found(text, near=0.95, same_numbers=1.0) is None


def test_the_surest_sign_is_named_and_of_several_problems_the_first() -> None:
    near = TEXT.replace("hens", "ducks").replace("buys", "gets")
    benchmarks = [Benchmark("first", near), Benchmark("second", TEXT), Benchmark("third", TEXT)]
    texts = [TEXT, TEXT.replace("12", "17"), f"{TEXT} Think well."]
    named = [finding and (finding.benchmark, finding.how) for finding in findings(texts, benchmarks)]
    assert named == [("second", "exact"), ("second", "masked"), ("second", "ngram")]


def test_problems_come_in_their_order_and_without_benchmarks_there_are_none() -> None:
    texts = ["What is 3 + 4 - 1?", TEXT, "Other?", f"  {TEXT.lower()}"]
    assert [bool(each) for each in findings(texts, [Benchmark("b", TEXT)])] == [False, True, False, True]
    assert findings(texts, []) == [None] * 4

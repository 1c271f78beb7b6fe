"""Stage `curate`: what is kept and why not, agreement, contamination, and one split for a problem."""

from pathlib import Path
from typing import Any

import pytest

from tests import stages
from thoughtmill.factory.core import tables
from thoughtmill.factory.curate import CurateSettings, RecordFault, curate, faults_of, main
from thoughtmill.schemas import Checks, Problems, Records, Table
from thoughtmill.schemas.fields import DROP_REASONS

STORY = (
    "A farmer keeps hens in {} coops with {} hens in each coop and sells {} of them at the market on Monday"
)


def problem(
    problem_id: str, text: str, split: str = "train", source: str = "ours", parent_id: str | None = None
) -> tables.Row:
    return {
        "problem_id": problem_id,
        "problem": text,
        "split": split,
        "source": source,
        "answer": "7",
        "answer_kind": "number",
        "parent_id": parent_id,
    }


def record(problem_id: str, thought: str, **changed: Any) -> tables.Row:
    sample = changed.pop("sample", 0)
    return {
        "record_id": f"{problem_id}/{thought}/{sample}",
        "problem_id": problem_id,
        "thought": thought,
        "sample": sample,
        "rationale": f"{problem_id} {thought} {sample}",
        "predicted_answer": "7",
        "predicted_kind": "number",
        "failure": None,
        "correct": True,
        **changed,
    }


NO_ANSWER = {"predicted_answer": None, "predicted_kind": None, "correct": None}


def curated(
    problems: list[tables.Row], records: list[tables.Row], **settings: Any
) -> dict[str, tuple[tables.Row, tables.Row]]:
    found = curate(problems, records, CurateSettings(**settings))
    return {row["record_id"]: (row, check) for row, (check,) in found}


def reasons(problems: list[tables.Row], records: list[tables.Row], **settings: Any) -> dict[str, str | None]:
    return {name: row["drop_reason"] for name, (row, _) in curated(problems, records, **settings).items()}


def test_a_verified_record_of_train_is_kept() -> None:
    ((row, _),) = curated([problem("a", "How many?")], [record("a", "cot")]).values()
    assert (row["kept"], row["drop_reason"], row["split"]) == (True, None, "train")


FAULTS = [
    RecordFault("a", "a/pot/0", "impure"),
    RecordFault("a", "a/knowledge/0", "names"),
    RecordFault("a", "a/knowledge/0", "leaks_answer"),
]


@pytest.mark.parametrize(
    ("drop", "said"),
    [
        (("impure", "leaks_answer", "names"), [None, "leaks_answer", "impure"]),
        (("names",), [None, "names", None]),
        ((), [None, None, None]),
    ],
)
def test_a_record_with_a_fault_that_the_settings_name_is_dropped_and_says_which(
    drop: tuple[str, ...], said: list[str | None]
) -> None:
    records = [record("a", "cot"), record("a", "knowledge"), record("a", "pot")]
    found = curate(
        [problem("a", "How many?")], records, CurateSettings.model_validate({"drop": drop}), FAULTS
    )
    assert [row["drop_reason"] for row, _ in found] == said


def test_every_other_record_says_why_it_is_not_kept() -> None:
    problems = [
        problem("a", "one?"),
        problem("b", "two?", "test"),
        problem("c", "one?"),
        problem("d", "two?"),
    ]
    records = [
        record("a", "cot", failure="timeout", correct=None, predicted_answer=None),
        record("a", "cot", sample=1, correct=False),
        record("a", "cot", sample=2, rationale="same"),
        record("a", "cot", sample=3, rationale="same"),
        record("b", "cot"),
        record("c", "cot"),
        record("d", "cot"),
        record("d", "pot", correct=None),
    ]
    assert list(reasons(problems, records).values()) == [
        "failed", "incorrect", None, "duplicate_rationale", "held_out", "duplicate_problem", "contaminated",
        "unverified",
    ]  # fmt: skip


def test_knowledge_without_an_answer_is_kept_when_it_did_not_fail() -> None:
    found = curated([problem("a", "one?")], [record("a", "knowledge", predicted_answer=None, correct=None)])
    assert found["a/knowledge/0"][0]["kept"]


def test_the_same_rationale_in_another_thought_is_no_duplicate() -> None:
    records = [record("a", "cot", rationale="same"), record("a", "pot", rationale="same")]
    assert set(reasons([problem("a", "one?")], records).values()) == {None}


def test_a_chain_that_is_right_by_chance_is_dropped_unless_it_is_wanted() -> None:
    problems, records = [problem("a", "one?")], [record("a", "cot"), record("a", "knowledge", **NO_ANSWER)]
    by_chance = [RecordFault("a", "a/cot/0", "right_by_chance")]

    def found(**settings: Any) -> list[str | None]:
        curated = curate(problems, records, CurateSettings(**settings), by_chance)
        return [row["drop_reason"] for row, _ in curated]

    assert found() == ["right_by_chance", "unsupported"]
    assert found(drop=("right_by_chance",)) == ["right_by_chance", None]
    assert found(drop=()) == [None, None]


def test_rules_are_dropped_where_no_other_thought_of_their_problem_is_verified() -> None:
    problems = [problem("a", "one?"), problem("b", "two?")]
    records = [
        record("a", "cot"),
        record("a", "knowledge", **NO_ANSWER),
        record("b", "cot", correct=False),
        record("b", "knowledge", **NO_ANSWER),
    ]
    assert reasons(problems, records, drop=())["b/knowledge/0"] is None
    found = reasons(problems, records)
    assert (found["a/knowledge/0"], found["b/knowledge/0"]) == (None, "unsupported")


def test_the_stage_reads_faults_from_the_checks_that_were_not_passed(tmp_path: Path) -> None:
    checks = [
        ("a/cot/0", "no_error_in_answer", True),
        ("b/cot/0", "no_error_in_answer", False),
        ("b/knowledge/0", "leaks_answer", False),
        ("b/knowledge/0", "names", False),
        ("b/pot/0", "pure", False),
        ("b/pot/0", "steps", False),
        ("c/pot/0", "pure", None),
    ]
    rows = [
        {"record_id": name, "check": check, "passed": passed, "detail": None}
        for name, check, passed in checks
    ]
    tables.write(tmp_path / "checks.parquet", Checks, rows)
    assert list(faults_of([tmp_path / "checks.parquet"])) == [
        ("b", "b/cot/0", "right_by_chance"),
        ("b", "b/knowledge/0", "leaks_answer"),
        ("b", "b/knowledge/0", "names"),
        ("b", "b/pot/0", "impure"),
    ]


def test_every_reason_is_one_of_the_enum() -> None:
    assert set(DROP_REASONS) >= {
        "failed", "incorrect", "held_out", "duplicate_rationale", "duplicate_problem", "contaminated",
    }  # fmt: skip


def test_a_problem_is_in_one_split_in_every_thought() -> None:
    problems = [problem(f"p{number}", f"How many are {number} and {number}?") for number in range(40)]
    records = [record(f"p{number}", thought) for number in range(40) for thought in ("cot", "pot")]
    found = curated(problems, records, validation_share=0.5)
    splits = {
        name: {row["split"] for row, _ in found.values() if row["problem_id"] == name}
        for name in ("p0", "p1")
    }
    assert all(len(each) == 1 for each in splits.values())
    assert 8 < sum(row["split"] == "validation" for row, _ in found.values()) / 2 < 32


@pytest.mark.parametrize(
    ("answers", "passed", "detail"),
    [
        ({"cot": "7", "pot": "7", "eot": "7"}, True, "2 of 2 other thoughts: eot, pot"),
        ({"cot": "7", "pot": "8", "eot": "7"}, True, "1 of 2 other thoughts: eot"),
        ({"cot": "7", "pot": "8", "eot": None}, False, "0 of 1 other thoughts"),
        ({"cot": None, "pot": "8"}, None, "0 of 1 other thoughts"),
        ({"cot": "7"}, None, "0 of 0 other thoughts"),
        ({"cot": "1/3", "pot": "0.33333"}, True, "1 of 1 other thoughts: pot"),
    ],
)
def test_agreement_compares_the_answers_of_other_thoughts(
    answers: dict[str, str | None], passed: bool | None, detail: str
) -> None:
    records = [record("a", thought, predicted_answer=answer) for thought, answer in answers.items()]
    _, check = curated([problem("a", "one?")], records)["a/cot/0"]
    assert (check["check"], check["passed"], check["detail"]) == ("agreement", passed, detail)


def test_of_chains_with_the_same_calculations_one_is_kept_when_asked_for() -> None:
    chains = ["There are 3 + 4 = 7.", "In all 3+4 = 7 of them.", "First 4 + 3 = 7."]
    records = [record("a", "cot", sample=at, rationale=text) for at, text in enumerate(chains)]
    found = reasons([problem("a", "How many?")], records, same_calculations="drop")
    assert list(found.values()) == [None, "same_calculations", None]
    assert set(reasons([problem("a", "How many?")], records).values()) == {None}


UNKNOWN = {"correct": None}


def without_gold(*records: tables.Row, agree: int = 2, **settings: Any) -> dict[str, tuple[Any, Any]]:
    """Return the drop reason of each record of a problem without a gold answer, and its mark."""
    problems = [problem("a", "one?") | {"answer": None}]
    chosen = CurateSettings.model_validate({"without_gold": {"agree": agree}, **settings})
    found = curate(problems, records, chosen, goldless={"a"})
    marks = ((row, [check for check in checks if check["check"] == "without_gold"]) for row, checks in found)
    return {
        row["record_id"]: (row["drop_reason"], marked[0]["passed"] if marked else None)
        for row, marked in marks
    }


def test_without_a_gold_answer_records_are_kept_that_agree_and_all_are_marked() -> None:
    found = without_gold(
        record("a", "cot", **UNKNOWN),
        record("a", "cot", sample=1, failure="no_answer", **NO_ANSWER),
        record("a", "eot", predicted_answer="8", **UNKNOWN),
        record("a", "knowledge", **NO_ANSWER),
        record("a", "pot", predicted_answer="7.0", **UNKNOWN),
    )
    assert found == {
        "a/cot/0": (None, True),
        "a/cot/1": ("failed", None),
        "a/eot/0": ("unverified", False),
        "a/knowledge/0": (None, True),
        "a/pot/0": (None, True),
    }


def test_samples_of_a_thought_agree_unless_they_say_the_same() -> None:
    one, other = record("a", "cot", **UNKNOWN), record("a", "cot", sample=1, **UNKNOWN)
    assert {reason for reason, _ in without_gold(one, other).values()} == {None}
    same = without_gold(one, other | {"rationale": one["rationale"]})
    assert {reason for reason, _ in same.values()} == {"unverified"}


def test_too_few_votes_or_as_many_for_another_answer_keep_nothing() -> None:
    sevens = [record("a", thought, **UNKNOWN) for thought in ("cot", "pot")]
    eights = [
        record("a", "eot", sample=sample, predicted_answer="8", predicted_kind="number", **UNKNOWN)
        for sample in range(2)
    ]
    rules = record("a", "knowledge", **NO_ANSWER)
    assert {reason for reason, _ in without_gold(*sevens, agree=3).values()} == {"unverified"}
    tied = without_gold(sevens[0], *eights, rules, sevens[1])
    assert {reason for reason, _ in tied.values()} == {"unverified", "unsupported"}


def test_agreement_by_a_wrong_step_is_not_enough() -> None:
    records = [record("a", thought, **UNKNOWN) for thought in ("cot", "pot")]
    by_chance = [RecordFault("a", "a/cot/0", "right_by_chance")]
    settings = CurateSettings.model_validate({"without_gold": {}})
    found = curate([problem("a", "one?")], records, settings, by_chance, goldless={"a"})
    assert [row["drop_reason"] for row, _ in found] == ["right_by_chance", None]


def test_curate_in_parts_with_little_memory_writes_the_rows_of_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"Ann has {n % 1001} pens and sells all of them today. How many?" for n in range(2_500)]
    problems = [
        full_row(Problems)
        | problem(f"p{n:04}", text, "test" if n % 10 == 0 else "train")
        | {"license": "MIT", "parent_id": f"p{n - 7:04}" if n % 3 == 2 and n > 7 else None}
        for n, text in enumerate(texts)
    ]
    records = [
        full_row(Records)
        | record(row["problem_id"], "cot", correct=n % 9 > 0)
        | {"completion_id": row["problem_id"], "split": row["split"], "kept": False}
        for n, row in enumerate(problems)
    ]
    found = [
        {"record_id": row["record_id"], "check": "no_error_in_answer", "passed": n % 5 > 0, "detail": None}
        for n, row in enumerate(records)
    ]
    written = []
    for name, more in (("whole", {}), ("parts", {"partition_rows": 1_000, "memory_limit": "100MB"})):
        folder = tmp_path / name
        folder.mkdir()
        given = {"thoughts": ["cot"], "curate": {"redraw": False, "ngram": 4}, **more}
        stages.lay_out(folder, given)
        monkeypatch.chdir(folder)
        (folder / "data" / "completions").mkdir()
        for verified in (folder / "data" / "verified" / "cot", folder / "data" / "grown"):
            held = verified.name == "cot"
            tables.write(verified / "records.parquet", Records, records if held else [])
            tables.write(verified / "checks.parquet", Checks, found if held else [])
        tables.write(folder / "data" / "problems.parquet", Problems, problems)
        main()
        paths = [folder / "data" / f"{table}.parquet" for table in ("records", "checks")]
        written.append([[*tables.rows_of(path)] for path in paths])
        assert [path.is_dir() for path in paths] == [name == "parts"] * 2
    assert written[0] == written[1]
    reasons = {row["drop_reason"] for row in written[0][0]}
    assert reasons >= {None, "incorrect", "right_by_chance", "contaminated", "duplicate_problem", "held_out"}


def full_row(table: Table) -> tables.Row:
    return dict.fromkeys(table.to_schema().columns)

"""Stage `verify`: one verdict for every completion, whatever became of it."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import small_corpus
from thoughtmill.factory.answers.mathematics import symbolic
from thoughtmill.factory.core import partitions, tables
from thoughtmill.factory.curate import agreement
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts.solving import Job, Solved, solve
from thoughtmill.factory.verify import fault, is_wrong_step, main, remark, verdict, verify
from thoughtmill.schemas import Checks, Completions, Problems, Records, arrow_schema, primary_key
from thoughtmill.schemas.fields import FAILURES

PROBLEM = {
    "problem_id": "ours-train-0",
    "problem": "How many are 6 rows of 7?",
    "answer": "42",
    "answer_kind": "number",
    "split": "train",
}


def completion(thought: str, text: str | None, sample: int = 0, **changed: Any) -> tables.Row:
    return {
        "completion_id": f"ours-train-0/{thought}/{sample}@0",
        "problem_id": "ours-train-0",
        "thought": thought,
        "sample": sample,
        "completion": text,
        "reasoning": None,
        "failure": None,
        "detail": None,
        **changed,
    }


@pytest.fixture(scope="module")
def solvers() -> Iterator[Solvers]:
    with Solvers(Limits(), equations_timeout_s=5.0) as opened:
        yield opened


def verdicts(solvers: Solvers, *rows: tables.Row) -> list[tuple[tables.Row, dict[str, Any]]]:
    def solving(jobs: Iterable[Job]) -> Iterator[Solved]:
        return iter(solve(list(jobs), solvers))

    found = verify(rows, [PROBLEM], solving)
    return [(record, {check["check"]: check["passed"] for check in checks}) for record, checks in found]


@pytest.mark.parametrize(
    ("thought", "text", "answer", "correct"),
    [
        ("cot", "6 rows of 7 are 6 * 7 = 42.\n#### 42", "42", True),
        ("cot", "6 rows of 7 are 6 * 7 = 43.\n#### 43", "43", False),
        ("pot", "```python\nrows = 6\nans = rows * 7\n```", "42", True),
        ("pot", "rows = 6\nans = rows + 7", "13", False),
        ("eot", "unknowns: all\nall = 6 * 7\nans = all", "42", True),
        ("eot", "unknowns: all\nall / 7 = 6 - 1\nans = all", "35", False),
    ],
)
def test_an_answer_is_compared_with_gold(
    solvers: Solvers, thought: str, text: str, answer: str, correct: bool
) -> None:
    ((record, checks),) = verdicts(solvers, completion(thought, text))
    assert (record["predicted_answer"], record["failure"], record["correct"]) == (answer, None, correct)
    assert checks["solved"] is True


@pytest.mark.parametrize(
    ("thought", "text", "failure"),
    [
        ("cot", "I cannot say.", "no_answer"),
        ("pot", "rows = 6\nans = rows * colums", "raised"),
        ("pot", "ans = [", "unparsable"),
        ("eot", "unknowns: a, b\na + b = 42\nans = a", "underdetermined"),
        ("eot", "unknowns: a\na = 6\na * 2 = 13\nans = a", "inconsistent"),
        ("knowledge", "Multiply, I think.", "unparsable"),
        ("knowledge", '["Six rows of 7 are 42."]', "not_general"),
    ],
)
def test_what_fails_is_a_row_with_its_failure_and_no_verdict(
    solvers: Solvers, thought: str, text: str, failure: str
) -> None:
    ((record, checks),) = verdicts(solvers, completion(thought, text))
    assert record["failure"] == failure
    assert failure in FAILURES
    assert (record["predicted_answer"], record["correct"]) == (None, None)
    assert checks["solved"] is False


def test_a_program_that_does_not_end_fails_at_its_limit() -> None:
    with Solvers(Limits(cpu_s=1), 5.0) as solvers:
        ((record, checks),) = verdicts(solvers, completion("pot", "while True:\n    pass\nans = 42"))
    assert (record["failure"], record["predicted_answer"], record["correct"]) == ("timeout", None, None)
    assert checks["solved"] is False


def test_knowledge_has_no_answer_and_is_neither_right_nor_wrong(solvers: Solvers) -> None:
    text = '["The total of equal rows is the number of rows times the number in one row."]'
    ((record, checks),) = verdicts(solvers, completion("knowledge", text))
    assert (record["failure"], record["predicted_answer"], record["correct"]) == (None, None, None)
    assert checks["solved"] is True


def test_a_failure_of_the_teacher_stands_in_its_record(solvers: Solvers) -> None:
    rows = [
        completion("cot", None, 0, failure="uncompilable", detail="no marks"),
        completion("cot", "#### 42", 1),
        completion("cot", "#### 4", 2, failure="truncated", detail="cut off"),
    ]
    found = verdicts(solvers, *rows)
    assert [record["failure"] for record, _ in found] == ["uncompilable", None, "truncated"]
    assert [record["correct"] for record, _ in found] == [None, True, None]


def test_rows_have_every_column_of_their_tables_in_key_order(solvers: Solvers) -> None:
    rows = [completion("cot", "#### 42", sample) for sample in range(3)]
    found = list(verify(rows, [PROBLEM], lambda jobs: iter(solve(list(jobs), solvers))))
    assert all(list(record) == arrow_schema(Records).names for record, _ in found)
    keys = [tuple(check[name] for name in primary_key(Checks)) for _, checks in found for check in checks]
    assert keys == sorted(keys)


def test_a_solver_never_sees_the_gold_answer() -> None:
    assert "answer" not in Job._fields


def test_a_rounding_is_equal_and_a_check_names_the_rule(solvers: Solvers) -> None:
    third = PROBLEM | {"answer": "1/3"}

    def checks_of(text: str) -> dict[str, Any]:
        (solved,) = solve([Job("cot", "", "number", text)], solvers)
        record, checks = verdict(completion("cot", text), third, solved)
        return {check["check"]: (check["passed"], check["detail"], record["correct"]) for check in checks}

    assert checks_of("#### 0.3333")["equal_by"] == (True, "number", True)
    assert "equal_by" not in checks_of("#### 1/3")
    assert "equal_by" not in checks_of("#### 3")


def test_without_a_gold_answer_the_verdict_is_unknown(solvers: Solvers) -> None:
    (solved,) = solve([Job("cot", "", "number", "#### 3")], solvers)
    record, _ = verdict(completion("cot", "#### 3"), PROBLEM | {"answer": None}, solved)
    assert (record["predicted_answer"], record["failure"], record["correct"]) == ("3", None, None)


def test_a_thought_that_is_hardly_ever_right_gets_a_remark_and_others_do_not() -> None:
    found = remark("pot", Counter({"unparsable": 12, "incorrect": 7, None: 1}))
    assert found is not None and found.startswith("pot: 1 of 20 records are right, 12 are `unparsable`; ")
    assert remark("pot", Counter({"unparsable": 18, None: 2})) is None
    assert remark("pot", Counter({"unparsable": 5})) is not None
    assert remark("pot", Counter({"unparsable": 4})) is None
    assert remark("pot", Counter()) is None


def test_a_thought_that_is_right_by_chance_alone_gets_a_remark(solvers: Solvers) -> None:
    """The chain comes to 42 although its last step, which gives 42, is wrong."""
    jobs = [Job("cot", "", "number", f"6 * {number} = 40\n40 + 1 = 42\n#### 42") for number in range(8, 13)]
    found = [verdict(completion("cot", ""), PROBLEM, solved) for solved in solve(jobs, solvers)]
    assert {record["correct"] for record, _ in found} == {True}
    line = remark("cot", Counter(fault(record, any(map(is_wrong_step, checks))) for record, checks in found))
    assert line is not None and line.startswith("cot: 0 of 5 records are right, 5 are `right_by_chance`; ")


@pytest.mark.parametrize(
    ("rule", "leaks"), [("The product of rows, which gives 42.", False), ("Multiply the rows.", True)]
)
def test_rules_are_checked_for_the_gold_answer(solvers: Solvers, rule: str, leaks: bool) -> None:
    ((record, checks),) = verdicts(solvers, completion("knowledge", f'["{rule}"]'))
    assert record["failure"] is None
    assert checks["leaks_answer"] is leaks


def test_a_program_that_attacks_has_its_answer_and_is_impure(solvers: Solvers) -> None:
    attack = "import os\ntry:\n    os.system('date')\nexcept Exception: pass\nans = 42"
    ((record, checks),) = verdicts(solvers, completion("pot", attack))
    assert (record["predicted_answer"], record["correct"]) == ("42", True)
    assert checks["pure"] is False
    assert checks["fence_saw"] is False


def test_a_comparison_that_runs_out_of_time_has_no_verdict(
    solvers: Solvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(symbolic, "_ask", lambda *_: None)
    gold = PROBLEM | {"answer": "\\sin(2x)\\sin(3x)", "answer_kind": "expression"}
    (solved,) = solve([Job("cot", "", "expression", "\\boxed{\\cos(x)\\cos(5x)}")], solvers)
    record, checks = verdict(completion("cot", ""), gold, solved)
    assert (record["predicted_kind"], record["correct"]) == ("expression", None)
    assert {check["check"]: check["passed"] for check in checks}["equal_by"] is None


NUMBERS_ONLY = """
import sys
from thoughtmill.factory.answers import Answer, compared
from thoughtmill.factory.answers.reading import read
assert compared(Answer("0.3333"), Answer("1/3")).equal
assert read("48 / 2 = 24 in all.\\n#### 24").answer == "24"
print([name for name in ("sympy", "mpmath", "subprocess") if name in sys.modules])
"""


def test_numbers_load_no_computer_algebra_and_start_no_process() -> None:
    done = subprocess.run([sys.executable, "-c", NUMBERS_ONLY], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


ALGEBRA = [
    (
        "Expand $(x+1)(x-1)$.", "x^2-1", "expression",
        r"It is $x^2-x+x-1$, so $\boxed{x^2 - 1}$.",
        "import sympy\nx = sympy.Symbol('x')\nans = sympy.expand((x + 1) * (x - 1))",
        "ans = (x + 1)*(x - 1)",
    ),
    (
        "Which positive number squared is 20?", r"2\sqrt{5}", "expression",
        r"It is $\boxed{\sqrt{20}}$.",
        "import sympy\nans = sympy.sqrt(20)",
        "x^2 = 20\nx > 0\nans = x",
    ),
    (
        "Which numbers squared are 2?", r"-\sqrt{2}, \sqrt{2}", "set",
        r"They are $\boxed{\pm\sqrt{2}}$.",
        "from sympy import *\nx = Symbol('x')\nans = solve(x**2 - 2, x)",
        "x^2 = 2\nans = x",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("problem", "answer", "kind", "cot", "pot", "eot"), ALGEBRA)
def test_every_thought_about_mathematics_is_verified_and_all_agree(
    solvers: Solvers, problem: str, answer: str, kind: str, cot: str, pot: str, eot: str
) -> None:
    gold = {"problem_id": "ours-train-0", "problem": problem, "answer": answer, "answer_kind": kind}
    found = []
    for thought, text in (("cot", cot), ("pot", pot), ("eot", eot)):
        (solved,) = solve([Job(thought, problem, kind, text)], solvers)
        found.append(verdict(completion(thought, text), gold | {"split": "train"}, solved)[0])
    assert [(record["failure"], record["correct"]) for record in found] == [(None, True)] * 3
    assert all(agreement(record, found)["passed"] for record in found)


def built(monkeypatch: pytest.MonkeyPatch, folder: Path, problems: int, partition_rows: int) -> Path:
    """Make a project of sums with chains about them, move into it, and return its data folder."""
    for module in (partitions, tables):
        monkeypatch.setattr(module, "LEAST_ROWS", 100)
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "dvc.yaml").touch()
    given = {"partition_rows": partition_rows, "thoughts": ["cot"], "verify": {"workers": 2}}
    (folder / "params.yaml").write_text(json.dumps(given))
    data = folder / "data"
    tables.write(data / "problems.parquet", Problems, (sum_of(number) for number in range(problems)))
    chains = (chain_about(number) for number in range(problems))
    tables.write(data / "completions" / "cot.parquet", Completions, chains)
    return data


def sum_of(number: int) -> tables.Row:
    text, answer = f"What is {number} + 1?", str(number + 1)
    return small_corpus.problem_row((f"ours-{number:05}", "train", text, answer))


def chain_about(number: int) -> tables.Row:
    chain = f"{number} + 1 = {number + 1}\n#### {number + 1}"
    return small_corpus.completion_row((f"ours-{number:05}", "cot", chain))


def test_a_table_in_parts_has_the_verdicts_of_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name, most in (("file", 10_000), ("parts", 200)):
        data = built(monkeypatch, tmp_path / name, 600, most)
        main("cot")
        verified = data / "verified" / "cot"
        assert (verified / "records.parquet").is_dir() == (most == 200)
        found.append([list(tables.rows_of(verified / f"{table}.parquet")) for table in ("records", "checks")])
    assert found[0] == found[1]
    assert len(found[0][0]) == 600


def verified_parts(said: str) -> set[str]:
    """Return the numbers of the parts whose progress was shown, be it once or, on a busy machine, often."""
    return set(re.findall(r"verify cot, part (\d+)", said))


def test_only_the_parts_of_a_problem_that_changed_are_verified_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = built(monkeypatch, tmp_path / "project", 600, 200)
    main("cot")
    parts = len(list((data / "completions" / "cot.parquet").iterdir()))
    assert len(verified_parts(capsys.readouterr().err)) == parts > 4
    main("cot")
    assert not verified_parts(capsys.readouterr().err)
    changed = (sum_of(number) | ({"answer": "7"} if number == 300 else {}) for number in range(600))
    tables.write(data / "problems.parquet", Problems, changed)
    main("cot")
    assert len(verified_parts(capsys.readouterr().err)) == 1
    records = tables.rows_of(data / "verified" / "cot" / "records.parquet")
    assert [record["problem_id"] for record in records if not record["correct"]] == ["ours-00300"]

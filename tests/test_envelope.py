"""Files of completions: verdicts beside the rows, corrupt lines named or counted, kills survived."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from thoughtmill.factory.commands.envelope import verify_file
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.thoughts.solving import VerifySettings

SETTINGS = VerifySettings(workers=1)


def row(number: int, completion: str, **more: Any) -> dict[str, Any]:
    return {"problem_id": f"p{number}", "problem": "How many are 6 rows of 7?", "answer": "42",
            "completion": completion, **more}  # fmt: skip


def written(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = (line if isinstance(line, str) else json.dumps(line) for line in rows)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def verified(
    path: Path, thought: str | None = "pot", skip_bad: bool = False
) -> tuple[str, list[dict[str, Any]]]:
    out = path.with_name("out.jsonl")
    said = verify_file(path, thought, SETTINGS, out, skip_bad)
    return said, [json.loads(line) for line in out.read_text().splitlines()]


def test_each_row_comes_back_with_its_verdict_and_its_own_keys(tmp_path: Path) -> None:
    path = written(
        tmp_path / "in.jsonl",
        row(0, "```python\nans = 6 * 7\n```", mine={"kept": [1]}),
        row(1, "ans = 6 + 7"),
        row(2, "ans = 6 *"),
        row(3, "ans = six"),
    )
    said, rows = verified(path)
    found = [(each["predicted_answer"], each["failure"], each["correct"]) for each in rows]
    assert found == [
        ("42", None, True), ("13", None, False), (None, "unparsable", None), (None, "raised", None),
    ]  # fmt: skip
    assert rows[0]["mine"] == {"kept": [1]}
    assert rows[0]["rationale"] == "ans = 6 * 7"
    assert rows[0]["fence"] and rows[0]["elapsed_s"] > 0
    assert "numbers_used" in rows[0]["checks"]
    assert "4 rows" in said
    assert "yield 50.00%, accuracy 25.00%" in said


def test_chains_and_equations_are_verified_too(tmp_path: Path) -> None:
    _, rows = verified(written(tmp_path / "c.jsonl", row(0, "6 * 7 = 42\nThe answer is 42.")), "cot")
    assert rows[0]["correct"] is True
    _, rows = verified(written(tmp_path / "e.jsonl", row(0, "x = 6 * 7\nans = x")), "eot")
    assert rows[0]["correct"] is True


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: not a JSON object"),
        ('{"problem_id": "p"}', "line 2: `problem` is missing"),
        (json.dumps(row(1, "x", answer="many")), "line 2: the answer 'many' is not a number"),
        (json.dumps(row(1, "x", answer="five (5)")), r"line 2: the answer 'five \(5\)' is not a number"),
        (json.dumps({**row(1, ""), "completion": 7}), "line 2: `completion` is 7"),
    ],
)
def test_a_corrupt_line_is_named_and_nothing_is_written(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path / "in.jsonl", row(0, "ans = 42"), line)
    with pytest.raises(ThoughtmillError, match=said):
        verified(path)
    assert not (tmp_path / "out.jsonl").exists()


def test_corrupt_lines_may_be_passed_over_and_are_written_with_the_reason(tmp_path: Path) -> None:
    bare = {key: value for key, value in row(7, "").items() if key != "completion"}
    path = written(tmp_path / "in.jsonl", row(0, "ans = 42"), "{", "[]", bare, row(1, "ans = 42"))
    said, rows = verified(path, skip_bad=True)
    assert "2 rows, 3 corrupt lines skipped" in said
    assert "yield 100.00%, accuracy 100.00%" in said
    assert [each.get("problem_id") for each in rows] == ["p0", None, None, "p7", "p1"]
    assert [each["failure"] for each in rows] == [None, "corrupt", "corrupt", "corrupt", None]
    said_of_lines = [each["detail"] for each in rows[1:4]]
    assert said_of_lines[0].startswith("line 2: not JSON: ")
    assert said_of_lines[1:] == ["line 3: not a JSON object", "line 4: `completion` is missing"]
    assert [each["correct"] for each in rows] == [True, None, None, None, True]


def test_a_row_that_says_its_own_thought_is_solved_as_that(tmp_path: Path) -> None:
    given = [
        row(0, "x = 6 * 7\nans = x", thought="eot"),
        row(1, "6 * 7 = 42\n#### 42", thought="cot"),
        row(2, "rows = 6\nans = rows * 7"),
    ]
    _, rows = verified(written(tmp_path / "in.jsonl", *given), "pot")
    assert [each["correct"] for each in rows] == [True, True, True]
    assert ["eot_kind" in each["checks"] for each in rows] == [True, False, False]
    assert [bool(each["fence"]) for each in rows] == [False, False, True]
    _, rows = verified(written(tmp_path / "own.jsonl", *given[:2]), None)
    assert [each["correct"] for each in rows] == [True, True]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "line 1: `thought` is missing: add it, or give --thought"),
        ({"thought": "tot"}, "line 1: unknown thought 'tot'; there are: cot"),
        ({"thought": ["cot"]}, r"line 1: unknown thought \['cot'\]"),
    ],
)
def test_a_row_whose_thought_is_not_known_is_named(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ThoughtmillError, match=said):
        verified(written(tmp_path / "in.jsonl", row(0, "42", **more)), None)


def test_keys_of_the_rows_are_never_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", row(0, "ans = 42", correct="mine"), row(1, "ans = 41"))
    said, rows = verified(path)
    assert [(each.get("correct"), each["verdict_correct"]) for each in rows] == [
        ("mine", True), (None, False),
    ]  # fmt: skip
    assert all(each["predicted_answer"] for each in rows)
    assert "the verdicts are under verdict_correct" in said
    again = written(tmp_path / "again.jsonl", *rows)
    _, rows = verified(again)
    assert rows[0]["correct"] == "mine"
    assert rows[0]["verdict_verdict_correct"] is True
    assert rows[0]["verdict_predicted_answer"] == "42"


@pytest.mark.parametrize(
    ("completion", "gold", "predicted", "correct"),
    [
        (r"so it is $\boxed{\sqrt{12}}$.", r"2\sqrt{3}", r"\sqrt{12}", True),
        (r"\boxed{(1, 2)}", r"\left(1,2\right)", "(1, 2)", True),
        (r"\boxed{(2, 1)}", "(1,2)", "(2, 1)", False),
        (r"\boxed{0.75}", r"\frac{3}{4}", "0.75", True),
        (r"\boxed{\dfrac{3}{4}}", r"\frac{3}{4}", "0.75", True),
        (r"\boxed{3}", r"\sqrt{10}", "3", False),
    ],
)
def test_an_answer_that_is_no_number_is_compared_with_the_box_of_a_chain(
    tmp_path: Path, completion: str, gold: str, predicted: str, correct: bool
) -> None:
    _, rows = verified(written(tmp_path / "in.jsonl", row(0, completion, answer=gold)), "cot")
    found = (rows[0]["predicted_answer"], rows[0]["failure"], rows[0]["correct"])
    assert found == (predicted, None, correct)


def test_a_chain_without_a_box_has_no_answer_where_none_is_a_number(tmp_path: Path) -> None:
    given = [row(0, "It is a lot.", answer=r"\pi"), row(1, r"\boxed{x} or \boxed{y}", answer="x^2")]
    _, rows = verified(written(tmp_path / "in.jsonl", *given), "cot")
    assert [(each["failure"], each["correct"]) for each in rows] == [("no_answer", None)] * 2


def test_an_unknown_thought_and_what_is_no_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="unknown thought `tot`"):
        verified(written(tmp_path / "in.jsonl"), "tot")
    with pytest.raises(ThoughtmillError, match=r"gone\.jsonl is missing"):
        verified(tmp_path / "gone.jsonl")
    with pytest.raises(ThoughtmillError, match="is not a regular file"):
        verify_file(tmp_path, "pot", SETTINGS, None, skip_bad=False)


def test_an_empty_file_is_no_rows(tmp_path: Path) -> None:
    assert verified(written(tmp_path / "in.jsonl")) == ("0 rows", [])


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    rows = [row(number, f"ans = {number}") for number in range(3000)]
    slow = row(3000, "while True: pass")
    path = written(tmp_path / "in.jsonl", *rows, slow, *rows)
    command = [
        sys.executable,
        "-m",
        "thoughtmill.factory.commands.cli",
        "verify",
        str(path),
        "--thought",
        "pot",
        "-o",
        "out.jsonl",
    ]
    env = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, start_new_session=True, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and not any(
            journal.stat().st_size > 50_000 for journal in tmp_path.rglob("in.jsonl.*.jsonl")
        ):
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    (journal,) = tmp_path.rglob("in.jsonl.*.jsonl")
    done = journal.read_bytes().count(b"\n")
    assert 0 < done < 6001
    assert not (tmp_path / "out.jsonl").exists()
    again = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=True
    )
    assert "6001 rows" in again.stdout
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [each["predicted_answer"] for each in found[:3000]] == [str(number) for number in range(3000)]
    assert found[3000]["failure"] == "timeout"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cache", "in.jsonl", "out.jsonl"]
    assert not list((tmp_path / "cache").rglob("*.jsonl"))


def test_the_verdicts_on_real_chains_are_the_published_ones(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    verify_file(shared_data / "replay" / "cot.jsonl", "cot", VerifySettings(), out, skip_bad=False)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 1319
    assert [each["problem_id"] for each in rows if bool(each["correct"]) != each["published_correct"]] == []

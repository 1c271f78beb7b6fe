"""Files of completions: verdicts beside the rows, corrupt lines named or counted, kills survived."""

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from tests.waiting import PATIENCE_S, until
from thoughtmill.factory.commands.inputs import InputSettings
from thoughtmill.factory.commands.verify_rows import verify_rows
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
    path: Path, thought: str | None = "pot", strict: bool = False, **given: Any
) -> tuple[str, list[dict[str, Any]]]:
    out = path.with_name("verdicts.jsonl")
    said = verify_rows([str(path)], thought, SETTINGS, out, strict, InputSettings(**given))
    return said, [json.loads(line) for line in out.read_text("utf-8").splitlines()]


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
        (json.dumps(row(1, "x", answer="1 25")), "line 2: the answer '1 25' is neither a number"),
        (json.dumps(row(1, "x", answer=r"\frac{")), r"line 2: the answer '\\\\frac\{' is neither"),
        (json.dumps({**row(1, ""), "completion": 7}), "line 2: `completion` is 7"),
    ],
)
def test_a_strict_run_names_a_row_that_cannot_be_verified_and_writes_nothing(
    tmp_path: Path, line: str, said: str
) -> None:
    path = written(tmp_path / "in.jsonl", row(0, "ans = 42"), line)
    with pytest.raises(ThoughtmillError, match=said):
        verified(path, strict=True)
    assert not (tmp_path / "verdicts.jsonl").exists()


def test_rows_that_cannot_be_verified_are_written_with_the_reason_and_no_row_is_missing(
    tmp_path: Path,
) -> None:
    bare = {key: value for key, value in row(7, "").items() if key != "completion"}
    path = written(tmp_path / "in.jsonl", row(0, "ans = 42"), "{", "[]", bare, row(1, "ans = 42"))
    said, rows = verified(path)
    assert "2 rows, and 3 that cannot be verified" in said
    assert "yield 100.00%, accuracy 100.00%" in said
    assert f"not verified: {path}, line 3: not a JSON object" in said
    assert [each.get("problem_id") for each in rows] == ["p0", None, None, "p7", "p1"]
    assert [each.get("unreadable") for each in rows] == [None, "{", "[]", None, None]
    assert [each["failure"] for each in rows] == [None, "corrupt", "corrupt", "corrupt", None]
    details = [each["detail"].removeprefix(f"{path}, ") for each in rows[1:4]]
    assert details[0].startswith("line 2: not JSON: ")
    assert details[1:] == ["line 3: not a JSON object", "line 4: `completion` is missing"]
    assert [each["correct"] for each in rows] == [True, None, None, None, True]


def test_a_row_that_says_its_own_thought_is_solved_as_that(tmp_path: Path) -> None:
    given = [
        row(0, "x = 6 * 7\nans = x", thought="eot"),
        row(1, "6 * 7 = 42\n#### 42", thought="cot"),
        row(2, "rows = 6\nans = rows * 7"),
    ]
    said, rows = verified(written(tmp_path / "in.jsonl", *given), "pot")
    assert "rows that name their thought themselves: 1 eot, 1 cot" in said
    assert [each["correct"] for each in rows] == [True, True, True]
    assert ["eot_kind" in each["checks"] for each in rows] == [True, False, False]
    assert [bool(each["fence"]) for each in rows] == [False, False, True]
    _, rows = verified(written(tmp_path / "own.jsonl", *given[:2]), None)
    assert [each["correct"] for each in rows] == [True, True]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "no column `thought`; there are: `problem_id`, .*; .*`--thought` the thought of all rows"),
        ({"thought": None}, "line 1: `thought` is missing: add it, or give --thought"),
        ({"thought": "tot"}, "line 1: unknown thought 'tot'; there are: cot"),
        ({"thought": ["cot"]}, r"line 1: unknown thought \['cot'\]"),
    ],
)
def test_a_row_whose_thought_is_not_known_is_named(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ThoughtmillError, match=said):
        verified(written(tmp_path / "in.jsonl", row(0, "42", **more)), None, strict=True)


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


def test_a_chain_without_a_box_has_no_answer_where_none_is_a_number_and_two_boxes_are_a_list(
    tmp_path: Path,
) -> None:
    given = [row(0, "It is a lot.", answer=r"\pi"), row(1, r"\boxed{x} or \boxed{y}", answer="x^2")]
    _, rows = verified(written(tmp_path / "in.jsonl", *given), "cot")
    assert [(each["failure"], each["correct"]) for each in rows] == [("no_answer", None), (None, False)]


def test_a_kind_that_a_row_names_decides_how_its_gold_answer_is_read(tmp_path: Path) -> None:
    letter = row(0, "The answer is (C).", answer="C", answer_kind="choice")
    _, rows = verified(written(tmp_path / "in.jsonl", letter, row(1, "#### 5:30", answer="5:30")), "cot")
    assert [(each["predicted_kind"], each["correct"]) for each in rows] == [("choice", True), ("ratio", True)]
    assert rows[0]["checks"]["equal_by"] == {"passed": True, "detail": "text"}


def test_an_unknown_thought_and_what_is_no_file_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ThoughtmillError, match="unknown thought `tot`"):
        verified(written(tmp_path / "in.jsonl"), "tot")
    with pytest.raises(ThoughtmillError, match=r"gone\.jsonl is missing"):
        verified(tmp_path / "gone.jsonl")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ThoughtmillError, match="empty/rows is missing"):
        verify_rows(["empty/rows"], "pot", SETTINGS)
    with pytest.raises(ThoughtmillError, match="empty holds no file to read"):
        verified(tmp_path / "empty")


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"in\.jsonl has no rows"):
        verified(written(tmp_path / "in.jsonl"))


@pytest.mark.parametrize("answer", [None, "", "n/a", float("nan")])
def test_a_row_without_a_gold_answer_is_solved(tmp_path: Path, answer: Any) -> None:
    said, rows = verified(written(tmp_path / "in.jsonl", row(0, "ans = 42", answer=answer)))
    assert (rows[0]["predicted_answer"], rows[0]["correct"], rows[0]["failure"]) == ("42", None, None)
    assert "no gold answer" in said


def test_a_missing_column_is_said_once_with_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("question,answer,Completion\n" + "6 rows of 7?,42,ans = 42\n" * 200)
    columns = {"problem": "question"}
    with pytest.raises(ThoughtmillError) as error:
        verified(path, columns=columns)
    said = "no column `completion`; there are: `question`, `answer`, `Completion`; did you mean `Completion`?"
    assert said in str(error.value)
    _, rows = verified(path, columns={**columns, "completion": "Completion"})
    assert len(rows) == 200
    assert {each["correct"] for each in rows} == {True}


@pytest.mark.parametrize("name", ["r.csv", "r.tsv.gz", "r.json", "r.jsonl.zst", "r.parquet", "R.JSONL"])
def test_completions_come_in_every_format(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame([row(number, text) for number, text in enumerate(["ans = 42", "ans = 4"])])
    path = tmp_path / name
    if name == "r.parquet":
        frame.to_parquet(path)
    elif "json" in name.lower():
        text = frame.to_json(orient="records", lines="jsonl" in name.lower())
        with pa.output_stream(str(path), compression="zstd" if name.endswith("zst") else None) as file:
            file.write(text.encode())
    else:
        frame.to_csv(path, index=False, sep="," if name == "r.csv" else "\t")
    _, rows = verified(path)
    assert [(each["problem_id"], each["correct"]) for each in rows] == [("p0", True), ("p1", False)]


def test_a_folder_of_files_is_verified_whole(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    written(folder / "b.jsonl", row(1, "ans = 41"))
    written(folder / "a.jsonl", row(0, "ans = 42"), "{")
    _, rows = verified(folder)
    assert [each.get("problem_id") for each in rows] == ["p0", None, "p1"]


def test_a_release_is_verified_by_the_folders_of_its_thoughts(built_corpus: Path, tmp_path: Path) -> None:
    said = verify_rows([str(built_corpus / "release")], None, SETTINGS, tmp_path / "verdicts.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    assert [(each["record_id"], each["verdict_predicted_answer"], each["correct"]) for each in rows] == [
        ("ours-test-0/cot/0", "18", True),
        ("ours-train-0/cot/0", "12", True),
        ("ours-train-0/pot/0", "12", True),
    ]
    assert rows[0]["predicted_answer"] == "18"
    assert "3 rows" in said


def test_rules_of_a_release_are_read_as_they_are_and_have_no_answer_to_compare(tmp_path: Path) -> None:
    rules = "Prices add up.\nA total is a sum."
    (tmp_path / "release" / "knowledge").mkdir(parents=True)
    (tmp_path / "release" / "manifest.json").write_text('{"data_version": "0", "release": {}}')
    released = pd.DataFrame([{"problem": "How many?", "answer": "42", "rationale": rules}])
    released.to_parquet(tmp_path / "release" / "knowledge" / "train.parquet")
    said, rows = verified(tmp_path / "release", None)
    assert [(each["verdict_rationale"], each["failure"], each["correct"]) for each in rows] == [
        (rules, None, None)
    ]
    assert said.splitlines()[:2] == ["1 rows", "  no answer to compare         1   100.00%"]


def test_a_data_set_of_the_hub_s_form_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame([row(0, "ans = 42")])
    monkeypatch.chdir(tmp_path)
    seen: list[tuple[Any, ...]] = []

    def loaded(
        name: str, config: str | None, split: str, revision: str | None, streaming: bool
    ) -> list[dict[str, Any]]:
        seen.append((name, config, split, revision))
        return [{str(key): value for key, value in each.items()} for each in frame.to_dict("records")]

    monkeypatch.setattr("datasets.load_dataset", loaded)
    given = InputSettings(config="main", split="test", revision="v1")
    said = verify_rows(["owner/completions"], "pot", SETTINGS, None, False, given)
    assert "1 rows" in said
    assert set(seen) == {("owner/completions", "main", "test", "v1")}


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_standard_input_is_verified_and_nothing_else_is_left(tmp_path: Path, compress: Any) -> None:
    given = "".join(json.dumps(row(number, "ans = 42")) + "\n" for number in range(3)) + "{\n"
    command = [
        sys.executable,
        "-m",
        "thoughtmill",
        "verify",
        "-",
        "--thought",
        "pot",
        "-o",
        "verdicts.jsonl.gz",
    ]
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, input=compress(given.encode()), capture_output=True, check=True
    )
    assert b"3 rows, and 1 that cannot be verified" in done.stdout
    rows = gzip.decompress((tmp_path / "verdicts.jsonl.gz").read_bytes()).splitlines()
    assert [json.loads(line)["correct"] for line in rows] == [True, True, True, None]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cache", "verdicts.jsonl.gz"]


def test_a_file_to_verify_is_never_replaced(tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", row(0, "ans = 42"))
    for out, said in (("in.jsonl", "is a file to verify"), ("out.csv", "verdicts are JSON Lines")):
        with pytest.raises(ThoughtmillError, match=said):
            verify_rows([str(tmp_path)], "pot", SETTINGS, tmp_path / out)
    assert path.read_text() == json.dumps(row(0, "ans = 42")) + "\n"


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, python: str) -> None:
    rows = [row(number, f"ans = {number}") for number in range(1000)]
    slow = row(1000, "while True: pass")
    path = written(tmp_path / "in.jsonl", *rows, slow, *rows)
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "params.yaml").write_text("verify: {limits: {cpu_s: 3}}\n")
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
        until(lambda: any(each.stat().st_size > 50_000 for each in tmp_path.rglob("in.jsonl.*.jsonl")))
        os.killpg(process.pid, signal.SIGKILL)
    (journal,) = tmp_path.rglob("in.jsonl.*.jsonl")
    done = journal.read_bytes().count(b"\n")
    assert 0 < done < 2001
    assert not (tmp_path / "out.jsonl").exists()
    again = subprocess.run(
        [python, *command[1:]],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert "2,001 rows" in again.stdout
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [each["predicted_answer"] for each in found[:1000]] == [str(number) for number in range(1000)]
    assert found[1000]["failure"] == "timeout"
    project = {".dvc", "dvc.yaml", "params.yaml"}
    assert {each.name for each in tmp_path.iterdir()} - project == {"cache", "in.jsonl", "out.jsonl"}
    assert not list((tmp_path / "cache").rglob("*.jsonl"))


def test_the_verdicts_on_real_chains_are_the_published_ones(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    verify_rows([str(shared_data / "replay" / "cot.jsonl")], "cot", VerifySettings(), out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 1319
    assert [each["problem_id"] for each in rows if bool(each["correct"]) != each["published_correct"]] == []


def test_thinking_is_read_from_the_completion_or_from_its_own_key(tmp_path: Path) -> None:
    inline = row(0, "<think>6 * 7 = 41? No, 42.</think>6 * 7 = 42\n#### 42", thought="long_cot")
    apart = row(1, "6 * 7 = 42\n#### 42", thought="long_cot", reasoning="6 * 7 = 41? No, 42.")
    _, rows = verified(written(tmp_path / "in.jsonl", inline, apart), None)
    assert rows[0]["rationale"] == rows[1]["rationale"]
    assert [each["correct"] for each in rows] == [True, True]

"""Stage `generate`: a row for every request, whatever the teacher made of it."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from tests.fake_endpoint import FakeEndpoint, Turn, error
from thoughtmill.factory.core import params, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.generate import (
    faults,
    generate,
    main,
    make_teacher,
    remarks,
)
from thoughtmill.factory.ledger import Ledger, shards
from thoughtmill.factory.teachers import TEACHERS, Reply, Request, Teacher
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.factory.teachers.embedded import EmbeddedTeacherSettings
from thoughtmill.factory.teachers.thought_requests import ThoughtRequests
from thoughtmill.factory.thoughts.prompts import load
from thoughtmill.schemas import Completions, Problems
from thoughtmill.schemas.fields import FAILURES

ROOT = Path(__file__).parents[1]
EXEMPLARS = ROOT / "data" / "exemplars.jsonl"
SOLUTION = "There are 6*7=<<6*7=42>>42 in all.\n#### 42"
PROBLEMS = [
    {"problem_id": f"ours-{split}-0", "split": split, "problem": "How many are 6 rows of 7?", "answer": "42",
     "solution": SOLUTION, "source": "ours"}
    for split in ("test", "train")
]  # fmt: skip


def asked(**settings: Any) -> list[Request]:
    return list(
        ThoughtRequests(PROBLEMS, "pot", load("pot", EXEMPLARS), GenerateSettings.model_validate(settings))
    )


def project(folder: Path, given: dict[str, Any], problems: list[dict[str, Any]] = PROBLEMS) -> None:
    """Write a project with these problems and parameters."""
    unknown = dict.fromkeys(("subject", "level", "parent_id", "growth"))
    rows = [{"license": "mit", "answer_kind": "number", **unknown, **problem} for problem in problems]
    tables.write(folder / "data" / "problems.parquet", Problems, rows)
    (folder / "data" / "exemplars.jsonl").write_bytes(EXEMPLARS.read_bytes())
    (folder / "dvc.yaml").write_text("stages: {}\n")
    (folder / "params.yaml").write_text(json.dumps(given))


class Scripted(Teacher):
    """A teacher that replies what it was told to."""

    def __init__(self, **reply: Any) -> None:
        self.reply = {"completion": "ans = 42", "finish_reason": "stop", **reply}

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        for request in requests:
            yield Reply(request, "ab" * 32, "scripted", **self.reply)


def row(**reply: Any) -> tables.Row:
    return next(iter(generate(asked(), Scripted(**reply), "openai")))


def test_every_problem_and_sample_is_asked_for_with_a_seed_of_its_own() -> None:
    found = asked(samples=3, seed=10)
    assert [(request.problem["problem_id"], request.sample) for request in found] == [
        (name, sample) for name in ("ours-test-0", "ours-train-0") for sample in range(3)
    ]
    assert [request.parameters["seed"] for request in found] == [10, 11, 12] * 2


def test_only_the_chosen_splits_are_asked_for() -> None:
    assert [request.problem["split"] for request in asked(splits=["train"])] == ["train"]


def test_sampling_parameters_are_those_of_the_thought() -> None:
    sampling = {"pot": {"temperature": 0.7, "max_tokens": 99}, "cot": {"temperature": 0.1}}
    parameters = asked(sampling=sampling)[0].parameters
    assert parameters == {"temperature": 0.7, "top_p": 1.0, "max_tokens": 99, "seed": 1}


def test_a_reply_becomes_a_row_of_completions(tmp_path: Path) -> None:
    found = row(prompt_tokens=10, completion_tokens=3, cost_usd=0.1, latency_s=0.5)
    assert found["completion_id"] == "ours-test-0/pot/0@abababab"
    assert (found["teacher"], found["model"], found["completion"]) == ("openai", "scripted", "ans = 42")
    tables.write(tmp_path / "c.parquet", Completions, [found])
    assert list(tables.TableReader(tmp_path / "c.parquet", Completions)) == [found]


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        ({"finish_reason": "length"}, "truncated"),
        ({"finish_reason": "content_filter"}, "refused"),
        ({"completion": " \n"}, "empty"),
        ({"completion": None, "failure": "unanswered", "detail": "gave up"}, "unanswered"),
        ({"completion": "<think>6 * 7", "finish_reason": "length"}, "truncated"),
        ({"completion": "<think>6 * 7</think>", "failure": "truncated", "detail": "cut"}, "empty"),
        ({"completion": None, "reasoning": "6 * 7", "finish_reason": "length"}, "truncated"),
        ({"completion": None, "failure": "truncated", "detail": "cut"}, "truncated"),
        ({"failure": "truncated", "detail": "cut, says another package's teacher"}, "truncated"),
        ({}, None),
    ],
)
def test_what_is_no_usable_completion_has_a_failure(reply: dict[str, Any], failure: str | None) -> None:
    found = row(**reply)
    assert found["failure"] == failure
    assert (found["detail"] is None) == (failure is None)


def test_a_cut_says_whether_it_is_inside_the_thinking_or_the_answer() -> None:
    cut = {"finish_reason": "length", "failure": "truncated", "detail": "cut off by the length limit"}
    assert row(**cut)["detail"] == "cut off by the length limit"
    inside = {"completion": "<think>6 * 7"}, {"completion": "", "reasoning": "6 * 7"}
    for reply in inside:
        assert row(**cut, **reply)["detail"] == "cut off by the length limit, inside the thinking"
    assert row(**cut, completion="6 * 7</think>ans")["detail"].endswith("inside the answer")


def test_the_prompt_has_one_digest_for_all_problems_and_another_for_another_thought() -> None:
    rows = list(generate(asked(), Scripted(), "openai"))
    other = ThoughtRequests(PROBLEMS, "cot", load("cot", EXEMPLARS), GenerateSettings())
    (first,) = {each["prompt_sha"] for each in rows}
    assert first != next(iter(generate(other, Scripted(), "openai")))["prompt_sha"]


def test_the_embedded_teacher_writes_from_the_worked_solution(tmp_path: Path) -> None:
    settings = GenerateSettings.model_validate({"embedded": {"error_rate": 0.0}})
    for found in generate(asked(), make_teacher(settings, tmp_path), "embedded"):
        assert "6" in found["completion"] and "ans" in found["completion"]
        assert (found["failure"], found["cost_usd"]) == (None, 0.0)


def test_a_replay_answers_from_its_files(tmp_path: Path) -> None:
    line = {
        "problem_id": "ours-test-0",
        "thought": "pot",
        "sample": 0,
        "completion": "ans = 6 * 7",
        "model": "m",
    }
    (tmp_path / "replay.jsonl").write_text(json.dumps(line))
    settings = GenerateSettings.model_validate({"teacher": "replay", "replay": {"files": ["replay.jsonl"]}})
    found = {
        each["problem_id"]: each for each in generate(asked(), make_teacher(settings, tmp_path), "replay")
    }
    assert found["ours-test-0"]["completion"] == "ans = 6 * 7"
    assert found["ours-train-0"]["failure"] == "unanswered"


def refused(**given: Any) -> str:
    with pytest.raises(ThoughtmillError) as caught:
        params.validated(given, GenerateSettings, "params.yaml: generate").teacher_settings()
    return str(caught.value)


def test_a_misspelt_name_is_one_line_that_says_what_there_is() -> None:
    assert refused(teacher="opnai") == (
        "params.yaml: generate: `teacher`: unknown teacher `opnai`; "
        "there are: batch, embedded, openai, replay, vllm"
    )
    assert refused(sampling={"cto": {}}) == (
        "params.yaml: generate: `sampling`: unknown thought `cto`; "
        "there are: cot, eot, equation_only, knowledge, long_cot, pot, socratic"
    )
    assert "`splits`: unknown split `tset`; there are: train" in refused(splits=["tset"])
    assert refused(smaples=2) == (
        "params.yaml: generate: unknown key `smaples`; there are: teacher, teachers, by_thought, samples, "
        "reminders, seed, splits, shards, inherit, sampling, until, batch, embedded, openai, replay, vllm"
    )


def test_the_settings_of_the_chosen_teacher_are_validated_and_no_others() -> None:
    assert refused(embedded={"eror_rate": 1}) == (
        "params.yaml: generate.embedded: `eror_rate` is an unknown key; did you mean `error_rate`?"
    )
    settings = GenerateSettings.model_validate({"embedded": {"error_rate": 0.5}, "openai": {"modle": "m"}})
    assert settings.teacher_settings() == EmbeddedTeacherSettings(error_rate=0.5)
    assert GenerateSettings().teacher_settings() == EmbeddedTeacherSettings()


def test_all_teachers_are_checked_at_once() -> None:
    section = {"embedded": {"error_rate": 2}, "openai": {"modle": "m"}, "replay": None, "batch": {}}
    embedded, openai = faults({"generate": section})
    assert embedded.startswith("params.yaml: generate.embedded: `error_rate`: ")
    assert openai == "params.yaml: generate.openai: `modle` is an unknown key; did you mean `model`?"
    assert list(faults({})) == list(faults({"generate": None})) == []


def test_the_embedded_teacher_imports_no_client_of_an_endpoint(tmp_path: Path) -> None:
    project(tmp_path, {"thoughts": ["pot"], "generate": {"openai": {"transport": "raw"}}})
    code = (
        "import sys; from thoughtmill.factory import generate; generate.main('pot'); "
        "print(sorted({'openai', 'aiohttp', 'httpx2', 'torch'} & sys.modules.keys()))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert (tmp_path / "data" / "completions" / "pot.parquet").exists()


class EchoTeacher(Teacher):
    """A teacher of another package."""

    class Settings(BaseModel, extra="forbid"):
        loud: bool = False

    def __init__(self, loud: bool) -> None:
        self.loud = loud

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        for request in requests:
            text = str(request.problem["problem"])
            yield Reply(request, "cd" * 32, "echo", text.upper() if self.loud else text)


def test_a_teacher_of_another_package_is_chosen_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    echo = ModuleType("echo")
    echo.SETTINGS = EchoTeacher.Settings  # type: ignore[attr-defined]
    echo.make = lambda settings, folder, corpus: EchoTeacher(settings.loud)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "echo", echo)
    point = EntryPoint("echo", "echo", "thoughtmill.teachers")
    monkeypatch.setitem(TEACHERS.__dict__, "foreign", {"echo": point})
    monkeypatch.setattr(TEACHERS, "loaded", {})
    project(tmp_path, {"thoughts": ["pot"], "generate": {"teacher": "echo", "echo": {"loud": True}}})
    monkeypatch.chdir(tmp_path)
    main("pot")
    (first, _) = tables.TableReader(tmp_path / "data" / "completions" / "pot.parquet", Completions)
    assert (first["teacher"], first["completion"]) == ("echo", "HOW MANY ARE 6 ROWS OF 7?")
    assert list(faults({"generate": {"echo": {"laud": True}}})) == [
        "params.yaml: generate.echo: `laud` is an unknown key; did you mean `loud`?"
    ]


def test_with_the_shards_the_stage_writes_the_same_bytes_without_key_or_endpoint_failed_rows_and_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def plan(prompt: str, times: int) -> Turn:
        turns = [error(500, "oops"), Turn(drop=True), error(400, "no", "content_filter"), Turn(text="")]
        return next((turn for number, turn in enumerate(turns) if f"Problem {number}." in prompt), Turn())

    def built(ledger: str) -> bytes:
        monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / ledger))
        main("pot")
        return completions.read_bytes()

    completions = tmp_path / "data" / "completions" / "pot.parquet"
    problems = [
        {**PROBLEMS[0], "problem_id": f"ours-test-{i}", "problem": f"Problem {i}."} for i in range(30)
    ]
    monkeypatch.chdir(tmp_path)
    with FakeEndpoint(plan) as endpoint:
        chosen = {"base_url": endpoint.url, "backoff_s": 0.01, "max_attempts": 2, "transport": "raw"}
        project(
            tmp_path, {"thoughts": ["pot"], "generate": {"teacher": "openai", "openai": chosen}}, problems
        )
        bought = built("mine.sqlite")
    rows = list(tables.TableReader(completions, Completions))
    assert [row["failure"] for row in rows if row["failure"]].count("unanswered") == 2
    assert {row["failure"] for row in rows} == {None, "unanswered", "moderated", "empty"}
    assert "thoughtmill ledger retry && dvc repro -f -s generate@pot" in capsys.readouterr().err
    with Ledger(tmp_path / "mine.sqlite") as mine, Ledger(tmp_path / "yours.sqlite") as yours:
        shards.export(mine, tmp_path / "data" / "ledger")
        shards.load(yours, tmp_path / "data" / "ledger")
    completions.unlink()
    assert built("yours.sqlite") == bought


def test_a_stage_says_what_to_do_about_missing_completions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, {"thoughts": ["pot"]}, [{**each, "solution": None} for each in PROBLEMS])
    monkeypatch.chdir(tmp_path)
    main("pot")
    assert capsys.readouterr().err.splitlines()[-1] == (
        "2 of 2 completions of pot are missing: the embedded teacher writes from worked solutions; "
        "name their column (`solution`) in seed.sources, or set generate.teacher"
    )


def test_a_remark_is_made_where_no_completion_is_usable_and_only_there() -> None:
    assert list(remarks("pot", Counter({None: 1, "empty": 9, "uncompilable": 2}), False)) == []
    assert list(remarks("pot", Counter({"empty": 2, "truncated": 9}), False)) == [
        f"no completion of pot is usable; 9 of 11 are `truncated`: {FAILURES['truncated']}"
    ]
    assert list(remarks("pot", Counter(), True)) == []


def test_rows_that_the_endpoint_refused_are_counted_with_how_to_see_why() -> None:
    (line,) = remarks("pot", Counter({None: 5, "refused_by_endpoint": 2}), uses_ledger=True)
    assert line.startswith("2 of pot refused by the endpoint; why: thoughtmill sql ")

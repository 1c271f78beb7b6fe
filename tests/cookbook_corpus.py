"""The corpus of docs/cookbook.md: small, built by the stages, and the same on every machine.

Its 50 embedded problems were asked of a program and of a real small model, whose kept answers are in
`examples/local-ledger`. A few problems of our own are as broken as real ones: repeated, contradictory, with a
wrong gold answer, or near a benchmark. The students are the embedded teacher with many mistakes.
"""

import csv
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

import yaml

import thoughtmill
from tests.foreign.foreign_thoughts.serial import Serial
from thoughtmill.factory import curate, generate, grow, seed, tabulate, verify
from thoughtmill.factory.core import corpus, params, tables
from thoughtmill.factory.core.executors import EXECUTORS
from thoughtmill.factory.ledger import AttemptRow, Ledger, ResultRow, shards
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.factory.teachers.embedded import EmbeddedTeacher, EmbeddedTeacherSettings
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.schemas import PolicyResults, Predictions, Problems

ROOT = Path(__file__).parents[1]
PRICE_USD = 0.2e-6, 0.8e-6
"""What a token of a prompt and of a completion of the small model costs in this corpus; it was free."""

NUTS = "Each bag: 3 * 4 = <<3*4=12>>12\n#### 12"
PENS = "Cost: 2 * 9 = <<2*9=18>>18\n#### 18"
OURS = [
    ("Mo has 3 bags of 4 nuts. How many nuts has Mo?", "12", NUTS, "counting"),
    ("Mo has 3 bags of  4 nuts. How many nuts has Mo?", "12", NUTS, "counting"),
    ("Ida cuts 7 pies into 2 parts each. How many parts are there?", "9",
     "Parts: 7 * 2 = <<7*2=14>>14\n#### 14", "sharing"),
    ("A pen costs $2. What do 9 pens cost?", "18", PENS, "money"),
    ("A pen costs $2.  What do 9 pens cost?", "20", PENS, "money"),
    ("A baker bakes 24 rolls in an hour and sells 15 of them before noon. She bakes for 3 hours. How many"
     " rolls does she bake?", "72", "Rolls: 24 * 3 = <<24*3=72>>72\n#### 72", "counting"),
]  # fmt: skip
"""Problem, gold answer, worked solution, subject."""

BENCHMARK = (
    "A baker bakes 30 rolls in an hour and sells 12 of them before noon. She bakes for 5 hours. How many"
    " rolls does she bake?"
)
COLUMNS = {name: name for name in ("problem", "answer", "solution", "subject")}
PARAMS = {
    "thoughts": ["knowledge", "cot", "pot", "eot"],
    "seed": {
        "sources": [
            {"set": "embedded"},
            {"set": "table", "name": "ours", "file": "ours.csv", "columns": COLUMNS},
        ],
        "refused": "keep",
        "embedded": {
            "seed": 1, "train": 50, "validation": 0, "validation_compositions": 0, "test_numbers": 0,
            "test_compositions": 0, "test_templates": 0,
        },
    },
    "generate": {
        "teachers": {
            "program": {"teacher": "embedded", "error_rate": 0.1},
            "smol": {
                "teacher": "openai", "base_url": "http://127.0.0.1:9/v1", "endpoint": "local",
                "model": "smollm2-135m-instruct", "max_attempts": 1,
            },
        },
        "seed": 1,
        "sampling": {
            "knowledge": {"temperature": 0.2, "max_tokens": 256},
            "cot": {"max_tokens": 256}, "pot": {"max_tokens": 256}, "eot": {"max_tokens": 256},
        },
    },
    "executor": "serial",
    "grow": {"redraw": 1, "rename": 1},
    "curate": {
        "seed": 1, "validation_share": 0.2, "ngram": 8, "max_overlap": 0.6,
        "benchmarks": [{"set": "table", "name": "bakery", "file": "benchmark.csv"}],
    },
}  # fmt: skip
OLD = {"program": {"teacher": "embedded", "error_rate": 0.3}}
"""The teacher of the older version, with more mistakes."""


def build(folder: Path, old: bool = False) -> Path:
    """Build the corpus in a new folder, and return the folder of its data."""
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "exemplars.jsonl", data)
    given = PARAMS
    if old:
        given = {
            **PARAMS,
            "generate": {**PARAMS["generate"], "teachers": {**PARAMS["generate"]["teachers"], **OLD}},
        }
    (folder / "params.yaml").write_text(yaml.safe_dump(given), "utf-8")
    (folder / "dvc.yaml").touch()
    _sheet(
        folder / "ours.csv",
        ("problem", "answer", "solution", "subject"),
        [*OURS, ("What is it?", "n/a", "", "")],
    )
    _sheet(folder / "benchmark.csv", ("problem", "answer"), [(BENCHMARK, "150")])
    with (
        chdir(folder),
        patch.dict(os.environ, {"THOUGHTMILL_LEDGER": str(folder / "ledger.sqlite")}),
        patch.dict(EXECUTORS.loaded, {"serial": Serial}),
    ):
        seed.main()
        _fill_ledger(folder)
        for thought in params.thoughts():
            generate.main(thought)
            verify.main(thought)
        grow.main()
        curate.main()
        _ask_students(data)
        tabulate.main()
    return data


def _sheet(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


def _fill_ledger(folder: Path) -> None:
    """Put the small model's answers into the ledger, each with a price, and answers to our own problems."""
    settings = params.section("generate", GenerateSettings)
    with Ledger() as ledger:
        shards.load(ledger, ROOT / "examples" / "local-ledger")
        rows = [ledger.get(key) for key in ledger.keys()]  # noqa: SIM118  a ledger is not a mapping
    (folder / "ledger.sqlite").unlink()
    answers = [dataclasses.replace(row, cost_usd=_cost(row)) for row in rows if row is not None]
    for thought in params.thoughts():
        (chosen,) = (each for each in settings.chosen(thought) if each.name == "smol")
        keys = RequestKeys(chosen.settings)
        for request in generate.requests_of(folder, thought, settings, chosen):
            if request.problem["source"] == "ours":
                answers.append(_answer(request, keys.keyed(request)[0]))
    slow = [row.request_key for row in answers if (row.latency_s or 0) > 150]
    faults = [AttemptRow(key, 1, 429, "status 429: too many requests", 1795709000.0) for key in slow]
    with Ledger() as ledger:
        ledger.write(answers, faults)


def _cost(row: ResultRow) -> float:
    return (row.prompt_tokens or 0) * PRICE_USD[0] + (row.completion_tokens or 0) * PRICE_USD[1]


def _answer(request: Request, key: str) -> ResultRow:
    """Return the model's answer to one of our problems, as a person wrote it."""
    value = request.problem["solution"].rsplit("#### ", 1)[1]
    text = {
        "knowledge": "Equal groups: the number of groups times the number in each.",
        "cot": f"We multiply the two numbers.\n#### {value}",
        "pot": f"ans = {value} + 0",
        "eot": f"ans = {value}",
    }[request.thought]
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = json.dumps(
        {"choices": [choice], "usage": {"prompt_tokens": 600, "completion_tokens": 20}}
    ).encode()
    cost_usd = 600 * PRICE_USD[0] + 20 * PRICE_USD[1]
    return ResultRow(
        key, "local", "smollm2-135m-instruct", request.thought, "0" * 64, body, "stop", 600, 0, 20, cost_usd,
        5.0, 1795712000.0,
    )  # fmt: skip


def _ask_students(data: Path) -> None:
    """Write what students answer to the problems of `validation`, and what policies make of it."""
    held_out = "select distinct problem_id from read_parquet(?) where split = 'validation'"
    with tables.connect() as con:
        wanted = {name for (name,) in con.execute(held_out, [str(data / "records.parquet")]).fetchall()}
    problems = [
        row for row in tables.TableReader(data / "problems.parquet", Problems) if row["problem_id"] in wanted
    ]
    version = corpus.manifest(data, params.thoughts())["data_version"]
    named = {"run": "student-1", "base": "tiny", "training_seed": 0, "data_version": version}
    predictions = [
        {**named, **row}
        for role in ("cot", "pot", "eot")
        for round_ in range(4)
        for row in _written(problems, role, round_)
    ]
    tables.write(data / "predictions" / "tiny.parquet", Predictions, predictions)
    gold = {row["problem_id"]: row["answer"] for row in problems}
    policies = [f"{kind}/{role}" for kind in ("greedy", "majority@3") for role in ("cot", "pot", "eot")]
    results = [
        {
            **named,
            "test_set": "embedded validation",
            "policy": policy,
            **thoughtmill.run_policy(policy, predictions, gold).figures,
        }
        for policy in policies
    ]
    tables.write(data / "policy_results.parquet", PolicyResults, results)


def _written(problems: list[tables.Row], role: str, round_: int) -> Iterator[tables.Row]:
    """Yield the rows of `predictions` of one role and round: an embedded teacher that errs often."""
    teacher = EmbeddedTeacher(EmbeddedTeacherSettings(error_rate=0.4, seed=round_))
    requests = [Request(problem, role, round_, ()) for problem in problems]
    texts = [reply.completion or "" for reply in teacher.complete(requests)]
    asked = [
        {"problem": row["problem"], "answer": row["answer"], "completion": text}
        for row, text in zip(problems, texts, strict=True)
    ]
    for problem, verdict in zip(problems, thoughtmill.verify(asked, role), strict=True):
        yield {
            "problem_id": problem["problem_id"],
            "role": role,
            "round": round_,
            "sample": 0,
            "text": verdict["completion"],
            **{name: verdict[name] for name in ("predicted_answer", "predicted_kind", "failure", "correct")},
            "new_tokens": len(verdict["completion"].split()),
        }

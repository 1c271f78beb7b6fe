"""A small real model as the teacher: its kept answers replay without it; its server answers where it runs."""

import importlib.util
import json
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from thoughtmill.factory import check
from thoughtmill.factory.commands import init
from thoughtmill.factory.core import params, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Ledger, shards
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body
from thoughtmill.factory.teachers.endpoint.repetition import repeats
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher
from thoughtmill.schemas import Completions, Records
from thoughtmill.train import local_teacher

ROOT = Path(__file__).parents[1]
LOCAL = ROOT / "params" / "local.yaml"
SHARDS = ROOT / "examples" / "local-ledger"


def test_the_parameters_pass_the_check() -> None:
    assert list(check.faults(params.load(LOCAL))) == []


def test_the_kept_answers_make_a_corpus_from_seed_to_report_without_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "local"
    init.init(project, LOCAL)
    monkeypatch.chdir(project)
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))
    with Ledger() as ledger:
        assert shards.load(ledger, SHARDS) == 200
    thoughts = params.thoughts()
    for stage in yaml.safe_load((project / "dvc.yaml").read_text())["stages"].values():
        module = import_module(stage.get("do", stage)["cmd"].split()[2])
        for words in [[thought] for thought in thoughts] if "foreach" in stage else [[]]:
            module.main(*words)
    rows = [
        row
        for thought in thoughts
        for row in tables.TableReader(project / "data" / "completions" / f"{thought}.parquet", Completions)
    ]
    assert Counter(row["thought"] for row in rows) == dict.fromkeys(thoughts, 50)
    assert {row["model"] for row in rows} == {local_teacher.MODEL}
    assert {row["failure"] for row in rows} <= {None, "truncated", "empty"}
    assert json.loads((project / "data" / "metrics.json").read_text())["problems"] == 50
    verified = [
        row
        for thought in thoughts
        for row in tables.TableReader(project / "data" / "verified" / thought / "records.parquet", Records)
    ]
    read = Counter(row["thought"] for row in verified if row["rationale"] is not None)
    assert read == {"knowledge": 14, "cot": 48, "pot": 44, "eot": 36}
    assert Counter(row["thought"] for row in verified if row["correct"]) == {"cot": 1, "pot": 1}
    programs = [row["rationale"] for row in verified if row["thought"] == "pot" and row["predicted_answer"]]
    assert len(programs) == 36
    assert all(program.splitlines()[-1].startswith("ans = ") for program in programs)
    assert local_teacher.MODEL in (project / "data" / "report" / "index.html").read_text()


def test_most_answers_that_reach_the_length_limit_only_repeat_themselves(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        shards.load(ledger, SHARDS)
        rows = [ledger.get(key) for key in ledger.keys()]  # noqa: SIM118  a ledger is not a mapping
    found = [parse_body(row.body) for row in rows if row is not None and row.finish_reason == "length"]
    repeating = [each for each in found if isinstance(each, ParsedCompletion) and repeats(each.text or "")]
    assert (len(found), len(repeating)) == (54, 41)


def test_the_server_answers_on_loopback(tmp_path: Path) -> None:
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("needs the extra `teacher`")
    gguf = ROOT / local_teacher.GGUF
    if not gguf.exists():
        pytest.skip("`make teacher` downloads the model")
    server = local_teacher.serve(gguf, 0)
    settings = EndpointSettings(
        base_url=f"{server.listening_address}/v1", endpoint="local", model=local_teacher.MODEL
    )
    messages = ({"role": "user", "content": "How many are 2 and 3?"},)
    request = Request({}, "cot", 0, messages, {"max_tokens": 4, "temperature": 0.0})
    (reply,) = OpenAITeacher(settings, tmp_path / "ledger.sqlite").complete([request])
    assert reply.completion
    assert (reply.model, reply.completion_tokens) == (local_teacher.MODEL, 4)


def test_any_other_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"no wheel")
    with pytest.raises(ThoughtmillError, match="it is another file"):
        local_teacher.model_file(wheel)
    with pytest.raises(ThoughtmillError, match="give a GGUF file or a wheel"):
        local_teacher.model_file(tmp_path / "gone.gguf")
    assert not local_teacher.GGUF.exists()


def test_without_the_extra_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ThoughtmillError, match=r"pip install 'thoughtmill\[teacher\]'"):
        local_teacher.serve(tmp_path / "x.gguf", 0)

"""Students in vLLM, by a stand-in: what they are asked, how, by which adapter, and what comes of it."""

import dataclasses
import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import fake_vllm, tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.infer import open_writer
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.writers.loading import adapter_map, load_students
from thoughtmill.train.writers.local import LocalWriter
from thoughtmill.train.writers.settings import InferSettings, VllmSettings
from thoughtmill.train.writers.vllm import VllmWriter

ROLES = ("ir", "kg")
SAMPLING = {"max_tokens": 12, "top_k": 50, "top_p": 0.9}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny base, and two adapters of it that have learnt a little each."""
    folder = tmp_path_factory.mktemp("project")
    base, corpus = tiny.write_causal(folder / "base"), open_corpus(str(tiny.write_corpus(folder / "data")))
    for role in ROLES:
        chosen = settings(base=str(base), steps=2, rank=12)
        finetune(TrainingJob(role, corpus, chosen, folder / "adapters" / role, folder / f"{role}.pt"))
    return folder


@pytest.fixture(autouse=True)
def _vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_vllm.install(monkeypatch)


def writer(project: Path, dtype: str = "float32", **given: Any) -> VllmWriter:
    cast = adapter_map(project / "adapters", ROLES)
    return VllmWriter(VllmSettings(**given), cast, str(project / "base"), dtype, **SAMPLING)


def request(role: str, problem: str = "7 bags of 2.", round_: int = 0) -> GenerationRequest:
    draw = SampleRequest(problem, role, round_)
    return GenerationRequest(draw, role, problem, None, 0.8 if round_ else 0.0, "/".join(map(str, draw.key)))


def wrote(
    writer: VllmWriter | LocalWriter, asked: list[GenerationRequest]
) -> dict[SampleRequest, GeneratedText]:
    writer.ask(asked)
    found: dict[SampleRequest, GeneratedText] = {}
    for _ in range(100):
        found |= {one.wanted: one for one in writer.write()}
        if len(found) == len(asked):
            return found
    raise AssertionError("not everything that was asked came to its end")


def test_cold_roles_write_what_their_adapters_write_on_this_machine(project: Path) -> None:
    asked = [request(role, problem) for problem in ("7 bags of 2.", "3 tins.", "?") for role in ROLES]
    found = load_students(project / "adapters", ROLES, str(project / "base"))
    here = LocalWriter(found.base, found.adapter_of, rows=4, max_new_tokens=12, top_k=50, top_p=0.9)
    assert wrote(writer(project), asked) == wrote(here, asked)


def test_the_same_request_is_written_alike_and_another_seed_is_not(project: Path) -> None:
    asked = [request("ir", round_=at) for at in (1, 2, 3)]
    first = wrote(writer(project), asked)
    assert wrote(writer(project), asked[::-1]) == first
    assert len({one.text for one in first.values()}) > 1


def test_vllm_is_told_how_to_sample_and_by_which_adapter(project: Path) -> None:
    vllm = writer(project)
    vllm.ask([request("kg", round_=1)])
    ((_, _, how, lora),) = vllm.engine.waiting
    seed = request("kg", round_=1).seed_number
    assert how == fake_vllm.SamplingParams(0.8, 0.9, 50, seed, 12, detokenize=False)
    assert 0 <= seed < 2**31
    assert (lora.lora_name, lora.lora_path) == ("kg", str(project / "adapters" / "kg"))


def test_there_is_room_for_all_adapters_at_a_rank_that_vllm_knows(project: Path) -> None:
    started = writer(project, gpu_memory_utilization=0.5).engine.args
    assert (started.enable_lora, started.max_loras, started.max_lora_rank) == (True, 2, 16)
    assert (started.gpu_memory_utilization, started.max_model_len, started.dtype) == (0.5, None, "float32")


def test_a_prompt_that_fills_the_context_is_cut_at_once_and_stops_no_other(project: Path) -> None:
    long, short = request("ir", "a" * 90), request("ir", "?")
    found = wrote(writer(project, max_model_len=100), [long, short])
    assert found[long.wanted] == GeneratedText(long.wanted, "", 0, "truncated")
    assert found[short.wanted].new_tokens > 0


def test_nothing_asked_is_nothing_written(project: Path) -> None:
    assert writer(project).write() == []


def test_the_stage_opens_vllm_by_its_settings(project: Path) -> None:
    given = {"backend": "vllm", "base": str(project / "base"), "precision": "bfloat16", "max_new_tokens": 9}
    how = InferSettings.model_validate(given)
    found, version, sha = open_writer(how, project / "adapters", ROLES, open_corpus(str(project / "data")))
    assert isinstance(found, VllmWriter)
    assert found.engine.args.dtype == "bfloat16"
    assert found.sampling == {"max_tokens": 9, "top_k": 50, "top_p": 0.9}
    here = load_students(project / "adapters", ROLES, str(project / "base"))
    assert (version, sha) == (here.data_version, here.sha)


def test_what_cannot_be_is_one_line(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ThoughtmillError, match=r"^no adapter answers for `pot`: list it in `roles`"):
        writer(project).ask([request("pot")])
    with pytest.raises(ThoughtmillError, match=r"^infer\.precision: 4bit needs `infer\.backend: students`$"):
        writer(project, dtype="4bit")
    other = tiny.write_causal(tmp_path / "other", seed=7)
    with pytest.raises(ThoughtmillError, match=r"not every adapter was trained on the base .*other"):
        VllmWriter(VllmSettings(), adapter_map(project / "adapters", ROLES), str(other), "auto", **SAMPLING)
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(
        ThoughtmillError, match=r"^infer\.backend: vllm is not installed: `pip install vllm`$"
    ):
        writer(project)


@pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed")
def test_the_signatures_of_the_stand_in_are_those_of_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    vllm = importlib.import_module("vllm")
    request = importlib.import_module("vllm.lora.request")
    for ours, theirs in (
        (fake_vllm.EngineArgs, vllm.EngineArgs),
        (fake_vllm.SamplingParams, vllm.SamplingParams),
        (fake_vllm.LoRARequest, request.LoRARequest),
    ):
        assert {one.name for one in dataclasses.fields(ours)} <= set(inspect.signature(theirs).parameters)
    ours_of, theirs_of = (
        list(inspect.signature(one.add_request).parameters) for one in (fake_vllm.LLMEngine, vllm.LLMEngine)
    )
    assert theirs_of[: len(ours_of)] == ours_of

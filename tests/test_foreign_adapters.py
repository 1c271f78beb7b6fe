"""Adapters of others, such as LoRID's released ones, are asked without a file of ours beside them."""

import argparse
import json
from pathlib import Path

import pytest

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.ask import ask, call
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.students.origins import ORIGIN, origin_of
from thoughtmill.train.writers.settings import InferSettings

PROBLEM = "3 bags of 4 nuts. How many nuts?"
HOW = InferSettings(max_new_tokens=70, style="lorid")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand-ins for LoRID's adapters: peft's files alone, on a tiny base."""
    folder = tmp_path_factory.mktemp("released")
    rows = [
        row | ({"rationale": "so:\n#### 12"} if row["thought"] == "cot" else {}) for row in tiny.records()
    ]
    corpus = open_corpus(str(tiny.write_corpus(folder / "corpus", rows)))
    base = str(tiny.write_causal(folder / "base"))
    for role in ("ir", "kg", "dr"):
        chosen = settings(base=base, steps=40, style="lorid")
        finetune(TrainingJob(role, corpus, chosen, folder / "adapters" / role, folder / f"{role}.pt"))
        for name in (ORIGIN, "README.md"):
            (folder / "adapters" / role / name).unlink()
    return folder / "adapters"


def test_an_adapter_of_others_answers_in_its_style(released: Path) -> None:
    said = ask("greedy/ir", PROBLEM, released, HOW).splitlines()
    assert said[0] == "ir:"
    assert "--> 12 END" in said
    assert "= 12" in said


def test_a_policy_runs_over_adapters_of_others(released: Path) -> None:
    said = ask("lorid", PROBLEM, released, HOW.model_copy(update={"temperature": 0.1}))
    assert said.splitlines()[-1] == "lorid: 12, resolved after 1 round"


def test_the_command_takes_the_style(released: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    words = {"role": "ir", "problem": PROBLEM, "policy": None, "kind": "number", "seed": 1}
    said = call(argparse.Namespace(**words, adapters=released, style="lorid"))
    assert "--> 12 END" in said
    with pytest.raises(ThoughtmillError, match=rf"{ORIGIN} is missing: .* or name its style: --style"):
        call(argparse.Namespace(**words, adapters=released, style=None))


def test_what_pefts_configuration_says_is_the_origin(released: Path, tmp_path: Path) -> None:
    (tmp_path / "ir").mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (tmp_path / "ir" / name).write_bytes((released / "ir" / name).read_bytes())
    config = tmp_path / "ir" / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"base_model_name_or_path": "owner/name"}))
    origin = origin_of(tmp_path / "ir", "lorid")
    assert (origin.role, origin.base, origin.base_revision) == ("ir", "owner/name", "main")
    assert origin.parameters == {"style": "lorid"}
    config.write_text("[]")
    with pytest.raises(ThoughtmillError, match="is not peft's configuration"):
        origin_of(tmp_path / "ir", "lorid")

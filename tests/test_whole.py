"""Full fine-tuning: a role that is a model of its own trains, answers, is asked, merged and sharded alike."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch.distributed
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from tests import tiny
from tests.test_finetune import MARKED, marked_corpus, settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.ask import ask
from thoughtmill.train.export_adapter import merge
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.students.origins import WHOLE, origin_of
from thoughtmill.train.writers.loading import load_students
from thoughtmill.train.writers.settings import InferSettings

HOW = InferSettings(max_new_tokens=16)
PROBLEM = "9 bags of 9 nuts. How many nuts?"


def trained(folder: Path, base: Path, *roles: str, **given: object) -> Path:
    """Train roles whose every rationale is the same, and return the folder of them."""
    corpus = open_corpus(str(marked_corpus(folder / "corpus")))
    for role in roles:
        chosen = settings(**{"base": str(base), "weights": "all", "learning_rate": 0.01, "steps": 40} | given)
        finetune(TrainingJob(role, corpus, chosen, folder / "students" / role, folder / f"{role}.pt"))
    return folder / "students"


@pytest.mark.parametrize("two_sided", [False, True])
def test_a_whole_model_learns_and_is_asked_with_transformers_and_with_us(
    tmp_path: Path, two_sided: bool
) -> None:
    base = (tiny.write_t5 if two_sided else tiny.write_causal)(tmp_path / "base")
    folder = trained(tmp_path, base, "ir")
    assert all((folder / "ir" / name).is_file() for name in WHOLE)
    assert not (folder / "ir" / "adapter_config.json").exists()
    kind = AutoModelForSeq2SeqLM if two_sided else AutoModelForCausalLM
    assert kind.from_pretrained(folder / "ir").num_parameters() == kind.from_pretrained(base).num_parameters()
    assert ask("greedy/ir", PROBLEM, folder, HOW).splitlines()[:2] == ["ir:", MARKED]


def test_whole_models_and_adapters_answer_side_by_side(tmp_path: Path) -> None:
    base = tiny.write_causal(tmp_path / "base")
    folder = trained(tmp_path, base, "ir", "kg")
    trained(tmp_path, base, "dr", weights="lora", learning_rate=0.02)
    loaded = load_students(folder, ["ir", "kg", "dr"], str(base))
    assert [sorted(one.adapter_of) for one in (loaded, *loaded.others)] == [["dr"], ["ir"], ["kg"]]
    said = ask("same_round", PROBLEM, folder, HOW.model_copy(update={"temperature": 0.1}))
    assert [line for line in said.splitlines() if line.startswith(("ir", "kg", "dr"))][:3]
    assert said.count(MARKED) >= 3


def test_a_whole_model_that_changed_is_refused_and_its_card_asks_it(tmp_path: Path) -> None:
    folder = trained(tmp_path, tiny.write_causal(tmp_path / "base"), "ir", steps=2)
    origin = origin_of(folder / "ir")
    assert (origin.whole, origin.parameters["weights"]) == (True, "all")
    card = (folder / "ir" / "README.md").read_text()
    assert "AutoModelForCausalLM.from_pretrained" in card
    assert "peft" not in card
    merge(folder / "ir", "ir", tmp_path / "out", "float32")
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "out").num_parameters() > 0
    (folder / "ir" / WHOLE[1]).write_bytes(b"torn")
    with pytest.raises(ThoughtmillError, match="is truncated or changed"):
        origin_of(folder / "ir")


def test_a_killed_run_of_a_whole_model_goes_on_to_the_same_curve(tmp_path: Path) -> None:
    corpus = open_corpus(str(marked_corpus(tmp_path / "corpus")))
    chosen = settings(base=str(tiny.write_causal(tmp_path / "base")), weights="all", steps=6, save_every=2)
    whole = finetune(TrainingJob("ir", corpus, chosen, tmp_path / "a" / "ir", tmp_path / "a.pt"))

    def killed(points: list[object]) -> None:
        if len(points) == 5:
            raise KeyboardInterrupt

    state = tmp_path / "b.pt"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("thoughtmill.train.training.learning.LINE_EVERY_S", 0.0)
        finetune(TrainingJob("ir", corpus, chosen, tmp_path / "b" / "ir", state, killed))
    assert state.is_file()
    assert finetune(TrainingJob("ir", corpus, chosen, tmp_path / "b" / "ir", state)) == whole


def test_weights_of_4_bits_cannot_learn() -> None:
    with pytest.raises(ValueError, match="weights of 4 bits cannot learn"):
        settings(weights="all", precision="4bit")


SHARDED = """
import sys
from pathlib import Path
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.train.finetune import TrainingJob, finetune
folder, base, corpus = sys.argv[1:]
for weights in ("lora", "all"):
    chosen = settings(base=base, steps=4, shard=True, weights=weights, pass_tokens=300)
    place = Path(folder, "sharded", weights)
    job = TrainingJob("ir", open_corpus(corpus), chosen, place / "ir", Path(folder, weights + ".pt"))
    curve = finetune(job)
    print("\\ncurve", weights, [round(point.loss, 4) for point in curve])
"""


def test_two_processes_that_each_hold_a_part_of_the_model_learn_what_one_learns(
    tmp_path: Path, python: str
) -> None:
    """FSDP on processors, by gloo, as `torchrun` starts it, whose processes meet by libuv."""
    try:
        torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    except torch.distributed.DistStoreError as error:
        if "without libuv" not in str(error):
            raise
        pytest.skip(f"no torchrun here: {error}")
    base, corpus = tiny.write_causal(tmp_path / "base", layers=2), marked_corpus(tmp_path / "corpus")
    script = tmp_path / "sharded.py"
    script.write_text(SHARDED)
    run = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(script)]
    root = str(Path(__file__).parents[1])
    given = {"PYTHON_EXEC": python, "ACCELERATE_USE_CPU": "1", "PYTHONPATH": root}
    done = subprocess.run(
        [python, *run, str(tmp_path), str(base), str(corpus)],
        env=os.environ | given,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    curves = {line for line in done.stdout.splitlines() if line.startswith("curve")}
    for weights in ("lora", "all"):
        chosen = settings(base=str(base), steps=4, weights=weights, pass_tokens=300)
        place = tmp_path / "alone" / weights
        alone = finetune(
            TrainingJob("ir", open_corpus(str(corpus)), chosen, place / "ir", tmp_path / f"{weights}.alone")
        )
        curves.remove(f"curve {weights} {[round(point.loss, 4) for point in alone]}")
        both = [
            load_students(tmp_path / name / weights, ["ir"], str(base)).base.model
            for name in ("alone", "sharded")
        ]
        one, two = (  # whole models are loaded with an adapter of zeros, which has random halves
            {
                name: weight
                for name, weight in model.named_parameters()
                if weights == "lora" or "lora" not in name
            }
            for model in both
        )
        assert one.keys() == two.keys()
        assert all(one[name].allclose(two[name], atol=1e-4) for name in one)
        written = (tmp_path / "sharded" / weights / "ir" / "thoughtmill.json").read_text()
        assert json.loads(written)["parameters"]["shard"]
    assert not curves

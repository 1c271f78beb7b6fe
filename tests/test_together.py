"""Adapters that learn in the same passes learn what each would alone; on a processor, by plain attention."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests import tiny
from tests.test_cuda import killed_after, plain_attention
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import finetune as stage
from thoughtmill.train.finetune import finetune, finetune_together, train_all
from thoughtmill.train.students.origins import ORIGIN, WEIGHTS, origin_of
from thoughtmill.train.training import cuda, flat, jobs, learning, together
from thoughtmill.train.training.cuda import FastSteps
from thoughtmill.train.training.flat import Chosen, Layout
from thoughtmill.train.training.jobs import TrainingJob
from thoughtmill.train.training.states import LossPoint
from thoughtmill.train.training.weights import Weights

STEPS = {"ir": 6, "kg": 3}
"""How long each role learns; they end at different turns."""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))


@pytest.fixture
def faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the faster step run on a processor, with rows that hold two or three examples."""

    def steps(
        _: Any,
        base: Any,
        model: Any,
        turns: Sequence[Chosen],
        layout: Layout,
        __: Any,
        adapters: list[Weights],
    ) -> FastSteps:
        return FastSteps(base, model, turns, layout, adapters)

    monkeypatch.setattr(together, "fast_steps", steps)
    monkeypatch.setattr(cuda, "varlen_attn", plain_attention)
    monkeypatch.setattr(flat, "NARROWEST", 128)


def job(folder: Path, base: Path, corpus: Corpus, role: str, **given: object) -> TrainingJob:
    chosen = settings(base=str(base), **{"steps": STEPS.get(role, 5), "pass_tokens": 1024} | given)
    name = f"{role}-{chosen.seed}"
    return TrainingJob(role, corpus, chosen, folder / name, folder / f"{name}.pt")


def alone(one: TrainingJob, folder: Path) -> tuple[list[LossPoint], dict[str, Tensor]]:
    """Train a job alone; return its curve and its adapter."""
    where = folder / one.folder.name
    curve = finetune(replace(one, folder=where, state=folder / "state.pt"))
    return curve, load_file(where / WEIGHTS)


def same(curve: Sequence[LossPoint], wanted: Sequence[LossPoint]) -> None:
    assert [point.loss for point in curve] == pytest.approx([point.loss for point in wanted], rel=2e-4)
    for one, other in zip(curve, wanted, strict=True):
        assert (one.step, one.target_tokens, one.learning_rate, one.right) == (
            other.step, other.target_tokens, other.learning_rate, other.right
        )  # fmt: skip


def test_roles_and_seeds_learn_what_each_learns_alone(tmp_path: Path, corpus: Corpus, faster: None) -> None:
    base = tiny.write_causal(tmp_path / "base", layers=2)
    every = [job(tmp_path / "mixed", base, corpus, role) for role in STEPS]
    every.append(job(tmp_path / "mixed", base, corpus, "ir", seed=1, learning_rate=0.005))
    curves = finetune_together(every)
    assert curves is not None
    for one, curve in zip(every, curves, strict=True):
        wanted, weights = alone(one, tmp_path / "alone")
        same(curve, wanted)
        found = load_file(one.folder / WEIGHTS)
        assert found.keys() == weights.keys()
        off = max(float((found[name] - weights[name]).abs().max()) for name in weights)
        assert off < 1e-3
        assert float(max(weights[name].abs().max() for name in weights)) > 0.1
        mine, its = (origin_of(where / one.folder.name) for where in (tmp_path / "mixed", tmp_path / "alone"))
        assert mine.asking == its.asking
        assert (mine.examples_sha, mine.parameters) == (its.examples_sha, its.parameters)
        assert not one.state.exists()


def test_runs_that_were_killed_go_on_to_the_same_curves(
    tmp_path: Path, corpus: Corpus, faster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tiny.write_causal(tmp_path / "base")
    monkeypatch.setattr(learning, "SAVE_EVERY_S", 0)
    whole, every = (
        [job(tmp_path / name, base, corpus, role, save_every=1) for role in STEPS]
        for name in ("whole", "killed")
    )
    curves = finetune_together(whole)
    real = FastSteps.backward
    monkeypatch.setattr(FastSteps, "backward", killed_after(4))
    with pytest.raises(KeyboardInterrupt):
        finetune_together(every)
    assert [one.folder.exists() for one in every] == [False, True]  # `kg` had ended
    monkeypatch.setattr(FastSteps, "backward", real)
    monkeypatch.setattr(jobs, "commit", lambda: origin_of(every[1].folder).commit)
    monkeypatch.setattr(stage, "PartialState", lambda **_: on_gpu())
    again = train_all(every)
    assert curves is not None
    assert again[1] == ([] if every[1].done() else curves[1])
    assert again[0][:4] == curves[0][:4]
    same(again[0], curves[0])


def on_gpu() -> Any:
    return SimpleNamespace(
        device=torch.device("cuda"), num_processes=1, is_main_process=True, print=lambda *_, **__: None
    )


def test_a_device_without_the_faster_step_trains_one_after_the_other(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tiny.write_causal(tmp_path / "base")
    monkeypatch.setattr(together, "fast_steps", lambda *_: None)
    monkeypatch.setattr(stage, "PartialState", lambda **_: on_gpu())
    every = [job(tmp_path / "both", base, corpus, role, steps=2) for role in ("ir", "kg")]
    curves = train_all(every)
    for one, curve in zip(every, curves, strict=True):
        assert curve == alone(one, tmp_path / "alone")[0]


def test_a_processor_learns_the_same_bytes_as_alone(tmp_path: Path, corpus: Corpus) -> None:
    base = tiny.write_causal(tmp_path / "base")
    every = [job(tmp_path / "both", base, corpus, role, steps=2, dropout=0.1) for role in ("ir", "kg")]
    train_all(every)
    for one in every:
        alone(one, tmp_path / "alone")
        assert (one.folder / WEIGHTS).read_bytes() == (
            tmp_path / "alone" / one.folder.name / WEIGHTS
        ).read_bytes()


def test_a_job_that_is_done_is_not_trained_again_unless_anything_of_it_is_another(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "commit", lambda: "c0ffee")
    monkeypatch.setattr(jobs, "commit", lambda: "c0ffee")
    base = tiny.write_causal(tmp_path / "base")
    one = job(tmp_path, base, corpus, "ir", steps=2)
    assert not one.done()
    [curve] = train_all([one])
    assert len(curve) == 2
    assert train_all([one]) == [[]]
    assert not job(tmp_path, base, corpus, "ir", steps=3).done()
    monkeypatch.setattr(jobs, "commit", lambda: "another")
    assert not one.done()
    held = json.loads((one.folder / ORIGIN).read_text("utf-8"))
    (one.folder / ORIGIN).write_text(json.dumps(held | {"commit": "a-changed"}), "utf-8")
    monkeypatch.setattr(jobs, "commit", lambda: "a-changed")
    assert not one.done()


def test_a_job_with_knowledge_of_its_own_is_done_until_that_changes(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "commit", lambda: "c0ffee")
    monkeypatch.setattr(jobs, "commit", lambda: "c0ffee")
    monkeypatch.chdir(tmp_path)
    Path("data/own_knowledge").mkdir(parents=True)

    def write(text: str) -> None:
        rows = [
            {"problem_id": row["problem_id"], "role": "kg", "sample": 0, "text": text, "failure": None}
            for row in tiny.problems()
        ]
        pd.DataFrame(rows).to_parquet("data/own_knowledge/embedded.parquet")

    one = job(tmp_path, tiny.write_causal(tmp_path / "base"), corpus, "dr", steps=1, knowledge={"own": 1})
    write("The total is all bags together.")
    train_all([one])
    assert one.done()
    write("The total is all nuts together.")
    assert not one.done()


def test_adapters_of_one_shape_are_a_group_and_a_group_has_a_limit(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MAX_ADAPTERS", 2)
    given: list[dict[str, object]] = [{}, {"rank": 4}, {"learning_rate": 0.1}, {"seed": 3}, {"rank": 4}, {}]
    every = [job(tmp_path, tmp_path, corpus, "ir", **each) for each in given]
    assert jobs.groups(every, [0, 1, 2, 3, 4]) == [[0, 2], [3], [1, 4]]


def test_the_role_whose_loss_is_no_number_is_named_though_it_spoils_the_others(
    tmp_path: Path, corpus: Corpus, faster: None
) -> None:
    base = tiny.write_causal(tmp_path / "base")
    every = [job(tmp_path, base, corpus, role) for role in ("ir", "pot")]
    every.append(job(tmp_path, base, corpus, "kg", learning_rate=float("inf"), steps=2))
    with pytest.raises(ThoughtmillError, match=r"^finetune kg: the loss of step 1 is nan: lower"):
        finetune_together(every)


def test_validation_keeps_the_best_weights_of_each(tmp_path: Path, corpus: Corpus, faster: None) -> None:
    base = tiny.write_causal(tmp_path / "base")
    tried = {"every": 1, "problems": 2, "split": "train", "max_new_tokens": 4}
    every = [job(tmp_path / "mixed", base, corpus, role, steps=2, validation=tried) for role in ("kg", "ir")]
    curves = finetune_together(every)
    assert curves is not None
    for one, curve in zip(every, curves, strict=True):
        wanted, _ = alone(one, tmp_path / "alone")
        assert [point.step for point in curve if point.right is not None] == [0, 1]
        assert [point.right for point in curve if point.right is not None] == pytest.approx(
            [point.right for point in wanted if point.right is not None], rel=1e-3
        )


def test_one_word_is_all_roles_and_seeds_of_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write_corpus(tmp_path / "data")
    (tmp_path / "dvc.yaml").write_text("", "utf-8")
    (tmp_path / "params.yaml").write_text("roles: [ir, kg]\nfinetune: {seeds: [4]}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    taken: list[TrainingJob] = []
    monkeypatch.setattr(stage, "train_all", taken.extend)
    stage.main("all")
    assert [(one.role, one.settings.seed, one.folder.as_posix()) for one in taken] == [
        (role, seed, f"data/adapters/embedded/{role}{place}")
        for role in ("ir", "kg")
        for seed, place in ((0, ""), (4, "/seed-4"))
    ]

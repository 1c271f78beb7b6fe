from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from torch.nn import functional
from transformers import BloomConfig, BloomForCausalLM

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.train.finetune import student
from thoughtmill.train.students.bases import Base, load_base, packs
from thoughtmill.train.training import batches, learning
from thoughtmill.train.training.gradients import backward, summed_loss
from thoughtmill.train.training.learning import accelerated, learning_rate
from thoughtmill.train.training.plan import TrainingPlan

ENCODED = [([30, 31, 32], [33, 34, 1]), ([40], [41, 42, 43, 1]), ([50, 51], [1]), ([60] * 7, [61] * 4 + [1])]
LENGTHS = [len(prompt) + len(target) for prompt, target in ENCODED]
PLAN = TrainingPlan(
    ENCODED, LENGTHS, [[0, 1, 2, 3]], packs=True, records={}, left_out=0, longest=12, context=99, sha=""
)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return tiny.causal(tmp_path / "base")


def by_hand(base: Base, prompt: list[int], target: list[int]) -> float:
    """Return the loss of one example as its definition says, one token at a time."""
    total = 0.0
    for at, token in enumerate(target):
        logits = base.model(input_ids=torch.tensor([prompt + target[:at]])).logits[0, -1]
        total += float(functional.cross_entropy(logits, torch.tensor(token)).detach())
    return total


def test_the_loss_is_that_of_each_target_token_given_all_before_it_and_nothing_else(base: Base) -> None:
    filled = batches.rows(PLAN.lengths, range(4), packs=True)
    assert any(len(row) > 1 for row in filled)
    found = summed_loss(base.model, base, batches.collate(ENCODED, filled, base.pad, base.start))
    assert float(found.detach()) == pytest.approx(
        sum(by_hand(base, *example) for example in ENCODED), rel=1e-5
    )


def test_the_loss_of_an_encoder_decoder_is_that_of_its_own_labels(tmp_path: Path) -> None:
    base = tiny.two_sided(tmp_path / "base")
    base.model.eval()
    batch = batches.collate(ENCODED, [[0], [1], [2], [3]], base.pad, base.start)
    asked = {name: batch.inputs[name] for name in ("input_ids", "attention_mask")}
    told = base.model(**asked, labels=batch.next_BT)
    count = sum(len(target) for _, target in ENCODED)
    assert float(summed_loss(base.model, base, batch).detach()) == pytest.approx(
        float(told.loss.detach()) * count, rel=1e-5
    )


def test_the_output_layer_sees_all_positions_again_after_a_pass(base: Base) -> None:
    summed_loss(base.model, base, batches.collate(ENCODED, [[0]], base.pad, base.start))
    assert base.model(input_ids=torch.tensor([[5, 6, 7]])).logits.shape == (1, 3, 98)


@pytest.mark.parametrize("pass_tokens", [1, 24, 10_000])
def test_a_step_has_the_same_gradient_however_many_passes_it_is_cut_into(
    base: Base, pass_tokens: int
) -> None:
    model = student(base, settings())
    for weight in model.parameters():
        if weight.requires_grad:
            torch.nn.init.normal_(weight, std=0.1)
    loss, target_tokens = backward(
        Accelerator(cpu=True), model, base, PLAN, chosen=[0, 1, 2, 3], pass_tokens=pass_tokens
    )
    count = sum(len(target) for _, target in ENCODED)
    assert target_tokens == count
    assert loss == pytest.approx(sum(by_hand(base, *example) for example in ENCODED) / count, rel=1e-4)
    found = [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]
    model.zero_grad()
    whole = (
        sum(summed_loss(model, base, batches.collate(ENCODED, [[one]], 0, None)) for one in range(4)) / count
    )
    assert isinstance(whole, torch.Tensor)
    whole.backward()  # type: ignore[no-untyped-call]
    wanted = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert found
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(found, wanted, strict=True))


def test_examples_of_a_row_do_not_see_each_other(base: Base) -> None:
    assert packs(base)


def test_a_base_that_lets_examples_see_each_other_is_not_packed(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = base.model.forward
    monkeypatch.setattr(base.model, "forward", lambda position_ids, **rest: forward(**rest))
    assert not packs(base)


def test_an_encoder_decoder_is_not_packed(tmp_path: Path) -> None:
    assert not packs(tiny.two_sided(tmp_path / "base"))


def test_a_base_that_takes_no_positions_is_not_packed_and_learns_all_the_same(tmp_path: Path) -> None:
    config = BloomConfig(vocab_size=98, hidden_size=32, n_layer=1, n_head=2, eos_token_id=1, pad_token_id=0)
    base = tiny.based_on(BloomForCausalLM(config), tmp_path / "base")
    assert not packs(base)
    filled = batches.rows(LENGTHS, range(4), packs=False)
    found = summed_loss(base.model, base, batches.collate(ENCODED, filled, base.pad, base.start))
    assert float(found.detach()) == pytest.approx(
        sum(by_hand(base, *example) for example in ENCODED), rel=1e-5
    )


@pytest.mark.parametrize(
    ("precision", "loaded_in_4bit", "computed"),
    [("float32", False, "no"), ("bfloat16", False, "bf16"), ("float32", True, "bf16")],
)
def test_a_run_computes_in_the_precision_its_base_was_loaded_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str, loaded_in_4bit: bool, computed: str
) -> None:
    base = load_base(str(tiny.write_causal(tmp_path / "base")), precision=precision)
    monkeypatch.setattr(base.model, "is_loaded_in_4bit", loaded_in_4bit, raising=False)
    monkeypatch.setattr("thoughtmill.train.training.learning.Accelerator", dict)
    assert accelerated(base, settings()) == {"mixed_precision": computed}


def test_the_rate_rises_to_its_top_and_falls_to_nothing() -> None:
    chosen = settings(steps=100, warmup=0.1, learning_rate=1.0)
    rates = [learning_rate(step, 100, chosen) for step in range(100)]
    assert rates.index(max(rates)) == 10
    assert rates[10] == 1.0
    assert 0 < rates[0] < rates[5] < 1
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.001


def test_a_run_without_time_for_all_its_steps_takes_fewer_and_its_rate_falls_by_then(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "LINE_EVERY_S", 0.0)
    chosen = settings(steps=40, learning_rate=0.01)
    model, plan = student(base, chosen), replace(PLAN, steps=[[0, 1, 2, 3]] * 40)
    curve = learning.learn(
        base, model, plan, chosen, state=tmp_path / "state.pt", what="short",
        on_progress=lambda curve: 12 if len(curve) > 4 else None,
    )  # fmt: skip
    assert len(curve) == 12
    assert curve[3].learning_rate > 0.009
    assert curve[-1].learning_rate < 0.001
    curve = learning.learn(
        base, model, replace(plan, steps=[[0, 1]] * 40), chosen, state=tmp_path / "none.pt",
        what="late", on_progress=lambda curve: 2 if len(curve) > 4 else None,
    )  # fmt: skip
    assert len(curve) == 6, "a step that is taken is not taken back"


def test_each_step_drops_other_values_and_the_same_in_each_run() -> None:
    def drawn(step: int, seed: int = 0) -> list[float]:
        run: Any = SimpleNamespace(
            settings=SimpleNamespace(seed=seed), step=step, accelerator=Accelerator(cpu=True)
        )
        learning.TrainingRun.seed(run)
        return functional.dropout(torch.ones(64), 0.5).tolist()

    assert drawn(1) == drawn(1) != drawn(2)
    assert drawn(1) != drawn(1, seed=1)

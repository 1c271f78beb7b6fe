"""The faster step has the loss and gradient of the ordinary one: on a processor, with plain attention."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from peft import PeftModel, get_peft_model_state_dict
from torch import Tensor
from torch.nn import functional

from tests import tiny
from tests.test_finetune import settings
from tests.test_learning import ENCODED, LENGTHS
from thoughtmill.train.finetune import student
from thoughtmill.train.students.bases import Base, load_base
from thoughtmill.train.training import cuda, learning
from thoughtmill.train.training.cuda import FastSteps
from thoughtmill.train.training.flat import Chosen, Layout
from thoughtmill.train.training.gradients import backward
from thoughtmill.train.training.half_lora import Unsupported
from thoughtmill.train.training.learning import learn
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.states import LossPoint

STEPS = [[0, 1, 2, 3], [1, 3], [2, 0, 1]] * 7
PLAN = TrainingPlan(
    ENCODED, LENGTHS, STEPS, packs=True, records={}, left_out=0, longest=max(LENGTHS), context=99, sha=""
)
TURNS: list[Chosen] = [{0: step} for step in STEPS]


def fast_steps(base: Base, model: PeftModel, plan: TrainingPlan = PLAN, pass_tokens: int = 8192) -> FastSteps:
    """Return the faster steps of a student that learns alone."""
    return FastSteps(base, model, [{0: step} for step in plan.steps], Layout([plan], pass_tokens))


def plain_attention(
    q_THD: Tensor,
    k_THD: Tensor,
    v_THD: Tensor,
    ends: Tensor,
    *_: Any,
    scale: float,
    window_size: Any,
    **__: Any,
) -> Tensor:
    """Attend within each span by the definition, with a mask over all pairs of tokens."""
    at = torch.arange(len(q_THD))
    span = torch.bucketize(at, ends, right=True)
    seen = (span[:, None] == span) & (at[:, None] >= at)
    if window_size[0] >= 0:
        seen &= at[:, None] - at <= window_size[0]
    q, k, v = (one.transpose(0, 1)[None] for one in (q_THD, k_THD, v_THD))
    found = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=scale, enable_gqa=True)
    return found[0].transpose(0, 1).contiguous()


@pytest.fixture(autouse=True)
def attention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "varlen_attn", plain_attention)


def learner(folder: Path, precision: str = "float32") -> tuple[Base, PeftModel]:
    """Return a tiny base and a student on it that does something already."""
    base = load_base(str(tiny.write_causal(folder, layers=2)), precision=precision)
    model = student(base, settings())
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            torch.manual_seed(len(name))
            torch.nn.init.normal_(weight, std=0.1)
    return base, model.train()


def gradient(base: Base, model: PeftModel, chosen: list[int]) -> tuple[float, Tensor]:
    """Return the loss and the gradient of the ordinary step."""
    loss, _ = backward(Accelerator(cpu=True), model, base, PLAN, chosen=chosen, pass_tokens=8192)
    found = [one.grad.flatten() for one in model.parameters() if one.grad is not None]
    model.zero_grad()
    return float(loss), torch.cat(found)


@pytest.mark.parametrize("pass_tokens", [1, 24, 8192])
def test_loss_and_gradient_are_those_of_the_ordinary_step(tmp_path: Path, pass_tokens: int) -> None:
    base, model = learner(tmp_path)
    wanted = [gradient(base, model, chosen) for chosen in STEPS[:3]]
    fast = fast_steps(base, model, pass_tokens=pass_tokens)
    for chosen, (loss, grad) in zip(STEPS, wanted, strict=False):
        found, target_tokens = fast.backward({0: chosen})
        assert target_tokens == {0: sum(len(ENCODED[one][1]) for one in chosen)}
        assert float(found) == pytest.approx(loss, rel=1e-5)
        assert fast.master.grad is not None
        ours = torch.cat([one.grad.flatten() for one in model.parameters() if one.grad is not None])
        assert torch.equal(ours, fast.master.grad[0])
        assert torch.allclose(ours, grad, atol=1e-5, rtol=1e-4)


def test_copies_in_bfloat16_made_once_a_step_come_to_what_autocast_does(tmp_path: Path) -> None:
    base, model = learner(tmp_path, "bfloat16")
    with torch.autocast("cpu", torch.bfloat16):
        loss, grad = gradient(base, model, STEPS[0])
    fast = fast_steps(base, model)
    found, _ = fast.backward({0: STEPS[0]})
    assert fast.master.grad is not None
    assert float(found) == pytest.approx(loss, rel=0.01)
    assert float((fast.master.grad[0] - grad).norm() / grad.norm()) < 0.03


def curve_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fast: bool, plan: TrainingPlan = PLAN
) -> tuple[list[LossPoint], dict[str, Tensor]]:
    """Train a tiny student by one of the steps; return its curve and what it has learnt."""
    base, model = learner(folder / "base")

    def faster(*_: Any) -> FastSteps | None:
        return fast_steps(base, model, plan, 24) if fast else None

    monkeypatch.setattr(learning, "faster", faster)
    chosen = settings(learning_rate=0.01, save_every=5)
    curve = learn(base, model, plan, chosen, state=folder / "state.pt", what="tiny")
    return curve, get_peft_model_state_dict(model)


def test_a_run_has_the_same_curve_and_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, weights = curve_of(tmp_path / "one", monkeypatch, fast=False)
    curve, learnt = curve_of(tmp_path / "two", monkeypatch, fast=True)
    assert [point.step for point in curve] == list(range(len(STEPS)))
    assert curve[-1].loss < curve[0].loss
    for one, other in zip(curve, wanted, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-3)
        assert (one.target_tokens, one.learning_rate) == (other.target_tokens, other.learning_rate)
    assert learnt.keys() == weights.keys()
    assert all(torch.allclose(learnt[name], weights[name], atol=5e-3) for name in weights)


def killed_after(turns: int) -> Callable[[FastSteps, Chosen], tuple[Tensor, dict[int, int]]]:
    """Return a `backward` that ends the run after some turns, as a kill does."""
    real, taken = FastSteps.backward, list[Chosen]()

    def dies(self: FastSteps, chosen: Chosen) -> tuple[Tensor, dict[int, int]]:
        if len(taken) == turns:
            raise KeyboardInterrupt
        taken.append(chosen)
        return real(self, chosen)

    return dies


def test_a_run_that_was_killed_goes_on_to_the_same_curve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "SAVE_EVERY_S", 0)
    whole, _ = curve_of(tmp_path / "whole", monkeypatch, fast=True)
    step = FastSteps.backward
    monkeypatch.setattr(FastSteps, "backward", killed_after(12))
    with pytest.raises(KeyboardInterrupt):
        curve_of(tmp_path / "killed", monkeypatch, fast=True)
    taken: list[Chosen] = []
    monkeypatch.setattr(
        FastSteps, "backward", lambda self, chosen: (taken.append(chosen), step(self, chosen))[1]
    )
    resumed, _ = curve_of(tmp_path / "killed", monkeypatch, fast=True)
    assert len(taken) == len(STEPS) - 10
    assert resumed[:10] == whole[:10]
    assert [point.loss for point in resumed] == pytest.approx([point.loss for point in whole], rel=1e-5)


def test_the_model_is_given_back_as_it_was_with_what_it_has_learnt(tmp_path: Path) -> None:
    base, model = learner(tmp_path)
    names, asked = [name for name, _ in model.named_modules()], torch.tensor([[5, 6, 7]])
    wanted = model(input_ids=asked).logits
    fast = fast_steps(base, model)
    with fast.restored():
        assert len(get_peft_model_state_dict(model)) == len(fast.own)
    fast.close()
    assert [name for name, _ in model.named_modules()] == names
    assert torch.equal(model(input_ids=asked).logits, wanted)
    fast.master.zero_()
    assert torch.equal(model(input_ids=asked).logits, wanted)


def test_a_loss_that_is_no_number_names_its_step() -> None:
    losses = [torch.tensor(1.0), torch.tensor(float("nan"))]
    unread = [(at, loss, 3, 0.1) for at, loss in enumerate(losses, start=7)]
    assert learning.read(unread[:1], "x") == [LossPoint(7, 1.0, 3, 0.1)]
    with pytest.raises(learning.ThoughtmillError, match="the loss of step 8 is nan"):
        learning.read(unread, "x")


def on_gpu() -> Any:
    """Return what says that there is one GPU."""
    return SimpleNamespace(
        device=torch.device("cuda"),
        distributed_type=cuda.DistributedType.NO,
        print=lambda words, file: print(words, file=file),
    )


def test_a_processor_keeps_the_ordinary_step(tmp_path: Path) -> None:
    base, model = learner(tmp_path)
    assert (
        cuda.fast_steps(Accelerator(cpu=True), base, model, TURNS, Layout([PLAN], 8192), lambda *_: 0.0)
        is None
    )


def test_where_it_cannot_be_had_one_line_says_why_and_the_model_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, model = learner(tmp_path)
    names = [name for name, _ in model.named_modules()]
    capsys.readouterr()
    assert cuda.fast_steps(on_gpu(), base, model, TURNS, Layout([PLAN], 8192), lambda *_: 0.0) is None
    assert capsys.readouterr().err == "without the faster step: it computes in torch.float32\n"
    assert [name for name, _ in model.named_modules()] == names


def test_a_loss_unlike_the_ordinary_one_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base, model = learner(tmp_path, "bfloat16")
    monkeypatch.setattr(FastSteps, "compile", lambda self: None)
    assert cuda.fast_steps(on_gpu(), base, model, TURNS, Layout([PLAN], 8192), lambda *_: 1.0) is None
    assert "where the ordinary step's is 1.0" in capsys.readouterr().err
    assert base.model.config._attn_implementation != cuda.NAME


def test_a_compiler_that_fails_leaves_the_step_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base, model = learner(tmp_path, "bfloat16")

    def no_compiler(_: FastSteps) -> None:
        raise RuntimeError("no compiler\nand more")

    capsys.readouterr()
    monkeypatch.setattr(FastSteps, "compile", no_compiler)
    monkeypatch.setattr(FastSteps, "capture", lambda self: None)
    monkeypatch.setattr(FastSteps, "first_losses", lambda self, part: [1.0])
    found = cuda.fast_steps(on_gpu(), base, model, TURNS, Layout([PLAN], 8192), lambda *_: 1.0)
    assert isinstance(found, FastSteps)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "without the compiled step: no compiler"
    assert second.startswith("faster step: 1 lengths of passes prepared")


def test_an_older_torch_keeps_the_ordinary_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base, model = learner(tmp_path, "bfloat16")
    capsys.readouterr()
    monkeypatch.setattr(cuda, "HAS_VARLEN", False)
    assert cuda.fast_steps(on_gpu(), base, model, TURNS, Layout([PLAN], 8192), lambda *_: 1.0) is None
    assert "before 2.10" in capsys.readouterr().err


def test_an_adapter_of_another_kind_is_refused(tmp_path: Path) -> None:
    base, model = learner(tmp_path)
    for name, weight in model.named_parameters():
        if name.endswith("norm.weight"):
            weight.requires_grad_(True)
    with pytest.raises(Unsupported, match="more than LoRA"):
        fast_steps(base, model)

"""The training loop; a killed run resumes and gives the same loss curve."""

import hashlib
import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import astuple, dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import broadcast_object_list
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from torch import Tensor, nn
from torch.nn import functional

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside
from thoughtmill.factory.core.progress import LINE_EVERY_S, line
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training import batches
from thoughtmill.train.training.cuda import FastSteps, fast_steps
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.settings import FinetuneSettings

CLIP = 1.0
READ_EVERY = 16
"""Losses of the faster step are read after this many steps, so that the GPU need not wait."""
SAVE_EVERY_S = 30
"""The least seconds between two states of the faster step, which takes fifty steps in a second or two."""


@dataclass(frozen=True, slots=True)
class LossPoint:
    """A step of a loss curve: mean loss per target token in nats, number of target tokens, learning rate."""

    step: int
    loss: float
    target_tokens: int
    learning_rate: float


def learn(
    base: Base,
    model: PeftModel,
    plan: TrainingPlan,
    settings: FinetuneSettings,
    *,
    state: Path,
    what: str,
    grown: Callable[[list[LossPoint]], None] | None = None,
) -> list[LossPoint]:
    """Train the adapter on `model` through every step of `plan` and return the loss curve.

    The run is saved to `state` every `save_every` steps, and resumes from there if the plan is the same. The
    curve is then the same too, because order, rate and dropout depend only on the step. `grown` is called
    with the curve so far whenever a line of progress is printed.
    """
    accelerator = accelerated(base)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    on_gpu = accelerator.device.type == "cuda"
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0, fused=on_gpu or None)
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    identity = f"{plan.sha} {plan.tokens_sha} {base.sha} {settings.model_dump_json()}"
    fingerprint = hashlib.sha256(identity.encode()).hexdigest()
    wrapped.train()
    curve = _resume(state, fingerprint, model, optimizer)
    fast = faster(accelerator, wrapped, base, model, plan, settings)
    begun, before, said, saved = time.monotonic(), len(curve), 0.0, 0.0
    unread: list[tuple[int, Tensor, int, float]] = []
    for step in range(len(curve), len(plan.steps)):
        torch.manual_seed(Random(f"{settings.seed}/{step}/{accelerator.process_index}").getrandbits(63))
        rate = learning_rate(step, len(plan.steps), settings)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss, target_tokens = _gradient(accelerator, wrapped, base, plan, settings, fast, step)
        optimizer.step()
        optimizer.zero_grad()
        unread.append((step, loss, target_tokens, rate))
        done, elapsed_s = step + 1 == len(plan.steps), time.monotonic() - begun
        saves = (step + 1) % settings.save_every == 0 and not done
        saves = saves and (fast is None or elapsed_s - saved >= SAVE_EVERY_S)
        if fast is None or done or saves or len(unread) == READ_EVERY:
            curve += read(unread, what)
            unread = []
        if saves and accelerator.is_main_process:
            saved = elapsed_s
            with nullcontext() if fast is None else fast.restored():
                _save(state, fingerprint, model, optimizer, curve)
        if done or (not unread and elapsed_s - said >= LINE_EVERY_S):
            said = elapsed_s
            read_s = sum(plan.lengths[one] for taken in plan.steps[before : len(curve)] for one in taken)
            words = f"{what}: loss {curve[-1].loss:.3f}, {used(base, read_s / elapsed_s, accelerator.device)}"
            accelerator.print(
                line(words, len(curve) - before, len(plan.steps) - before, elapsed_s), file=sys.stderr
            )
            if grown is not None and accelerator.is_main_process:
                grown(curve)
    if fast is not None:
        fast.close()
    return curve


def _gradient(
    accelerator: Accelerator,
    wrapped: nn.Module,
    base: Base,
    plan: TrainingPlan,
    settings: FinetuneSettings,
    fast: FastSteps | None,
    step: int,
) -> tuple[Tensor, int]:
    """Compute the clipped gradient of a step; return its loss and the number of its target tokens."""
    if fast is not None:
        found = fast.backward(plan.steps[step])
        nn.utils.clip_grad_norm_(fast.master, CLIP)
        return found
    found = backward(
        accelerator, wrapped, base, plan, chosen=plan.steps[step], pass_tokens=settings.pass_tokens
    )
    accelerator.clip_grad_norm_([weight for weight in wrapped.parameters() if weight.requires_grad], CLIP)
    return found


def used(base: Base, rate: float, device: torch.device) -> str:
    """Say how fast a run is and how much memory it has taken; six operations count per weight and token."""
    if device.type == "cuda":
        memory, flops = torch.cuda.max_memory_allocated(device), 6 * rate * base.model.num_parameters()
        return f"{rate:,.0f} tokens a second, {flops / 1e12:,.0f} TFLOP/s, {memory / 2**30:.1f} GiB"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"{rate:,.0f} tokens a second, {peak / 2**30:.1f} GiB"


def read(unread: list[tuple[int, Tensor, int, float]], what: str) -> list[LossPoint]:
    """Return the points of steps whose losses lie on a device; a loss that is not finite raises."""
    losses = torch.stack([loss for _, loss, _, _ in unread]).tolist()
    for (step, *_), loss in zip(unread, losses, strict=True):
        if not math.isfinite(loss):
            raise ThoughtmillError(f"{what}: the loss of step {step} is {loss}: lower finetune.learning_rate")
    return [
        LossPoint(step, loss, tokens, rate)
        for (step, _, tokens, rate), loss in zip(unread, losses, strict=True)
    ]


def faster(
    accelerator: Accelerator,
    wrapped: nn.Module,
    base: Base,
    model: PeftModel,
    plan: TrainingPlan,
    settings: FinetuneSettings,
) -> FastSteps | None:
    """Prepare the faster step where there is a GPU that can; else save memory there, unless told not to."""

    def ordinary(part: list[int]) -> float:
        filled = batches.rows(plan.lengths, part, plan.packs)
        batch = batches.collate(plan.encoded, filled, base.pad, base.start).to(accelerator.device)
        with torch.no_grad():
            return float(summed_loss(wrapped, base, batch))

    fast = fast_steps(accelerator, base, model, plan, settings.pass_tokens, ordinary)
    if fast is None and accelerator.device.type == "cuda" and settings.gradient_checkpointing is None:
        base.model.gradient_checkpointing_enable({"use_reentrant": False})
    return fast


def accelerated(base: Base) -> Accelerator:
    """Return the accelerator that spreads a run over all devices, in the precision of the base.

    A base of 4 bits keeps its norms in float32 and computes in bfloat16 (QLoRA, arXiv 2305.14314).
    """
    half = base.model.dtype != torch.float32 or getattr(base.model, "is_loaded_in_4bit", False)
    return Accelerator(mixed_precision="bf16" if half else "no")


def learning_rate(step: int, steps: int, settings: FinetuneSettings) -> float:
    """Return the learning rate of a step: a linear rise over the share `warmup`, then a cosine down to 0."""
    rise = settings.warmup * steps
    if step < rise:
        return settings.learning_rate * (step + 1) / (rise + 1)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))


def backward(
    accelerator: Accelerator,
    model: nn.Module,
    base: Base,
    plan: TrainingPlan,
    *,
    chosen: list[int],
    pass_tokens: int,
) -> tuple[Tensor, int]:
    """Add the gradient of the mean loss over all target tokens of a step; return that loss and their number.

    The rows of a step are shared among the processes and cut into passes that fit in memory. Every target
    token of the step has the same weight.
    """
    target_tokens = sum(len(plan.encoded[one][1]) for one in chosen)
    filled = batches.rows(plan.lengths, chosen, plan.packs)
    mine = filled[accelerator.process_index :: accelerator.num_processes]
    # A process without rows takes part with a row of weight 0, because the others wait for it.
    weight = accelerator.num_processes / target_tokens if mine else 0.0
    cut = batches.passes(plan.lengths, mine or filled[:1], pass_tokens)
    total = torch.zeros((), device=accelerator.device)
    for number, part in enumerate(cut, start=1):
        batch = batches.collate(plan.encoded, part, base.pad, base.start).to(accelerator.device)
        with nullcontext() if number == len(cut) else accelerator.no_sync(model):
            loss = summed_loss(model, base, batch) * weight
            accelerator.backward(loss)
        total += loss.detach()
    reduced: Tensor = accelerator.reduce(total, "mean")
    return reduced, target_tokens


def summed_loss(model: nn.Module, base: Base, batch: batches.Batch) -> Tensor:
    """Return the cross entropy summed over the target tokens of a pass, in nats."""
    taught_BT = batch.next_BT != batches.IGNORED
    with _only(base, taught_BT):
        logits_NV = model(**batch.inputs, use_cache=False).logits
    return functional.cross_entropy(logits_NV.float(), batch.next_BT[taught_BT], reduction="sum")


@contextmanager
def _only(base: Base, taught_BT: Tensor) -> Iterator[None]:
    """Restrict the output layer to the positions that have a target: prompts need no logits."""

    def select(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (inputs[0][taught_BT], *inputs[1:])

    hook = base.model.get_output_embeddings().register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()


def _save(state: Path, fingerprint: str, model: PeftModel, optimizer: Any, curve: list[LossPoint]) -> None:
    held = {
        "fingerprint": fingerprint,
        "adapter": get_peft_model_state_dict(model),
        "optimizer": optimizer.state_dict(),
        "curve": [astuple(point) for point in curve],
    }
    with aside(state) as part:
        torch.save(held, part)


def _resume(state: Path, fingerprint: str, model: PeftModel, optimizer: Any) -> list[LossPoint]:
    """Load the state of the main process and return its curve; the state of another run is ignored."""
    found = PartialState().is_main_process and state.is_file()
    held = torch.load(state, map_location="cpu", weights_only=True) if found else None
    [held] = broadcast_object_list([held])  # other machines have no such file
    if held is None or held["fingerprint"] != fingerprint:
        return []
    set_peft_model_state_dict(model, held["adapter"])
    optimizer.load_state_dict(held["optimizer"])
    return [LossPoint(*point) for point in held["curve"]]

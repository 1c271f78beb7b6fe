"""The training loop; a killed run resumes and gives the same loss curve."""

import hashlib
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.progress import LINE_EVERY_S, line
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training import batches
from thoughtmill.train.training.cuda import FastSteps, fast_steps
from thoughtmill.train.training.gradients import backward, summed_loss
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.training.states import LossPoint, resumed
from thoughtmill.train.training.usage import used
from thoughtmill.train.training.validation import Validation
from thoughtmill.train.training.weights import learnt, restore

CLIP = 1.0
READ_EVERY = 16
"""Losses of the faster step are read after this many steps, so that the GPU need not wait."""
SAVE_EVERY_S = 30
"""The least seconds between two states of the faster step, which takes fifty steps in a second or two."""

Grown = Callable[[list[LossPoint]], None]
"""What is done with the curve so far."""


def learn(
    base: Base,
    model: nn.Module,
    plan: TrainingPlan,
    settings: FinetuneSettings,
    *,
    state: Path,
    what: str,
    grown: Grown | None = None,
    validation: Validation | None = None,
) -> list[LossPoint]:
    """Train the weights of `model` that can learn through the steps of `plan` and return the loss curve.

    The run is saved to `state` every `save_every` steps, and resumes from there if the plan is the same. The
    curve is then the same too, because order, rate and dropout depend only on the step. `grown` is called
    with the curve so far whenever a line of progress is printed. With a `validation`, the model ends with the
    weights that solved the most problems, and stops early after `patience` validations without a gain.
    """
    run = _TrainingRun(base, model, plan, settings, state, what, grown, validation)
    run.go()
    return run.state.curve


class _TrainingRun:
    """A run and all that it holds; see `learn`."""

    def __init__(
        self,
        base: Base,
        model: nn.Module,
        plan: TrainingPlan,
        settings: FinetuneSettings,
        state: Path,
        what: str,
        grown: Grown | None,
        validation: Validation | None,
    ) -> None:
        self.base, self.plan, self.settings, self.path = base, plan, settings, state
        self.what, self.grown, self.validation = what, grown, validation
        self.accelerator = accelerated(base, settings)
        self.weights = learnt(model)
        on_gpu = self.accelerator.device.type == "cuda"
        self.optimizer = torch.optim.AdamW(
            self.weights.values(), lr=settings.learning_rate, weight_decay=0.0, fused=on_gpu or None
        )
        self.wrapped = model
        if not settings.shard:
            self.wrapped, self.optimizer = self.accelerator.prepare(model, self.optimizer)
        identity = f"{plan.sha} {plan.tokens_sha} {base.sha} {settings.model_dump_json()}"
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()
        self.wrapped.train()
        self.state = resumed(state, self.fingerprint, self.weights, self.optimizer)
        self.fast = faster(self.accelerator, self.wrapped, base, model, plan, settings)
        self.unread: list[tuple[int, Tensor, int, float]] = []
        self.first, self.begun, self.said, self.saved = len(self.state.curve), time.monotonic(), 0.0, 0.0

    def go(self) -> None:
        """Take all steps, or those until validation gains no more."""
        steps, fast = len(self.plan.steps), self.fast
        for step in range(self.first, steps):
            self._step(step)
            done, elapsed_s = step + 1 == steps, time.monotonic() - self.begun
            tries = self.validation is not None and (done or (step + 1) % self.validation.every == 0)
            saves = (step + 1) % self.settings.save_every == 0 and not done and not self.settings.shard
            saves = saves and (fast is None or elapsed_s - self.saved >= SAVE_EVERY_S)
            if fast is None or done or saves or tries or len(self.unread) == READ_EVERY:
                self.state.curve += read(self.unread, self.what)
                self.unread = []
            done = (tries and self._tried()) or done
            if saves and not done:
                self._save(elapsed_s)
            if done or (not self.unread and elapsed_s - self.said >= LINE_EVERY_S):
                self._say(elapsed_s)
            if done:
                break
        if fast is not None:
            fast.close()
        if self.state.best:
            restore(self.weights, self.state.best)

    def _step(self, step: int) -> None:
        process = self.accelerator.process_index
        torch.manual_seed(Random(f"{self.settings.seed}/{step}/{process}").getrandbits(63))
        rate = learning_rate(step, len(self.plan.steps), self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, target_tokens = self._gradient(self.plan.steps[step])
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.unread.append((step, loss, target_tokens, rate))

    def _gradient(self, chosen: list[int]) -> tuple[Tensor, int]:
        """Compute the clipped gradient of a step; return its loss and the number of its target tokens."""
        if self.fast is not None:
            found = self.fast.backward(chosen)
            nn.utils.clip_grad_norm_(self.fast.master, CLIP)
            return found
        size = self.settings.pass_tokens
        found = backward(
            self.accelerator, self.wrapped, self.base, self.plan, chosen=chosen, pass_tokens=size
        )
        self.accelerator.clip_grad_norm_(self.weights.values(), CLIP)
        return found

    def _tried(self) -> bool:
        """Solve the validation problems; return whether the run ends because it has not gained for long."""
        assert self.validation is not None
        right = self.validation.shared(self.accelerator, self.fast)
        since = self.state.tried(right, self.weights)
        self.wrapped.train()
        step = self.state.curve[-1].step + 1
        found = "the best so far" if since == 0 else f"the best was {since} before"
        self.accelerator.print(f"{self.what}: after step {step} {right:.1%} {self.validation.of}, {found}")
        return self.validation.patience is not None and since >= self.validation.patience

    def _save(self, elapsed_s: float) -> None:
        if self.accelerator.is_main_process:
            self.saved = elapsed_s
            self.state.save(self.path, self.fingerprint, self.weights, self.optimizer)

    def _say(self, elapsed_s: float) -> None:
        """Print a line of progress, and pass on the curve so far."""
        self.said, curve, steps = elapsed_s, self.state.curve, self.plan.steps
        taken = [one for step in steps[self.first : len(curve)] for one in step]
        rate = sum(self.plan.lengths[one] for one in taken) / elapsed_s
        words = f"{self.what}: loss {curve[-1].loss:.3f}, {used(self.base, rate, self.accelerator.device)}"
        progress = line(words, len(curve) - self.first, len(steps) - self.first, elapsed_s)
        self.accelerator.print(progress, file=sys.stderr)
        if self.grown is not None and self.accelerator.is_main_process:
            self.grown(curve)


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
    model: nn.Module,
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


def accelerated(base: Base, settings: FinetuneSettings) -> Accelerator:
    """Return the accelerator that spreads a run over all devices, in the precision of the base.

    A base of 4 bits keeps its norms in float32 and computes in bfloat16 (QLoRA, arXiv 2305.14314). So does a
    base whose own weights learn on a GPU: steps are smaller than bfloat16 can add to a weight.
    """
    half = base.model.dtype != torch.float32 or getattr(base.model, "is_loaded_in_4bit", False)
    half = half or (settings.weights == "all" and settings.precision == "auto" and torch.cuda.is_available())
    return Accelerator(mixed_precision="bf16" if half else "no")


def learning_rate(step: int, steps: int, settings: FinetuneSettings) -> float:
    """Return the learning rate of a step: a linear rise over the share `warmup`, then a cosine down to 0."""
    rise = settings.warmup * steps
    if step < rise:
        return settings.learning_rate * (step + 1) / (rise + 1)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))

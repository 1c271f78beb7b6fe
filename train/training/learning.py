"""The training loop; a killed run resumes and gives the same loss curve."""

import hashlib
import math
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.progress import LINE_EVERY_S, line
from thoughtmill.factory.core.progress_files import ProgressFile
from thoughtmill.train.devices.usage import used
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training import batches
from thoughtmill.train.training.cuda import CLIP, FastSteps, fast_steps
from thoughtmill.train.training.flat import Layout
from thoughtmill.train.training.gradients import backward, summed_loss
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.training.states import LossPoint, OnProgress, resumed
from thoughtmill.train.training.validation import Validation
from thoughtmill.train.training.weights import Weights, restore, trainable

READ_EVERY = 16
"""Losses of the faster step are read once in this many steps, so that the GPU does not wait for the CPU."""
SAVE_EVERY_S = 30
"""The least seconds between two saved states of the faster step: it does 50 steps in a second or two."""


def learn(
    base: Base,
    model: nn.Module,
    plan: TrainingPlan,
    settings: FinetuneSettings,
    *,
    state: Path,
    what: str,
    on_progress: OnProgress | None = None,
    validation: Validation | None = None,
) -> list[LossPoint]:
    """Train the weights of `model` that can learn through the steps of `plan` and return the loss curve.

    The run is saved to `state` every `save_every` steps, and resumes from there if the plan is the same. The
    curve is then the same too, because order, rate and dropout depend only on the step. `on_progress` is
    called with the curve so far whenever a line of progress is printed; if it returns a number, the run takes
    no more steps, and its learning rate falls to 0 by then. With a `validation`, the model ends with the
    weights that solved the most problems, and stops early after `patience` validations without a gain.
    """
    accelerator, weights = accelerated(base, settings), trainable(model)
    optimizer: Any = adamw(weights, settings, accelerator)
    wrapped: nn.Module = model
    if not settings.shard:
        wrapped, optimizer = accelerator.prepare(model, optimizer)
    wrapped.train()
    run = TrainingRun(
        base, plan, settings, accelerator, weights=weights, optimizer=optimizer, state=state, what=what,
        on_progress=on_progress, validation=validation,
    )  # fmt: skip
    fast = faster(accelerator, wrapped, base, model, plan, settings)
    run.begun = time.monotonic()
    while not run.done:
        run.seed()
        if fast is not None:
            losses, tokens = fast.backward({0: run.chosen})
            fast.clip()
            run.take(losses[0], tokens[0], fast)
            continue
        loss, target_tokens = backward(
            accelerator, wrapped, base, plan, chosen=run.chosen, pass_tokens=settings.pass_tokens
        )
        accelerator.clip_grad_norm_(weights.values(), CLIP)
        run.take(loss, target_tokens, None)
        optimizer.zero_grad()
    if fast is not None:
        fast.close()
    return run.state.curve


class TrainingRun:
    """A run: its optimizer, curve, saved states and validations. The caller computes gradients."""

    def __init__(
        self,
        base: Base,
        plan: TrainingPlan,
        settings: FinetuneSettings,
        accelerator: Accelerator,
        *,
        weights: Weights,
        optimizer: Any,
        state: Path,
        what: str,
        on_progress: OnProgress | None = None,
        validation: Validation | None = None,
        beside: int = 0,
    ) -> None:
        """Resume the run from `state`; `beside` is the number of other runs in the same passes."""
        self.base, self.plan, self.settings, self.path = base, plan, settings, state
        self.what, self.on_progress, self.validation, self.beside = what, on_progress, validation, beside
        self.accelerator, self.weights, self.optimizer = accelerator, weights, optimizer
        identity = f"{plan.sha} {plan.tokens_sha} {base.sha} {settings.model_dump_json()}"
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()
        self.state = resumed(state, self.fingerprint, weights, optimizer)
        self.unread: list[tuple[int, Tensor, int, float]] = []
        self.first, self.done = len(self.state.curve), False
        self.begun, self.said, self.saved = time.monotonic(), 0.0, 0.0  # the first: when steps begin
        self.file = ProgressFile(what, len(plan.steps)) if accelerator.is_main_process else None

    @property
    def step(self) -> int:
        """The number of steps taken so far."""
        return len(self.state.curve) + len(self.unread)

    @property
    def chosen(self) -> list[int]:
        """The examples of the next step."""
        return self.plan.steps[self.step]

    def seed(self) -> None:
        """Seed the dropout of the next step."""
        process = self.accelerator.process_index
        seed = Random(f"{self.settings.seed}/{self.step}/{process}").getrandbits(63)
        if self.accelerator.device.type == "cpu":  # `manual_seed` keeps a stack for GPUs that never come
            torch.default_generator.manual_seed(seed)
        else:
            torch.manual_seed(seed)

    def take(self, loss: Tensor, target_tokens: int, fast: FastSteps | None, adapter: int = 0) -> None:
        """Update the weights by their gradients; validate, save and print progress when it is due."""
        step, steps = self.step, len(self.plan.steps)
        rate = learning_rate(step, steps, self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.unread.append((step, loss, target_tokens, rate))
        done, elapsed_s = step + 1 == steps, time.monotonic() - self.begun
        tries = self.validation is not None and (done or (step + 1) % self.validation.every == 0)
        saves = (step + 1) % self.settings.save_every == 0 and not done and not self.settings.shard
        saves = saves and (fast is None or elapsed_s - self.saved >= SAVE_EVERY_S * (1 + self.beside / 4))
        if fast is None or done or saves or tries or len(self.unread) == READ_EVERY:
            self.state.curve += read(self.unread, self.what)
            self.unread = []
        self.done = (tries and self._tried(fast, adapter)) or done
        if self.file is not None:
            self.file.note(done=step + 1, held=self.first)
        if saves and not self.done:
            self._save(elapsed_s)
        if self.done or (not self.unread and elapsed_s - self.said >= LINE_EVERY_S):
            self._say(elapsed_s)
        if self.done and self.file is not None:
            self.file.remove()
        if self.done and self.state.best:
            restore(self.weights, self.state.best)

    def _tried(self, fast: FastSteps | None, adapter: int) -> bool:
        """Solve the validation problems; return whether the run stops early, for lack of a gain."""
        assert self.validation is not None
        with nullcontext() if fast is None else fast.restored(adapter):
            right = self.validation.shared(self.accelerator)
        since = self.state.tried(right, self.weights)
        step = self.state.curve[-1].step + 1
        found = "the best so far" if since == 0 else f"the best was {since} before"
        self.accelerator.print(f"{self.what}: after step {step} {right:.1%} {self.validation.of}, {found}")
        return self.validation.patience is not None and since >= self.validation.patience

    def _save(self, elapsed_s: float) -> None:
        if self.accelerator.is_main_process:
            self.saved = elapsed_s
            self.state.save(self.path, self.fingerprint, self.weights, self.optimizer)

    def _say(self, elapsed_s: float) -> None:
        """Call `on_progress`, and print a line of progress if this run is alone in its passes."""
        self.said, curve, steps = elapsed_s, self.state.curve, self.plan.steps
        if not self.beside:
            speed = used(self.base, self.tokens_learnt() / elapsed_s, self.accelerator.device)
            words = f"{self.what}: loss {curve[-1].loss:.3f}, {speed}"
            progress = line(words, len(curve) - self.first, len(steps) - self.first, elapsed_s)
            self.accelerator.print(progress, file=sys.stderr)
        if self.on_progress is not None and self.accelerator.is_main_process:
            fitting = self.on_progress(curve)
            if fitting is not None and self.accelerator.num_processes == 1 and not self.done:
                del steps[max(fitting, len(curve) + 1) :]

    def tokens_learnt(self) -> int:
        """Return the number of tokens in the steps since the run began or resumed."""
        return sum(self.plan.lengths[one] for step in self.plan.steps[self.first : self.step] for one in step)


class NonFiniteLoss(ThoughtmillError):
    """A loss is infinite or NaN; `step` is its step."""

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step


def read(unread: list[tuple[int, Tensor, int, float]], what: str) -> list[LossPoint]:
    """Read losses from the device; a loss that is not finite raises `NonFiniteLoss`."""
    losses = torch.stack([loss for _, loss, _, _ in unread]).tolist()
    for (step, *_), loss in zip(unread, losses, strict=True):
        if not math.isfinite(loss):
            words = f"{what}: the loss of step {step} is {loss}: lower finetune.learning_rate"
            raise NonFiniteLoss(words, step)
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
    """Prepare the faster step if there is a GPU that supports it; on another GPU checkpoint gradients.

    `finetune.gradient_checkpointing` overrides the latter.
    """

    def ordinary(_: int, part: list[int]) -> float:
        return ordinary_loss(accelerator, wrapped, base, plan, part)

    steps = [{0: step} for step in plan.steps]
    layout = Layout([plan], settings.pass_tokens)
    fast = fast_steps(accelerator, base, model, steps, layout, ordinary)
    if fast is None and accelerator.device.type == "cuda" and settings.gradient_checkpointing is None:
        base.model.gradient_checkpointing_enable({"use_reentrant": False})
    return fast


@torch.no_grad()
def ordinary_loss(
    accelerator: Accelerator, wrapped: nn.Module, base: Base, plan: TrainingPlan, part: list[int]
) -> float:
    """Return the summed loss of some examples by the ordinary step."""
    filled = batches.rows(plan.lengths, part, plan.packs)
    batch = batches.collate(plan.encoded, filled, base.pad, base.start).to(accelerator.device)
    return float(summed_loss(wrapped, base, batch))


def adamw(weights: Weights, settings: FinetuneSettings, accelerator: Accelerator) -> torch.optim.AdamW:
    """Return the optimizer of a run."""
    on_gpu = accelerator.device.type == "cuda"
    return torch.optim.AdamW(
        weights.values(), lr=settings.learning_rate, weight_decay=0.0, fused=on_gpu or None
    )


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

"""Train several adapters together on one GPU: a pass of the base holds rows of all of them.

Each adapter has its own plan, optimizer, state and curve, and learns the same as alone.
"""

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from thoughtmill.factory.core.progress import LINE_EVERY_S, line
from thoughtmill.train.devices.usage import used
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training.cuda import FastSteps, fast_steps
from thoughtmill.train.training.flat import Chosen, Layout
from thoughtmill.train.training.jobs import TrainingJob
from thoughtmill.train.training.learning import (
    NonFiniteLoss,
    TrainingRun,
    accelerated,
    adamw,
    ordinary_loss,
    read,
)
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.states import LossPoint
from thoughtmill.train.training.validation import validation_of
from thoughtmill.train.training.weights import restore, trainable


class Learner(NamedTuple):
    """A job to train with others: its plan, and the initial weights of its adapter."""

    job: TrainingJob
    plan: TrainingPlan
    weights: Mapping[str, Tensor]


def learn_together(
    base: Base,
    model: nn.Module,
    learners: Sequence[Learner],
    finished: Callable[[Learner, list[LossPoint]], None],
) -> list[list[LossPoint]] | None:
    """Train adapters of one shape in the same passes; return their curves.

    `model` has an adapter of that shape. When a learner has ended, its weights are copied into that adapter,
    and `finished` is called with the learner and its curve. If the faster step does not support the base, a
    line says why, nothing is learnt, and the result is None.
    """
    settings = learners[0].job.settings
    accelerator = accelerated(base, settings)
    wrapped = accelerator.prepare(model)
    wrapped.train()
    runs = []
    for job, plan, values in learners:
        weights = {name: nn.Parameter(value.to(accelerator.device)) for name, value in values.items()}
        runs.append(
            TrainingRun(
                base, plan, job.settings, accelerator, weights=weights,
                optimizer=adamw(weights, job.settings, accelerator), state=job.state, what=job.what,
                on_progress=job.on_progress, validation=validation_of(base, model, job),
                beside=len(learners) - 1,
            )
        )  # fmt: skip

    def ordinary(number: int, part: list[int]) -> float:
        restore(trainable(model), runs[number].weights)
        return ordinary_loss(accelerator, wrapped, base, runs[number].plan, part)

    layout = Layout([run.plan for run in runs], settings.pass_tokens)
    adapters = [run.weights for run in runs]
    fast = fast_steps(accelerator, base, model, turns(runs), layout, ordinary, adapters)
    if fast is None:
        return None
    take_turns(fast, runs, lambda number, curve: finished(learners[number], curve))
    fast.close()
    return [run.state.curve for run in runs]


def turns(runs: Sequence[TrainingRun]) -> list[Chosen]:
    """Return the examples of all remaining turns; in a turn, every run takes its next step."""
    left = [run.plan.steps[run.step :] for run in runs]
    return [
        {number: steps[turn] for number, steps in enumerate(left) if turn < len(steps)}
        for turn in range(max(map(len, left)))
    ]


def take_turns(
    fast: FastSteps, runs: Sequence[TrainingRun], finished: Callable[[int, list[LossPoint]], None]
) -> None:
    """Train all runs to their ends, and call `finished` for each; its time does not count in their speed."""
    live, begun, said, turn = dict(enumerate(runs)), time.monotonic(), 0.0, 0
    turns_left = max(len(run.plan.steps) - run.step for run in runs)
    for run in runs:
        run.begun = begun
    while live:
        next(iter(live.values())).seed()
        losses, target_tokens = fast.backward({number: run.chosen for number, run in live.items()})
        fast.clip()
        turn += 1
        for number, run in live.items():
            try:
                run.take(losses[number], target_tokens[number], fast, number)
            except NonFiniteLoss as error:
                raise first_non_finite(live.values()) from error
        ended = [number for number, run in live.items() if run.done]
        live = {number: run for number, run in live.items() if not run.done}
        elapsed_s = time.monotonic() - begun
        if not live or elapsed_s - said >= LINE_EVERY_S:
            said = elapsed_s
            print(progress_line(fast, runs, turn, turns_left, elapsed_s), file=sys.stderr, flush=True)
        for number in ended:
            with fast.restored(number):
                finished(number, runs[number].state.curve)
            fast.model.train()
        begun += time.monotonic() - begun - elapsed_s


def progress_line(
    fast: FastSteps, runs: Sequence[TrainingRun], turn: int, turns: int, elapsed_s: float
) -> str:
    """Return a line of progress for all runs."""
    losses = ", ".join(
        f"{run.what.split()[-1]} {run.state.curve[-1].loss:.3f}" for run in runs if run.state.curve
    )
    speed = used(fast.base, sum(run.tokens_learnt() for run in runs) / elapsed_s, fast.device)
    return line(f"finetune together: loss {losses}; {speed}", turn, turns, elapsed_s)


def first_non_finite(runs: Iterable[TrainingRun]) -> NonFiniteLoss:
    """Return the error of the first loss that is not finite: its gradient spoils the other runs."""
    found = []
    for run in runs:
        try:
            _ = run.unread and read(run.unread, run.what)
        except NonFiniteLoss as error:
            found.append((error.step - run.first, error))
    return min(found, key=lambda each: each[0])[1]

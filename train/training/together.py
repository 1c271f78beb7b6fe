"""Several adapters that learn together on one GPU: a pass of the base holds rows of all of them.

Each has its own plan, optimizer, state and curve, and learns what it would alone.
"""

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from thoughtmill.factory.core.progress import LINE_EVERY_S, line
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training.cuda import FastSteps, fast_steps
from thoughtmill.train.training.flat import Chosen, Layout
from thoughtmill.train.training.jobs import TrainingJob
from thoughtmill.train.training.learning import (
    Diverged,
    TrainingRun,
    accelerated,
    adamw,
    ordinary_loss,
    read,
)
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.states import LossPoint
from thoughtmill.train.training.usage import used
from thoughtmill.train.training.validation import validation_of
from thoughtmill.train.training.weights import learnt, restore


class Learner(NamedTuple):
    """A job that learns with others: `weights` are the values of its adapter before the first step."""

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

    `model` carries an adapter of that shape, whose values change. When a learner has ended, they are its own,
    and `finished` is called with it and its curve. None, after a line that says why, where the device has no
    faster step for the base: nothing has been learnt then.
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
                grown=job.grown, validation=validation_of(base, model, job), beside=len(learners) - 1,
            )
        )  # fmt: skip

    def ordinary(number: int, part: list[int]) -> float:
        restore(learnt(model), runs[number].weights)
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
    """Return the examples of all turns that are left; in each turn, every run takes its next step."""
    left = [run.plan.steps[run.step :] for run in runs]
    return [
        {number: steps[turn] for number, steps in enumerate(left) if turn < len(steps)}
        for turn in range(max(map(len, left)))
    ]


def take_turns(
    fast: FastSteps, runs: Sequence[TrainingRun], finished: Callable[[int, list[LossPoint]], None]
) -> None:
    """Take the turns until all runs are done; what is done with those that end is not in their speed."""
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
            except Diverged as error:
                raise first_to_diverge(live.values()) from error
        ended = [number for number, run in live.items() if run.done]
        live = {number: run for number, run in live.items() if not run.done}
        elapsed_s = time.monotonic() - begun
        if not live or elapsed_s - said >= LINE_EVERY_S:
            said = elapsed_s
            print(told(fast, runs, turn, turns_left, elapsed_s), file=sys.stderr, flush=True)
        for number in ended:
            with fast.restored(number):
                finished(number, runs[number].state.curve)
            fast.model.train()
        begun += time.monotonic() - begun - elapsed_s


def told(fast: FastSteps, runs: Sequence[TrainingRun], turn: int, turns: int, elapsed_s: float) -> str:
    """Return a line of progress for all runs."""
    losses = ", ".join(
        f"{run.what.split()[-1]} {run.state.curve[-1].loss:.3f}" for run in runs if run.state.curve
    )
    speed = used(fast.base, sum(run.learnt() for run in runs) / elapsed_s, fast.device)
    return line(f"finetune together: loss {losses}; {speed}", turn, turns, elapsed_s)


def first_to_diverge(runs: Iterable[TrainingRun]) -> Diverged:
    """Return the earliest loss that is no number: its gradient spoils those of the others."""
    found = []
    for run in runs:
        try:
            _ = run.unread and read(run.unread, run.what)
        except Diverged as error:
            found.append((error.step - run.first, error))
    return min(found, key=lambda each: each[0])[1]

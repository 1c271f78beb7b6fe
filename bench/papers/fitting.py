"""Fit the work to the hours: epochs, problems of each set, samples and seeds, from measured speeds."""

import math
from collections.abc import Mapping

from pydantic import BaseModel

from bench.papers import contents
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.roles import ROLES, parts_of

TRAINING_SHARE = 0.55
"""Of the time, at most; the rest is for answers, of which too few show nothing."""
MOST_EPOCHS = 10.0
"""ETD's."""
STEP_EPOCHS = 0.05
PAGE_SHARE, PAGE_S = 0.05, 5.0
"""Of the time, and at least, for the page."""
RUN_ON = 1.5
"""Weak students write longer than they were taught: tokens of a sample per token of a target."""
PAIR_SAMPLES = 24
"""Most samples of a seed for three pairs, their loops, and their crossing."""

LADDER = (
    (4, 2, 1), (10, 2, 1), (20, 2, 1), (40, 2, 1), (60, 4, 1), (100, 4, 1), (150, 4, 1), (200, 4, 1),
    (200, 6, 1), (300, 6, 1), (300, 6, 3), (500, 6, 3), (500, 8, 3), (1000, 8, 3), (1000, 16, 3),
    (3000, 16, 3), (10000, 20, 3),
)  # fmt: skip
"""Problems of each set, samples and seeds: the last that fits is taken."""
Rung = tuple[int, int, int]


class Speeds(BaseModel):
    """How fast a machine works on a base: tokens a second, and seconds before the first token of a part."""

    training: float
    training_start_s: float
    answering: float
    answering_start_s: float


class Workload(BaseModel):
    """The work there is: tokens of an epoch and records by role, tokens of a target, problems by test set."""

    epoch_tokens: dict[str, int]
    records: dict[str, int]
    target_tokens: float
    problems: dict[str, int]
    groups: dict[str, tuple[str, ...]] = {name: group.roles for name, group in contents.GROUPS.items()}
    """The roles of each group."""


class Plan(BaseModel):
    """What is to be done: how long is trained, and what is asked; `seconds` says for what it was made."""

    epochs: float
    problems: int
    samples: int
    seeds: int
    training_s: float
    answering_s: float
    seconds: float


def ladder(samples: int | None, seeds: int | None) -> tuple[Rung, ...]:
    """Return the rungs with as many samples and seeds as given.

    >>> ladder(2, 1)[-2:]
    ((3000, 2, 1), (10000, 2, 1))
    """
    each = ((count, samples or several, seeds or most) for count, several, most in LADDER)
    return tuple(dict.fromkeys(each))


def fitted(
    work: Workload,
    speeds: Speeds,
    seconds: float,
    rungs: tuple[Rung, ...] | None = None,
    most_epochs: float | None = None,
) -> Plan:
    """Return the plan for some seconds; a `ThoughtmillError` says how many the smallest takes."""
    epoch_s, begin_s = sum(work.epoch_tokens.values()) / speeds.training, speeds.training_start_s
    rungs = rungs or LADDER
    least_s, left = answering_s(work, speeds, *rungs[0]), seconds - page_s(seconds)
    for_training = min(TRAINING_SHARE * seconds, left - least_s) - begin_s
    fitting = STEP_EPOCHS * math.floor(for_training / (epoch_s * STEP_EPOCHS) + 1e-9)
    epochs = min(most_epochs or MOST_EPOCHS, fitting)
    if epochs <= 0:
        shortest = begin_s + STEP_EPOCHS * epoch_s
        least = max(shortest / TRAINING_SHARE, (shortest + least_s + PAGE_S) / (1 - PAGE_SHARE))
        raise ThoughtmillError(f"--hours: nothing fits; the least is {1.1 * least / 3600:.2g} hours")
    training_s = begin_s + epochs * epoch_s
    left -= training_s
    problems, samples, seeds = answers_fitting(work, speeds, left, rungs)
    return Plan(
        epochs=round(epochs, 2),
        problems=problems,
        samples=samples,
        seeds=seeds,
        training_s=training_s,
        answering_s=answering_s(work, speeds, problems, samples, seeds),
        seconds=seconds,
    )


def answers_fitting(work: Workload, speeds: Speeds, seconds: float, rungs: tuple[Rung, ...]) -> Rung:
    """Return the last problems, samples and seeds of a ladder that fit, or the first."""
    fit = [one for one in rungs if answering_s(work, speeds, *one) <= seconds]
    return fit[-1] if fit else rungs[0]


def answering_s(work: Workload, speeds: Speeds, problems: int, samples: int, seeds: int) -> float:
    """Return the seconds that answers take."""
    asked = sum(min(problems, count) for count in work.problems.values())
    tokens = RUN_ON * work.target_tokens * asked * samples_of(work.groups, samples, seeds)
    return speeds.answering_start_s + tokens / speeds.answering


def samples_of(groups: Mapping[str, tuple[str, ...]], samples: int, seeds: int) -> int:
    """Return how many samples a problem takes: greedy ones once, votes, rounds and pairs for each seed."""
    once = others = 0
    for name, roles in groups.items():
        asked, parts = contents.GROUPS[name], {part for role in roles for part in parts_of(role)}
        greedy = (policy.removeprefix("greedy/") for policy in asked.greedy if policy.startswith("greedy/"))
        once += ("kg" in parts) + sum((ROLES.named(role).variant_of or role) in parts for role in greedy)
        others += 3 * samples * (name != contents.SINGLE and bool(asked.drawn))
    single = groups.get(contents.SINGLE, ())
    drawn = contents.VOTES | {"kg": 1, "dr": 1}  # IR's rounds are among its votes
    each = samples * sum(count for role, count in drawn.items() if role in single)
    return once + others + seeds * (each + PAIR_SAMPLES * ("gp" in single and "eq" in single))


def page_s(seconds: float) -> float:
    """Return the seconds that are kept for the page."""
    return max(PAGE_S, PAGE_SHARE * seconds)


def told(plan: Plan, work: Workload, speeds: Speeds) -> str:
    """Say what will fit."""
    tokens = plan.epochs * sum(work.epoch_tokens.values())
    sets = ", ".join(f"{min(plan.problems, count)} of {name}" for name, count in work.problems.items())
    asked = sum(min(plan.problems, count) for count in work.problems.values())
    samples = asked * samples_of(work.groups, plan.samples, plan.seeds)
    whole_s, last_s = plan.training_s + plan.answering_s, page_s(plan.seconds)
    return "\n".join(
        [
            f"speeds: training {speeds.training:,.0f} tokens a second after {speeds.training_start_s:.0f} s, "
            f"answering {speeds.answering:,.0f} after {speeds.answering_start_s:.0f} s",
            f"training: {plan.epochs} epochs of {', '.join(work.epoch_tokens)}: {tokens:,.0f} tokens, "
            f"{plan.training_s:.0f} s",
            f"answering: {sets}; greedy, and {plan.samples} samples with each of {plan.seeds} seeds: "
            f"{samples:,} samples, {plan.answering_s:.0f} s",
            f"in all {whole_s + last_s:.0f} of {plan.seconds:.0f} s, {last_s:.0f} of them for the page",
        ]
    )

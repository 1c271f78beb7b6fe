"""Train the students of all groups, and measure first how fast they are trained and answer."""

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from yaml import YAMLError

from bench.papers.clock import StepClock, TimeUp
from bench.papers.contents import GROUPS, SINGLE
from bench.papers.fitting import Speeds, Workload
from thoughtmill.factory.core.corpus import Corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import read, validated
from thoughtmill.train import roles
from thoughtmill.train.finetune import TrainingJob, train_all
from thoughtmill.train.roles import parts_of
from thoughtmill.train.students.bases import load_base
from thoughtmill.train.students.origins import origin_of
from thoughtmill.train.training.plan import plan_of
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.training.states import LossPoint

ON_GPU = torch.cuda.is_available()
BATCH, STEPS = (32, 80) if ON_GPU else (4, 3)
"""Of what is measured before the work is planned."""
PASS_TOKENS = 32768 if ON_GPU else 8192
ADAPTER = "thoughtmill.json"
"""The file of an adapter that is done."""
READ = 200
"""Records of a role that are encoded to know how long they are."""


def setting(words: str) -> tuple[str, Any]:
    """Read a setting, such as `rank=8`.

    >>> setting("learning_rate=2e-4")
    ('learning_rate', 0.0002)
    """
    name, equals, value = words.partition("=")
    if not equals or name not in FinetuneSettings.model_fields:
        raise ThoughtmillError(f"--set {words}: write NAME=VALUE with a setting of finetune, such as rank=8")
    try:
        return name, read(value)
    except YAMLError as error:
        raise ThoughtmillError(f"--set {words}: the value is not YAML") from error


def settings_of(base: str, preset: str, seed: int, where: str, **more: Any) -> FinetuneSettings:
    """Return the settings of all students; they learn from the records for which `where` holds."""
    told = {
        "base": base,
        "preset": preset,
        "seed": seed,
        "where": where,
        "pass_tokens": PASS_TOKENS,
        "epochs": 1,
    }
    return validated(told | more, FinetuneSettings, "--set")


def trainable(corpus: Corpus, where: str, only: Sequence[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the roles of each group that a corpus has records for; say which are left out and why.

    `only` names roles of the group `single`, and other groups; the rest is left out.
    """
    known = {*GROUPS, *GROUPS[SINGLE].roles} - {SINGLE}
    if unknown := sorted({*(only or ())} - known):
        raise ThoughtmillError(f"--only: unknown `{unknown[0]}`; there are: {', '.join(sorted(known))}")
    found = {}
    for name, group in GROUPS.items():
        held = []
        for role in group.roles:
            if only and (role if name == SINGLE else name) not in only:
                continue
            try:
                roles.examples(corpus, role, where)
                held.append(role)
            except ThoughtmillError as error:
                print(f"left out: {error}", flush=True)
        found[name] = tuple(held)
    if not any(found.values()):
        raise ThoughtmillError("no student has records: give another --only, --where or --corpus")
    return {name: held for name, held in found.items() if held}


def jobs(
    folder: Path, corpus: Corpus, groups: dict[str, tuple[str, ...]], settings: FinetuneSettings
) -> dict[str, TrainingJob]:
    """Return what is to be trained, by group and role; roles that groups share are trained once.

    The student of a union takes as many steps as the others: adapters that learn together end together.
    """
    found = {}
    for name, held in sorted(groups.items(), key=lambda item: item[0] != SINGLE):
        for role in held:
            place = folder / "adapters" / name / role
            if role in GROUPS[name].shared:
                continue
            chosen = settings.model_copy(update=dict(GROUPS[name].settings.get(role, {})))
            batch = settings.batch_records * len(parts_of(role))  # the union's steps hold as many problems
            chosen = chosen.model_copy(update={"batch_records": batch})
            state = folder / "states" / f"{name}-{role}.pt"
            found[f"{name}/{role}"] = TrainingJob(role, corpus, chosen, place, state)
    return found


def work_of(
    todo: dict[str, TrainingJob], problems: dict[str, int], groups: dict[str, tuple[str, ...]]
) -> Workload:
    """Return how many tokens an epoch has, by the lengths of some records of each role."""
    base = load_base(next(iter(todo.values())).settings.base.model)
    tokens, counts, targets = {}, {}, []
    for name, job in todo.items():
        examples = roles.examples(job.corpus, job.role, job.settings.where)
        plan = plan_of(base, job.role, job.corpus, job.settings.model_copy(update={"limit": READ}))
        share = len(examples) / (len(plan.lengths) + plan.left_out)
        tokens[name] = round(sum(plan.lengths) * share)
        counts[name] = len(examples)
        targets += [len(target) for _, target in plan.encoded]
    return Workload(
        epoch_tokens=tokens,
        records=counts,
        target_tokens=sum(targets) / len(targets),
        problems=problems,
        groups=groups,
    )


def train(
    todo: dict[str, TrainingJob],
    work: Workload,
    epochs: float,
    soft: float,
    ends: float,
    noted: Callable[[str, float], None],
) -> bool:
    """Train what is not trained yet for some epochs; return whether the time sufficed.

    `noted` is called with a student and its epochs so far whenever it says how far it has come.

    Runs that would last beyond `soft` are shortened while they go, and their learning rates fall by then.
    What `ends` cuts off is not trained.
    """
    length = {"epochs": epochs, "steps": None}
    left = {name: job for name, job in todo.items() if not (job.folder / ADAPTER).is_file()}
    each = {name: work.records[name] / job.settings.batch_records for name, job in left.items()}
    sizes = {name: (epochs * each[name], epochs * work.epoch_tokens[name]) for name in left}
    clock, done = StepClock(sizes, soft, ends), True

    def on_progress(name: str, curve: list[LossPoint]) -> int | None:
        noted(name, round(len(curve) / each[name], 2))
        return clock.fitting(name, curve)

    timed = [
        replace(job, settings=job.settings.model_copy(update=length), on_progress=partial(on_progress, name))
        for name, job in left.items()
    ]
    try:
        train_all(timed)
    except TimeUp:
        done = False
    gc.collect()
    if ON_GPU:
        torch.cuda.empty_cache()  # what answers takes a share of what is free
    return done


def link(folder: Path, groups: dict[str, tuple[str, ...]]) -> None:
    """Link the adapters that groups share with `single` to it."""
    for name, held in groups.items():
        for role in sorted(set(held) & set(GROUPS[name].shared)):
            place = folder / "adapters" / name / role
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.is_symlink():
                place.symlink_to(Path("..", SINGLE, role))


def there(folder: Path, groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the roles of each group whose adapters are done."""
    found = {
        name: tuple(role for role in held if (folder / "adapters" / name / role / ADAPTER).is_file())
        for name, held in groups.items()
    }
    return {name: held for name, held in found.items() if held}


def shown(todo: dict[str, TrainingJob]) -> dict[str, Any]:
    """Return how students were trained, for the page."""
    settings = next(iter(todo.values())).settings
    done = {name: job for name, job in todo.items() if (job.folder / ADAPTER).is_file()}
    records = {name: origin_of(job.folder).records for name, job in done.items()}
    device = torch.cuda.get_device_name() if ON_GPU else "a processor"
    turns = sorted({origin_of(job.folder).asking["turns"] for job in done.values()})
    kept = ("rank", "learning_rate", "batch_records", "targets", "precision")
    found = {"records": records, "device": device, "turns": turns}
    return found | {name: getattr(settings, name) for name in kept}


def measured(todo: dict[str, TrainingJob], answered: Callable[[Path, tuple[str, ...]], float]) -> Speeds:
    """Take a few steps of some roles and have them answer a few problems.

    `answered` is given the folder of the adapters and their roles, and returns tokens a second.
    """
    chosen = [job for name, job in todo.items() if name.startswith(f"{SINGLE}/")][: 4 if ON_GPU else 1]
    with tempfile.TemporaryDirectory() as scratch:
        begun = time.monotonic()
        step_s, start_s = _steps_timed(chosen, Path(scratch))
        tokens = sum(_mean_length(job) for job in chosen) * BATCH
        at = time.monotonic()
        rate = answered(Path(scratch), tuple(job.role for job in chosen))
        loading_s = time.monotonic() - at
    print(f"measured in {time.monotonic() - begun:.0f} s", flush=True)
    return Speeds(
        training=tokens / step_s,
        training_start_s=start_s * (1 if ON_GPU else len(todo)),
        answering=rate,
        answering_start_s=loading_s,
    )


def _steps_timed(chosen: list[TrainingJob], folder: Path) -> tuple[float, float]:
    """Return the seconds of a step and those before the first.

    On a GPU the steps say them between two lines of progress; elsewhere more steps are compared with fewer.
    """
    noted: list[tuple[int, float]] = []

    def took(steps: int) -> float:
        begun = time.monotonic()
        few = [_few(job, steps, folder) for job in chosen]
        few[0] = replace(few[0], on_progress=lambda curve: noted.append((len(curve), time.monotonic())))
        train_all(few)
        return time.monotonic() - begun

    if ON_GPU:
        whole_s = took(STEPS)
        (first, early), (last, late) = noted[0], noted[-1]
        step_s = (late - early) / max(last - first, 1) or whole_s / STEPS
        return step_s, max(whole_s - STEPS * step_s, 0.0)
    one_s = took(1)
    step_s = max((took(1 + STEPS) - one_s) / STEPS, 1e-3)
    return step_s, max(one_s - step_s, 0.0)


def _few(job: TrainingJob, steps: int, folder: Path) -> TrainingJob:
    """Return a job with a few steps, in another folder."""
    less = {"steps": steps, "epochs": None, "batch_records": BATCH, "limit": BATCH * steps}
    settings = job.settings.model_copy(update=less)
    return replace(job, settings=settings, folder=folder / job.role, state=folder / f"{job.role}-{steps}.pt")


def _mean_length(job: TrainingJob) -> float:
    less = job.settings.model_copy(update={"limit": READ})
    plan = plan_of(load_base(job.settings.base.model), job.role, job.corpus, less)
    return sum(plan.lengths) / len(plan.lengths)

"""Stage `finetune`: train the LoRA adapters of roles.

Run it as `python -m thoughtmill.train.finetune ROLE...`, alone or under `accelerate launch`. The word `all`
stands for all roles of `params.yaml`.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from peft import PeftModel, get_peft_model, prepare_model_for_kbit_training

from thoughtmill.factory.core import params, stage
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root, write_csv
from thoughtmill.factory.core.printable import for_terminal
from thoughtmill.train.roles import encoding
from thoughtmill.train.students import adapters
from thoughtmill.train.students.adapters import Student
from thoughtmill.train.students.bases import Base, load_base, towers
from thoughtmill.train.students.origins import SEED, Origin, commit, of_seed
from thoughtmill.train.students.settings import section
from thoughtmill.train.training.jobs import TrainingJob, groups
from thoughtmill.train.training.learning import learn
from thoughtmill.train.training.loggers import logging
from thoughtmill.train.training.plan import TrainingPlan, plan_of, summary
from thoughtmill.train.training.proof import findings, proof
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.training.states import LossPoint
from thoughtmill.train.training.together import Learner, learn_together
from thoughtmill.train.training.validation import validation_of
from thoughtmill.train.training.weights import copied, shard, trainable


def main(*names: str) -> None:
    """Train the roles as `params.yaml` says, each once for every seed."""
    every = section("finetune", FinetuneSettings)
    if names == ("all",):
        names = tuple(map(str, params.load().get("roles") or ()))
    os.chdir(root())
    opened = cache(open_corpus)
    with ExitStack() as logs:
        jobs = []
        for role in names:
            settings = every.of(role)
            corpus = opened(settings.corpus, settings.corpus_revision, settings.data_version)
            for seed in (None, *settings.seeds):
                own = settings if seed is None else settings.model_copy(update={"seed": seed})
                jobs.append(_job(role, corpus, own, seed, logs))
        train_all(jobs)


def _job(
    role: str, corpus: Corpus, settings: FinetuneSettings, seed: int | None, logs: ExitStack
) -> TrainingJob:
    """Return the job of a role in the folders of its base; None is the first seed."""
    name = role if seed is None else f"{role}-{SEED}{seed}"
    curves, written, states = (
        Path("data", kind, settings.base.name) for kind in ("curves", "logs", ".training")
    )
    log = logs.enter_context(logging(settings.logs if _processes().is_main_process else [], written / name))

    def on_progress(curve: list[LossPoint]) -> None:
        write_curve(curve, curves / f"{name}.csv")
        log(curve)

    folder = of_seed(settings.base.adapters / role, seed)
    return TrainingJob(role, corpus, settings, folder, states / f"{name}.pt", on_progress)


def train_all(jobs: Sequence[TrainingJob]) -> list[list[LossPoint]]:
    """Train all jobs, and return their loss curves in their order.

    A job that is done already has an empty curve. On one GPU, adapters of one shape on one base learn
    together; elsewhere one job after the other.
    """
    processes = _processes()
    curves: dict[int, list[LossPoint]] = {}
    for number, job in enumerate(jobs):
        if job.done():
            processes.print(f"{job.role}: {job.folder} is trained already; remove it to train it again")
            curves[number] = []
    on_gpu = processes.device.type == "cuda" and processes.num_processes == 1
    for group in groups(jobs, [number for number in range(len(jobs)) if number not in curves]):
        chosen = [jobs[number] for number in group]
        found = finetune_together(chosen) if on_gpu and len(group) > 1 else None
        curves |= zip(group, found or map(finetune, chosen), strict=True)
    return [curves[number] for number in range(len(jobs))]


def finetune_together(jobs: Sequence[TrainingJob]) -> list[list[LossPoint]] | None:
    """Do what `finetune` does for each of some jobs, in the same passes of one base.

    Their adapters have the same shape. If the device cannot do it, nothing is learnt and the result is None.
    """
    settings = jobs[0].settings
    if settings.weights == "all" or settings.shard:
        return None
    base = _base(settings)
    learners: list[Learner] = []
    for job in jobs:
        plan, model = _proved(base, job, writes=not learners)
        learners.append(Learner(job, plan, copied(trainable(model))))
        assert isinstance(model, PeftModel)
        model.unload()  # the next begins as it would alone
    model = student(base, settings)
    return learn_together(
        base, model, learners, lambda learner, curve: _keep(base, model, learner.job, learner.plan, curve)
    )


def finetune(job: TrainingJob) -> list[LossPoint]:
    """Train a role and return its loss curve; a killed run resumes from its state."""
    settings = job.settings
    base = _base(settings)
    plan, model = _proved(base, job)
    validation = validation_of(base, model, job)
    if settings.shard:
        shard(model)
    curve = learn(
        base,
        model,
        plan,
        settings,
        state=job.state,
        what=job.what,
        on_progress=job.on_progress,
        validation=validation,
    )
    _keep(base, model, job, plan, curve)
    return curve


def _proved(base: Base, job: TrainingJob, writes: bool = True) -> tuple[TrainingPlan, Student]:
    """Return the plan and the untrained student of a job once its proof is printed.

    `writes` says whether the student writes a few tokens for it; those of one shape on one base write alike.
    """
    plan = plan_of(base, job.role, job.corpus, job.settings)
    model = student(base, job.settings)
    page = f"{job.role}: {summary(plan, job.settings)}\n{proof(base, plan, model if writes else None)}"
    _processes().print(for_terminal(page), flush=True)  # before the lines of progress, in a pipe too
    return plan, model


def _keep(base: Base, model: Student, job: TrainingJob, plan: TrainingPlan, curve: list[LossPoint]) -> None:
    """Print what is wrong with a trained student, and write it; all processes take part."""
    processes, settings = _processes(), job.settings
    for finding in findings(base, model, plan, curve):
        processes.print(f"{job.role}: {finding}", file=sys.stderr)
    whole = copied(trainable(model)) if settings.shard else None
    if processes.is_main_process:
        adapters.save(base, model, job.folder, origin(job.role, job.corpus, settings, base, plan), whole)
        job.state.unlink(missing_ok=True)


def _processes() -> PartialState:
    return PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"))


def prepare(role: str, corpus: Corpus, settings: FinetuneSettings) -> tuple[Base, Student, TrainingPlan]:
    """Return the base, the untrained student, and the training plan."""
    base = _base(settings)
    plan = plan_of(base, role, corpus, settings)
    return base, student(base, settings), plan


def student(base: Base, settings: FinetuneSettings) -> Student:
    """Put an untrained adapter on a base, or let all its weights learn; the output does not change yet."""
    torch.manual_seed(settings.seed)
    if settings.precision == "4bit":
        prepare_model_for_kbit_training(base.model, use_gradient_checkpointing=False)
    if settings.gradient_checkpointing:
        base.model.gradient_checkpointing_enable({"use_reentrant": False})
    if settings.weights == "all":
        for tower in towers(base.model):
            base.model.get_submodule(tower).requires_grad_(False)
        return base.model
    lora = adapters.lora(base.model, **settings.lora())
    try:
        return get_peft_model(base.model, lora)
    except ValueError as error:
        raise ThoughtmillError(f"finetune.targets: {' '.join(str(error).split())}") from error


def _base(settings: FinetuneSettings) -> Base:
    """Load the base of a run in the precision of its settings."""
    precision = settings.precision
    if precision == "auto":
        precision = "bfloat16" if torch.cuda.is_available() and settings.weights == "lora" else "float32"
    return load_base(settings.base.model, settings.base.revision, precision)


def origin(role: str, corpus: Corpus, settings: FinetuneSettings, base: Base, plan: TrainingPlan) -> Origin:
    """Return the origin of the adapter that a run trains."""
    return Origin(
        role=role,
        data_version=corpus.data_version,
        examples_sha=plan.sha,
        records=sum(plan.records.values()),
        base=base.name,
        base_revision=settings.base.revision,
        base_sha=base.sha,
        commit=commit(),
        parameters=settings.model_dump(),
        asking=encoding.asking(
            base.tokenizer,
            role,
            base.ends,
            two_sided=base.start is not None,
            longest=max(len(target) for _, target in plan.encoded),
            style=settings.style,
        ),
    )


def write_curve(curve: list[LossPoint], path: Path) -> None:
    """Write a loss curve as the CSV that DVC plots."""
    rows = (
        (
            point.step,
            f"{point.loss:.4f}",
            point.target_tokens,
            f"{point.learning_rate:.3g}",
            "" if point.right is None else f"{point.right:.4f}",
        )
        for point in curve
    )
    write_csv(path, ("step", "loss", "target_tokens", "learning_rate", "right"), rows)


if __name__ == "__main__":
    stage.run(main)

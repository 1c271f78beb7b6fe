"""Stage `finetune`: train the LoRA adapter of one role.

Run it as `python -m thoughtmill.train.finetune ROLE`, alone or under `accelerate launch`.
"""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from peft import PeftModel, get_peft_model, prepare_model_for_kbit_training

from thoughtmill.factory.core import stage
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root, write_csv
from thoughtmill.train import encoding, roles
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import Base, load_base
from thoughtmill.train.students.origins import SEED, Origin, commit, of_seed
from thoughtmill.train.students.settings import section
from thoughtmill.train.training.learning import LossPoint, learn
from thoughtmill.train.training.plan import TrainingPlan, summary, training_plan
from thoughtmill.train.training.proof import findings, proof
from thoughtmill.train.training.settings import FinetuneSettings


def main(role: str) -> None:
    """Train a role as `params.yaml` says, once for each seed."""
    settings = section("finetune", FinetuneSettings).of(role)
    os.chdir(root())
    corpus = open_corpus(settings.corpus, settings.corpus_revision, settings.data_version)
    for seed in (None, *settings.seeds):
        run = settings if seed is None else settings.model_copy(update={"seed": seed})
        name = role if seed is None else f"{role}-{SEED}{seed}"
        path = Path("data/curves", run.base.name, f"{name}.csv")
        grown = partial(write_curve, path=path)
        folder = of_seed(run.base.adapters / role, seed)
        curve = finetune(
            role, corpus, run, folder, Path("data/.training", run.base.name, f"{name}.pt"), grown
        )
        if PartialState().is_main_process:
            write_curve(curve, path)


def finetune(
    role: str,
    corpus: Corpus,
    settings: FinetuneSettings,
    folder: Path,
    state: Path,
    grown: Callable[[list[LossPoint]], None] | None = None,
) -> list[LossPoint]:
    """Train `role` into `folder` and return its loss curve; a killed run resumes from `state`.

    `grown` is called with the curve so far whenever a line of progress is printed.
    """
    processes = PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"))
    base, model, plan = prepare(role, corpus, settings)
    processes.print(f"{role}: {summary(plan, settings)}\n{proof(base, plan)}")
    curve = learn(base, model, plan, settings, state=state, what=f"finetune {role}", grown=grown)
    for finding in findings(base, model, plan, curve):
        processes.print(f"{role}: {finding}", file=sys.stderr)
    if processes.is_main_process:
        adapters.save(model, folder, origin(role, corpus, settings, base, plan))
        state.unlink(missing_ok=True)
    return curve


def prepare(role: str, corpus: Corpus, settings: FinetuneSettings) -> tuple[Base, PeftModel, TrainingPlan]:
    """Return the base, the untrained student, and the training plan."""
    examples = roles.examples(corpus, role, settings.where)
    base = load_base(settings.base.model, settings.base.revision, _precision(settings))
    plan = training_plan(base, examples, settings)
    return base, student(base, settings), plan


def student(base: Base, settings: FinetuneSettings) -> PeftModel:
    """Put an untrained adapter on a base; it does not change the output yet."""
    torch.manual_seed(settings.seed)
    if settings.precision == "4bit":
        prepare_model_for_kbit_training(base.model, use_gradient_checkpointing=False)
    if settings.gradient_checkpointing:
        base.model.gradient_checkpointing_enable({"use_reentrant": False})
    lora = adapters.lora(
        base.model,
        rank=settings.rank,
        alpha=settings.alpha,
        dropout=settings.dropout,
        targets=settings.targets,
        revision=settings.base.revision,
        dora=settings.dora,
        rslora=settings.rslora,
    )
    try:
        return get_peft_model(base.model, lora)
    except ValueError as error:
        raise ThoughtmillError(f"finetune.targets: {' '.join(str(error).split())}") from error


def _precision(settings: FinetuneSettings) -> str:
    if settings.precision == "auto":
        return "bfloat16" if torch.cuda.is_available() else "float32"
    return settings.precision


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
        (point.step, f"{point.loss:.4f}", point.target_tokens, f"{point.learning_rate:.3g}")
        for point in curve
    )
    write_csv(path, ("step", "loss", "target_tokens", "learning_rate"), rows)


if __name__ == "__main__":
    stage.run(main)

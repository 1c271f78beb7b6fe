"""Tokens a second in training on one GPU: Thoughtmill against TRL's SFTTrainer, each in a process of its own.

All train the same LoRA (ETD's settings) on the records of `cot`, in the same order and batch, in
bfloat16. `thoughtmill-mixed` trains seven roles in the same passes; its losses are those of `cot`, and
are to be those of `thoughtmill`. `thoughtmill-papers` trains all students of `bench.papers` so.
`thoughtmill-ordinary` is the step that other machines take, for its loss. `thoughtmill-static` compiles
each of two lengths of passes by itself instead of one layer for all. The seconds are those of the steps.
What is compiled and captured before them, once a run, is `prepared_s`; of TRL's steps the first three,
slower ones are left out.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from peft import PeftModel
from transformers import TrainerCallback

from bench import sft
from bench.gpu.profile import PEAK, recorded
from bench.gpu.run import results_in
from bench.papers import students
from bench.papers.answering import held_out
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.train import finetune
from thoughtmill.train.students.bases import Base, load_base
from thoughtmill.train.training import cuda, flat, learning, together
from thoughtmill.train.training.jobs import TrainingJob
from thoughtmill.train.training.plan import TrainingPlan, plan_of
from thoughtmill.train.training.settings import FinetuneSettings

ROLES = ("cot", "ir", "kg", "dr", "pot", "eot", "gp")
PASS_TOKENS = 32768
"""Tokens in a pass of mixed rows."""
NAMES = (
    "thoughtmill",
    "thoughtmill-mixed",
    "trl-no-checkpointing",
    "trl",
    "thoughtmill-ordinary",
    "thoughtmill-static",
    "thoughtmill-papers",
)
MIXED = ("thoughtmill-mixed", "thoughtmill-papers")
WARM = 3
"""The first steps of TRL, which are not measured."""
ON_GPU = torch.cuda.is_available()


def main(base: Path, corpus: Path, out: Path, *words: str) -> dict[str, Any]:
    """Run the trainers that `words` name, or all, one after the other; print what each found.

    A number among the words is how many steps each trains.
    """
    steps = next((int(word) for word in words if word.isdecimal()), 48 if ON_GPU else 4)
    found: dict[str, Any] = {"base": base.name, "steps": steps}
    found["card"] = torch.cuda.get_device_name() if ON_GPU else "none"
    for name in [one for one in NAMES if one in words] or NAMES:
        if name in MIXED and not ON_GPU:
            continue
        asked = [sys.executable, "-m", "bench.gpu.trainers", name, str(base), str(corpus), str(out)]
        asked.append(str(found["steps"]))
        given = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
        done = subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=False, env=given)
        found[name] = results_in(done.stdout.splitlines()) | (
            {"failed": done.returncode} if done.returncode else {}
        )
        print(json.dumps({name: found[name]}), flush=True)
    return found


def settings(base: str, steps: int) -> FinetuneSettings:
    """Return ETD's settings; a schedule without warm-up, which all trainers spell the same way."""
    given = {"preset": "etd", "base": base, "steps": steps, "limit": 1600, "warmup": 0.0, "save_every": 10**6}
    return FinetuneSettings.model_validate(given | ({} if ON_GPU else {"batch_records": 4}))


def only(name: str, base: str, corpus: str, out: str, steps: str) -> None:
    """Train with one trainer and print what was measured, as JSON."""
    chosen = settings(base, int(steps))
    if name in MIXED:
        with TemporaryDirectory() as scratch:
            each = together_of(name, base, open_corpus(corpus), chosen, Path(scratch))
            print(json.dumps(mixed(each)))
        return
    loaded = load_base(base, precision="bfloat16" if ON_GPU else "float32")
    loaded.model.to("cuda" if ON_GPU else "cpu")
    plan = plan_of(loaded, "cot", open_corpus(corpus), chosen)
    work = trl if name.startswith("trl") else ours
    seconds, losses, more = work(name, loaded, plan, chosen, Path(out))
    model = more.pop("model", None)
    steps_of = plan.steps[len(plan.steps) - more.pop("measured", len(plan.steps)) :]
    tokens = sum(plan.lengths[one] for step in steps_of for one in step)
    targets = sum(len(plan.encoded[one][1]) for step in steps_of for one in step)
    weights = sum(one.numel() for one in loaded.model.parameters())
    found = {
        "tokens_per_s": round(tokens / seconds),
        "target_tokens_per_s": round(targets / seconds),
        "ms_per_step": round(1000 * seconds / len(steps_of), 1),
        "tokens_per_step": round(tokens / len(steps_of)),
        "mfu_6n": round(6 * weights * tokens / seconds / PEAK, 4),
        "peak_gb": round(torch.cuda.max_memory_allocated() / 2**30, 2) if ON_GPU else None,
        "losses": [round(one, 3) for one in (*losses[:2], *losses[9::10])],
    }
    print(json.dumps(found | more), flush=True)
    if name == "thoughtmill" and ON_GPU:
        print(json.dumps(recorded_steps(loaded, model, plan, chosen, Path(out))))


def recorded_steps(
    base: Base, model: PeftModel, plan: TrainingPlan, chosen: FinetuneSettings, out: Path
) -> dict[str, dict[str, Any]]:
    """Record two of our steps; the table lies in `steps.txt`."""
    accelerator = learning.accelerated(base, chosen)
    wrapped = accelerator.prepare(model).train()
    fast = learning.faster(accelerator, wrapped, base, model, plan, chosen)
    assert fast is not None
    return {
        "two_steps": recorded(
            lambda: [fast.backward({0: step}) for step in plan.steps[:2]], out / "steps.txt"
        )
    }


def ours(
    name: str, base: Base, plan: TrainingPlan, chosen: FinetuneSettings, out: Path
) -> tuple[float, list[float], dict[str, Any]]:
    """Train with our loop; return the seconds of its steps, its losses, and those of preparing."""
    prepared = 0.0
    real = learning.faster

    def clocked(*given: Any) -> Any:
        nonlocal prepared
        begun = time.monotonic()
        made = real(*given)
        prepared += time.monotonic() - begun
        return made

    learning.faster = clocked
    if name == "thoughtmill-ordinary":
        learning.fast_steps = lambda *_: None
    if name == "thoughtmill-static":
        flat.SHAPES, flat.LEAST = 2, 1280
        cuda.FastSteps.compile = statically  # type: ignore[method-assign]
    model = finetune.student(base, chosen)
    begun = time.monotonic()
    curve = learning.learn(base, model, plan, chosen, state=out / "no-state", what=name)
    seconds = time.monotonic() - begun - prepared
    return seconds, [point.loss for point in curve], {"prepared_s": round(prepared, 1), "model": model}


def together_of(
    name: str, base: str, corpus: Corpus, chosen: FinetuneSettings, folder: Path
) -> list[TrainingJob]:
    """Return the jobs that learn in the same passes."""
    if name == "thoughtmill-papers":
        _, where = held_out(corpus)
        length = {"steps": chosen.steps, "epochs": None, "save_every": chosen.save_every}
        settings = students.settings_of(base, chosen.preset, chosen.seed, where, **length)
        return list(students.jobs(folder, corpus, students.trainable(corpus, where), settings).values())
    chosen = chosen.model_copy(update={"pass_tokens": PASS_TOKENS})
    return [TrainingJob(role, corpus, chosen, folder / role, folder / f"{role}.pt") for role in ROLES]


def mixed(jobs: Sequence[TrainingJob]) -> dict[str, Any]:
    """Train jobs in the same passes; return measurements that leave out preparing and saving."""
    found: dict[str, Any] = {"roles": len(jobs)}
    prepare, go = together.fast_steps, together.take_turns

    def preparing(*given: Any) -> Any:
        begun = time.monotonic()
        made = prepare(*given)
        found["prepared_s"] = round(time.monotonic() - begun, 1)
        return made

    def going(fast: cuda.FastSteps, runs: Sequence[learning.TrainingRun], _: object) -> None:
        begun = time.monotonic()
        go(fast, runs, lambda *_: None)
        torch.cuda.synchronize()
        seconds, tokens = time.monotonic() - begun, sum(run.tokens_learnt() for run in runs)
        targets = sum(point.target_tokens for run in runs for point in run.state.curve)
        weights = sum(one.numel() for one in fast.base.model.parameters()) - sum(
            one.numel() for one in fast.halves
        )
        losses = [point.loss for point in runs[0].state.curve]
        found.update(
            tokens_per_s=round(tokens / seconds),
            target_tokens_per_s=round(targets / seconds),
            ms_per_step=round(1000 * seconds / len(losses), 1),
            tokens_per_step=round(tokens / len(losses)),
            mfu_6n=round(6 * weights * tokens / seconds / PEAK, 4),
            peak_gb=round(torch.cuda.max_memory_allocated() / 2**30, 2),
            losses=[round(one, 3) for one in (*losses[:2], *losses[9::10])],
        )

    together.fast_steps, together.take_turns = preparing, going
    begun = time.monotonic()
    finetune.finetune_together(jobs)
    return found | {"whole_s": round(time.monotonic() - begun, 1)}


def statically(steps: cuda.FastSteps) -> None:
    """Compile the layers and the loss for each length separately."""
    for layer in steps.base.model.model.layers:
        layer.compile(dynamic=False)
    steps.loss_of = torch.compile(cuda.entropies, dynamic=False)


class StepEnds(TrainerCallback):  # type: ignore[misc]
    """Notes the times at which steps end."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Wait for the GPU, and note the time."""
        if ON_GPU:
            torch.cuda.synchronize()
        self.ends.append(time.monotonic())


def trl(
    name: str, base: Base, plan: TrainingPlan, chosen: FinetuneSettings, out: Path
) -> tuple[float, list[float], dict[str, Any]]:
    """Train with SFTTrainer; return the seconds after its first steps, its losses, the steps measured."""
    clock = StepEnds()
    _, losses = sft.trl(base, plan, chosen, checkpointing=name == "trl", callbacks=[clock], out=out / "trl")
    return clock.ends[-1] - clock.ends[WARM - 1], losses, {"measured": len(clock.ends) - WARM}


if __name__ == "__main__":
    only(*sys.argv[1:])

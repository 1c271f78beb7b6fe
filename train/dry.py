"""A dry run: show what a role would learn from, and how long training would take.

Run it as `python -m thoughtmill.train.dry ROLE`.
"""

import os
import time

from thoughtmill.factory.core import stage
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.printable import for_terminal
from thoughtmill.train.finetune import prepare
from thoughtmill.train.students.adapters import Student
from thoughtmill.train.students.bases import Base
from thoughtmill.train.students.settings import section
from thoughtmill.train.training.gradients import backward
from thoughtmill.train.training.learning import accelerated, faster
from thoughtmill.train.training.plan import summary
from thoughtmill.train.training.proof import TICK, proof
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.local import LocalWriter
from thoughtmill.train.writers.masked import UncoveredError, unmasked


def main(role: str) -> None:
    """Describe the run that trains a role as `params.yaml` says."""
    settings = section("finetune", FinetuneSettings).of(role)
    os.chdir(root())
    corpus = open_corpus(settings.corpus, settings.corpus_revision, settings.data_version)
    print(for_terminal(dry(role, corpus, settings)))


def dry(role: str, corpus: Corpus, settings: FinetuneSettings) -> str:
    """Describe a run, and estimate its time by doing its largest step twice.

    A role without records that fit the context raises a `ThoughtmillError`.
    """
    base, model, plan = prepare(role, corpus, settings)
    ticks = f"{proof(base, plan)}\n{TICK}{writing(base, model)}"
    accelerator = accelerated(base, settings)
    wrapped = accelerator.prepare(model)
    wrapped.train()
    tokens = [sum(plan.lengths[one] for one in step) for step in plan.steps]
    largest = plan.steps[tokens.index(max(tokens))]
    fast, begun = faster(accelerator, wrapped, base, model, plan, settings), 0.0
    for _ in range(2):
        begun = time.monotonic()
        if fast is None:
            loss, _ = backward(
                accelerator, wrapped, base, plan, chosen=largest, pass_tokens=settings.pass_tokens
            )
        else:
            loss, _ = fast.backward({0: largest})
        float(loss)  # a GPU works asynchronously: wait for it
    run_s = (time.monotonic() - begun) * sum(tokens) / max(tokens)
    weights = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    about = f"about {run_s / 60:,.1f} minutes for {weights:,} weights"
    return f"{role}: {summary(plan, settings)}\n{ticks}\n{about} on this machine"


def writing(base: Base, model: Student) -> str:
    """Say how students will write: in slots if tokens from the cache are those of an uncached pass."""
    names = {name: name for name in getattr(model, "peft_config", {base.name: None})}
    try:
        writer = LocalWriter(base, names, rows=2, max_new_tokens=2, top_k=1, top_p=1.0)
    except UncoveredError as error:
        return f"answers: `generate` of transformers will write, slower than slots ({error})"
    finally:
        unmasked(base.model)
    return f"answers: logits in slots are {writer.off:.0e} off those of an uncached pass"


if __name__ == "__main__":
    stage.run(main)

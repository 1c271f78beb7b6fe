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
from thoughtmill.train.students.settings import section
from thoughtmill.train.training.gradients import backward
from thoughtmill.train.training.learning import accelerated, faster
from thoughtmill.train.training.plan import summary
from thoughtmill.train.training.proof import proof
from thoughtmill.train.training.settings import FinetuneSettings


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
    ticks = proof(base, plan, model)
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


if __name__ == "__main__":
    stage.run(main)

"""The check before hours are spent: `python -m train.dry ROLE` says what is learnt, and for how long."""

import os
import time

from factory import params, stage
from factory.files import root
from train.finetune import prepare
from train.learning import accelerated, backward
from train.lessons import summary
from train.pinned import Corpus, open_corpus
from train.settings import FinetuneSettings


def main(role: str) -> None:
    """Print the check of a role as `params.yaml` would train it."""
    settings = params.section("finetune", FinetuneSettings)
    os.chdir(root())
    corpus = open_corpus(settings.corpus, settings.corpus_revision, settings.data_version)
    print(dry(role, corpus, settings))


def dry(role: str, corpus: Corpus, settings: FinetuneSettings) -> str:
    """Return what a run would learn and an estimate of its time, from the second of two steps run here.

    A role without records, or none that fits the context, is a `ThoughtmillError`.
    """
    base, model, plan = prepare(role, corpus, settings)
    accelerator = accelerated(base)
    wrapped = accelerator.prepare(model)
    wrapped.train()
    step_s = 0.0
    for chosen in (plan.steps[0], plan.steps[-1]):
        begun = time.monotonic()
        backward(accelerator, wrapped, base, plan, chosen=chosen, pass_tokens=settings.pass_tokens)
        step_s = time.monotonic() - begun
    weights = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    about = f"about {step_s * len(plan.steps) / 60:,.1f} minutes for {weights:,} weights"
    return f"{role}: {summary(plan, settings)}\n{about} on this machine"


if __name__ == "__main__":
    stage.run(main)

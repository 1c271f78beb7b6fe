"""Validate a student in training by the share of held-out problems that it answers right."""

import math
from collections.abc import Sequence
from random import Random

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import nn

from thoughtmill.factory.answers import Answer, compared
from thoughtmill.factory.core.corpus import Corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.train import roles
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.roles import Example
from thoughtmill.train.roles.solving import solve
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training import batches
from thoughtmill.train.training.gradients import summed_loss
from thoughtmill.train.training.jobs import TrainingJob
from thoughtmill.train.training.plan import encode_all
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.local import local_writer
from thoughtmill.train.writers.masked import unmasked

RIGHT = "correct is not false"
"""The records that validation asks about; those of held-out problems are not kept."""
ROWS = 64
"""The most texts written at a time."""


class Validation:
    """The problems of a validation; calling it returns the share that the model answers right.

    A role that writes no answer, such as `kg`, is measured by the likelihood of its records instead: the
    geometric mean of the probabilities of their tokens.
    """

    def __init__(
        self, base: Base, model: nn.Module, role: str, corpus: Corpus, settings: FinetuneSettings
    ) -> None:
        chosen = settings.validation
        assert chosen is not None
        self.base, self.model, self.style = base, model, settings.style
        self.every, self.patience, self.max_new_tokens = chosen.every, chosen.patience, chosen.max_new_tokens
        found = drawn(corpus, role, chosen.split, chosen.problems)
        self.solves = all(roles.ROLES.named(part).answers for part in roles.parts_of(role))
        self.gold = answers_of(corpus, [one.problem_id for one in found])
        self.examples = [one for one in found if not self.solves or one.problem_id in self.gold]
        problems = f"{len({one.problem_id for one in self.examples})} problems of `{chosen.split}`"
        self.of = f"right of {problems}" if self.solves else f"likelihood a token on {problems}"

    def shared(self, accelerator: Accelerator) -> float:
        """Validate in the main process, and return the result in all."""
        found = self() if accelerator.is_main_process else None
        [found] = broadcast_object_list([found])
        return float(found)

    def __call__(self) -> float:
        """Return the share, between 0 and 1."""
        self.model.eval()
        found = self._share_right() if self.solves else self._likelihood()
        self.model.train()
        return found

    def _share_right(self) -> float:
        texts = self._written()
        with Solvers(Limits(), equations_timeout_s=5.0) as solvers:
            right = [self._right(one, text, solvers) for one, text in zip(self.examples, texts, strict=True)]
        return sum(right) / len(right)

    def _right(self, example: Example, text: GeneratedText, solvers: Solvers) -> bool:
        gold = self.gold[example.problem_id]
        if text.failure is not None:
            return False
        answer, _ = solve(example.role, text.text, example.problem, gold.kind, solvers)
        return answer is not None and compared(answer, gold).equal is True

    def _written(self) -> list[GeneratedText]:
        """Return a greedy text for each example."""
        adapter = next(iter(getattr(self.model, "peft_config", {"": None})))
        writer = local_writer(
            self.base,
            {one.role: adapter for one in self.examples},
            rows=ROWS,
            max_new_tokens=self.max_new_tokens,
            top_k=1,
            top_p=1.0,
            styles={adapter: self.style},
        )
        writer.ask(
            [
                GenerationRequest(
                    SampleRequest(one.problem_id, one.role, 0), one.role, one.problem, one.given, 0.0, ""
                )
                for one in self.examples
            ]
        )
        found: dict[tuple[str, str], GeneratedText] = {}
        try:
            while len(found) < len(self.examples):
                found |= {(text.wanted.problem_id, text.wanted.role): text for text in writer.write()}
        finally:
            unmasked(self.base.model)
        return [found[one.problem_id, one.role] for one in self.examples]

    @torch.no_grad()
    def _likelihood(self) -> float:
        encoded = encode_all(self.base, self.examples, self.style)
        loss, device = 0.0, self.base.model.device
        for at in range(len(encoded)):
            batch = batches.collate(encoded, [[at]], self.base.pad, self.base.start).to(device)
            loss += float(summed_loss(self.model, self.base, batch))
        return math.exp(-loss / sum(len(target) for _, target in encoded))


def validation_of(base: Base, model: nn.Module, job: TrainingJob) -> Validation | None:
    """Return the validation of a job, if it has any."""
    if job.settings.validation is None:
        return None
    return Validation(base, model, job.role, job.corpus, job.settings)


def drawn(corpus: Corpus, role: str, split: str, count: int) -> list[Example]:
    """Draw problems of a split, always the same; return an example for each problem and part of a role."""
    try:
        every = roles.examples(corpus, role, RIGHT, split)
    except ThoughtmillError as error:
        raise ThoughtmillError(f"finetune.validation: {error}") from error
    first = {(one.problem_id, one.role): one for one in reversed(every)}
    names = sorted({one.problem_id for one in every}, key=lambda name: Random(f"validation/{name}").random())
    kept = set(names[:count])
    return [one for (name, _), one in sorted(first.items()) if name in kept]


def answers_of(corpus: Corpus, problem_ids: Sequence[str]) -> dict[str, Answer]:
    """Return the gold answers of problems."""
    rows = corpus.con.execute(
        "select problem_id, answer, answer_kind from problems "
        "where list_contains($ids, problem_id) and answer is not null",
        {"ids": list(problem_ids)},
    ).fetchall()
    return {name: Answer(answer, kind) for name, answer, kind in rows}

"""The plan of a training run: its examples as tokens, and the steps in which it learns from them."""

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

from thoughtmill.factory.core.corpus import Corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import roles
from thoughtmill.train.roles import Example, encoding, styles
from thoughtmill.train.roles.knowledge import mixed, own_knowledge
from thoughtmill.train.students import bases
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training import batches
from thoughtmill.train.training.mixtures import Mixture, mixture
from thoughtmill.train.training.settings import FinetuneSettings


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The data of the training loop: a pure function of base, examples and settings.

    `encoded` holds the tokens of `examples`; `steps` holds indices into both.
    `records` counts the examples of each role.
    `left_out` counts the examples that are longer than `context`. All lengths are in tokens.
    """

    encoded: list[batches.Tokens]
    lengths: list[int]
    steps: list[list[int]]
    packs: bool
    records: dict[str, int]
    left_out: int
    longest: int
    context: int
    sha: str
    examples: list[Example] = field(default_factory=list)

    @property
    def tokens_sha(self) -> str:
        """The SHA-256 of all tokens: another tokenizer or template is another run."""
        return hashlib.sha256(repr(self.encoded).encode()).hexdigest()


def plan_of(base: Base, role: str, corpus: Corpus, settings: FinetuneSettings) -> TrainingPlan:
    """Return the plan of a role."""
    examples = examples_of(role, corpus, settings)
    return training_plan(base, examples, settings, mixture(corpus, examples, settings))


def examples_of(role: str, corpus: Corpus, settings: FinetuneSettings) -> list[Example]:
    """Return the examples that a role learns from, after `knowledge`, `limit` and `style` are applied."""
    found = roles.examples(corpus, role, settings.where)
    found = mixed(found, settings.knowledge, settings.seed, own_knowledge(settings.base.name))
    if settings.limit is not None and settings.limit < len(found):
        kept = sorted(Random(f"{settings.seed}/limit").sample(range(len(found)), settings.limit))
        found = [found[index] for index in kept]
    return [replace(one, target=styles.target(one.target, settings.style)) for one in found]


def digest(examples: list[Example]) -> str:
    """Return the SHA-256 of examples in their order."""
    return hashlib.sha256("\n".join(map(repr, examples)).encode()).hexdigest()


def training_plan(
    base: Base, examples: list[Example], settings: FinetuneSettings, mixture: Mixture | None = None
) -> TrainingPlan:
    """Encode the examples, leave out those that exceed the context, and plan every step of the run."""
    everything = encode_all(base, examples, settings.style)
    context = min(settings.context, base.context)
    sizes = [len(prompt) + len(target) for prompt, target in everything]
    fitting = [index for index, size in enumerate(sizes) if size <= context]
    records = Counter(examples[index].role for index in fitting)
    for role in {example.role: None for example in examples}:
        if not records[role]:
            raise ThoughtmillError(f"no record of `{role}` fits {context} tokens: raise finetune.context")
    lengths, packs = [sizes[index] for index in fitting], bases.packs(base)
    return TrainingPlan(
        encoded=[everything[index] for index in fitting],
        lengths=lengths,
        steps=_steps(lengths, packs, settings, mixture and mixture.of(fitting)),
        packs=packs,
        records=dict(records),
        left_out=len(everything) - len(fitting),
        longest=max(sizes),
        context=context,
        sha=digest(examples),
        examples=[examples[index] for index in fitting],
    )


def encode_all(base: Base, examples: list[Example], style: str = styles.OURS) -> list[batches.Tokens]:
    """Return each example as the tokens of its prompt and of its target.

    Roles share many of them, as `etd` and its parts do, so they are made once for a base.
    """
    known, two_sided = base.encoded, base.start is not None
    template = base.tokenizer.chat_template and str(base.tokenizer.chat_template)
    asked = [(one.role, one.problem, one.given, style, template) for one in examples]
    answered = [(one.target,) for one in examples]
    new = [one for one in dict.fromkeys(asked) if one not in known]
    prompts = encoding.render_all(base.tokenizer, [one[:3] for one in new], two_sided, style)
    known |= zip(new, prompts, strict=True)
    taught = [one for one in dict.fromkeys(answered) if one not in known]
    targets = encoding.render_targets(base.tokenizer, [target for (target,) in taught])
    known |= zip(taught, targets, strict=True)
    return [(known[one], known[target]) for one, target in zip(asked, answered, strict=True)]


def _steps(
    lengths: list[int], packs: bool, settings: FinetuneSettings, mixture: Mixture | None
) -> list[list[int]]:
    """Return the steps of all epochs."""
    count = len(lengths) if mixture is None else sum(mixture.weights)
    each = math.ceil(count / settings.batch_records)
    if not each:
        raise ThoughtmillError("finetune.mix leaves no record: give some a weight above 0")
    total = settings.steps or math.ceil(each * (settings.epochs or 1))
    steps: list[list[int]] = []
    for epoch in range(math.ceil(total / each) + (mixture is not None)):
        order = None if mixture is None else mixture.epoch(settings.seed, epoch)
        ranked = mixture is not None and mixture.ranks is not None and epoch == 0
        steps += batches.steps_of_epoch(
            lengths, settings.batch_records, packs or ranked, settings.seed, epoch, order
        )
    return steps[:total]


def summary(plan: TrainingPlan, settings: FinetuneSettings) -> str:
    """Describe a plan in plain lines: its examples, its steps, its lengths."""
    counted = ", ".join(f"{count:,} {role}" for role, count in plan.records.items())
    share = plan.left_out / (plan.left_out + len(plan.encoded))
    return "\n".join(
        [
            f"records: {counted}; {len(plan.steps):,} steps of {settings.batch_records}, "
            + ("packed" if plan.packs else "sorted by length"),
            f"longest: {plan.longest:,} tokens of {plan.context:,} in the context; "
            f"{share:.1%} are left out as longer",
        ]
    )

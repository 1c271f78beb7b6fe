"""Check a base and its examples before training: find in seconds the faults that would waste hours.

A fault raises a `ThoughtmillError` that names it.
"""

from collections import Counter
from collections.abc import Iterator

import torch
from torch import nn

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.roles import encoding
from thoughtmill.train.roles.escapes import decoded, escapes
from thoughtmill.train.students.adapters import Student, adapted
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training import batches
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.states import LossPoint
from thoughtmill.train.writers.local import LocalWriter
from thoughtmill.train.writers.masked import UncoveredError, unmasked

TICK = "  \u2713 "
ASKED = 8
"""The number of examples checked after training."""


def proof(base: Base, plan: TrainingPlan, model: Student | None) -> str:
    """Return a line with a tick for every check.

    `model` is the untrained student on the base. Without it, how a student writes is not checked again.
    """
    found = [part(base, plan) for part in (_targets, _ids, _specials, _dates, _ends, _rows)]
    return "\n".join(TICK + one for one in (found if model is None else [*found, _answers(base, model)]))


def _targets(base: Base, plan: TrainingPlan) -> str:
    """Check that every target can be decoded unchanged; a program without its line ends would not run."""
    for example, (_, target) in zip(plan.examples, plan.encoded, strict=True):
        found = decoded(base.tokenizer, target[:-1])
        if found != example.target:
            lost = sorted((Counter(example.target) - Counter(found)).keys())
            words = f"loses {', '.join(map(repr, lost))}" if lost else f"reads it as {found[:60]!r}"
            raise ThoughtmillError(
                f"base {base.name}: its tokenizer changes targets of `{example.role}` "
                f"({example.problem_id}: it {words}): choose a base whose tokenizer keeps them"
            )
    signs = "".join(escapes(base.tokenizer))
    escaped = f", with {signs!r} escaped" if signs else ""
    return f"targets: {len(plan.encoded):,} come back from the tokenizer as they were{escaped}"


def _ids(base: Base, plan: TrainingPlan) -> str:
    """Check that every token has a row in the embedding."""
    rows = int(base.model.get_input_embeddings().num_embeddings)  # type: ignore[arg-type] # a number
    highest = max(max(prompt + target) for prompt, target in plan.encoded)
    if highest >= rows:
        token = base.tokenizer.convert_ids_to_tokens(highest)
        raise ThoughtmillError(
            f"base {base.name}: token {highest} of its tokenizer ({token!r}) is beyond the {rows:,} rows of "
            "its embedding: resize that with `resize_token_embeddings` and save the base"
        )
    return f"tokens: the highest, {highest:,}, is within the {rows:,} rows of the embedding"


def _specials(base: Base, plan: TrainingPlan) -> str:
    """Check that special tokens in data are split, so that none of them ends or opens a turn."""
    ending = base.ends
    for example, (_, target) in zip(plan.examples, plan.encoded, strict=True):
        if obeyed := ending.intersection(target[:-1]):
            token = base.tokenizer.convert_ids_to_tokens(min(obeyed))
            raise ThoughtmillError(
                f"base {base.name}: {token!r} within a target of `{example.role}` ({example.problem_id}) "
                "ends the text, and the tokenizer does not split it: leave it out with `finetune.where`"
            )
    texts = ("\n".join([one.problem, one.given or "", one.target]) for one in plan.examples)
    count = sum(bool(encoding.specials(base.tokenizer, text)) for text in texts)
    return f"special tokens in data: {count:,} examples hold some, which are split and not obeyed"


def _dates(base: Base, plan: TrainingPlan) -> str:
    template = base.tokenizer.chat_template
    if template is None:
        return "prompts: plain text, since the tokenizer has no chat template"
    dated = "; its date is pinned" if "strftime_now" in str(template) else ""
    return f"prompts: turns of the tokenizer's chat template{dated}"


def _ends(base: Base, plan: TrainingPlan) -> str:
    names = base.tokenizer.convert_ids_to_tokens(sorted(base.ends))
    return f"ends of text: {', '.join(map(str, names))}"


def _rows(base: Base, plan: TrainingPlan) -> str:
    if plan.packs:
        return "rows: several examples share one, with the logits that each has alone"
    return "rows: each example has its own, since this base cannot keep examples apart"


def _answers(base: Base, model: Student) -> str:
    """Say how the student will write: in slots if tokens from the cache are those of an uncached pass."""
    with adapted(base, model) as names:
        try:
            writer = LocalWriter(
                base, {name: name for name in names}, rows=2, max_new_tokens=2, top_k=1, top_p=1.0
            )
        except UncoveredError as error:
            return f"answers: `generate` of transformers will write, slower than slots ({error})"
        finally:
            unmasked(base.model)
    return f"answers: logits in slots are {writer.off:.0e} off those of an uncached pass"


@torch.no_grad()
def findings(base: Base, model: nn.Module, plan: TrainingPlan, curve: list[LossPoint]) -> Iterator[str]:
    """Yield the faults of a trained student: its loss never fell, or it does not end its texts."""
    part = max(1, len(curve) // 4)
    first, last = (sum(point.loss for point in some) / part for some in (curve[:part], curve[-part:]))
    if len(curve) > 1 and last >= first:
        yield f"the loss never fell: {first:.3f} at first, {last:.3f} at the end"
    model.eval()
    by_length = sorted(range(len(plan.encoded)), key=lambda index: plan.lengths[index])
    chosen = by_length[:: -(-len(by_length) // ASKED)]  # short lists alone could well go on
    unsure = [index for index in chosen if not _ends_text(base, model, plan.encoded[index])]
    if len(unsure) == len(chosen):
        yield f"none of {len(chosen)} targets would be ended: texts will be cut at infer.max_new_tokens"


def _ends_text(base: Base, model: nn.Module, example: batches.Tokens) -> bool:
    """Return whether the student's likeliest token after a whole target ends the text."""
    prompt, target = example
    batch = batches.collate([(prompt, target)], [[0]], base.pad, base.start).to(base.model.device)
    logits_BTV = model(**batch.inputs, use_cache=False).logits
    last = int((batch.next_BT[0] != batches.IGNORED).nonzero().max())
    return int(logits_BTV[0, last].argmax()) in base.ends

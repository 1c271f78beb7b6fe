"""Gradients of a training step, whose rows are shared among processes and cut into passes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.nn import functional

from thoughtmill.train.students.bases import Base
from thoughtmill.train.training import batches
from thoughtmill.train.training.plan import TrainingPlan


def backward(
    accelerator: Accelerator,
    model: nn.Module,
    base: Base,
    plan: TrainingPlan,
    *,
    chosen: list[int],
    pass_tokens: int,
) -> tuple[Tensor, int]:
    """Add the gradient of the mean loss over all target tokens of a step; return that loss and their number.

    The rows of a step are shared among the processes and cut into passes that fit in memory. Every target
    token of the step has the same weight.
    """
    target_tokens = sum(len(plan.encoded[one][1]) for one in chosen)
    filled = batches.rows(plan.lengths, chosen, plan.packs)
    mine = filled[accelerator.process_index :: accelerator.num_processes]
    # A process without rows takes part with a row of weight 0, because the others wait for it.
    whole = accelerator.num_processes / target_tokens if mine else 0.0
    cut = batches.passes(plan.lengths, mine or filled[:1], pass_tokens)
    weights = [whole] * len(cut)
    if isinstance(model, FSDPModule):  # its processes compute each pass together
        most = _most_passes(accelerator, plan, filled, pass_tokens)
        weights += [0.0] * (most - len(cut))
        cut += cut[:1] * (most - len(cut))
    total = torch.zeros((), device=accelerator.device)
    for number, (part, weight) in enumerate(zip(cut, weights, strict=True), start=1):
        batch = batches.collate(plan.encoded, part, base.pad, base.start).to(accelerator.device)
        with nullcontext() if number == len(cut) else accelerator.no_sync(model):
            loss = summed_loss(model, base, batch) * weight
            accelerator.backward(loss)
        total += loss.detach()
    reduced: Tensor = accelerator.reduce(total, "mean")
    return reduced, target_tokens


def _most_passes(
    accelerator: Accelerator, plan: TrainingPlan, filled: list[list[int]], pass_tokens: int
) -> int:
    """Return the most passes that any process has in a step."""
    count = accelerator.num_processes
    shares = (filled[process::count] or filled[:1] for process in range(count))
    return max(len(batches.passes(plan.lengths, share, pass_tokens)) for share in shares)


def summed_loss(model: nn.Module, base: Base, batch: batches.Batch) -> Tensor:
    """Return the cross entropy summed over the target tokens of a pass, in nats."""
    taught_BT = batch.next_BT != batches.IGNORED
    with output_layer_sees(base, lambda hidden_BTD: hidden_BTD[taught_BT]):
        logits_NV = model(**batch.inputs, use_cache=False).logits
    return functional.cross_entropy(logits_NV.float(), batch.next_BT[taught_BT], reduction="sum")


@contextmanager
def output_layer_sees(base: Base, chosen: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Restrict the output layer to the chosen positions, those with a target: prompts need no logits."""
    layer = base.model.get_output_embeddings()
    hook = layer.register_forward_pre_hook(lambda _, inputs: (chosen(inputs[0]), *inputs[1:]))
    try:
        yield
    finally:
        hook.remove()

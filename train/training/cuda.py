"""A faster step on one GPU: flat rows, LoRA in bfloat16, compiled layers, replayed CUDA graphs.

The examples of a pass lie in one row, which attention keeps apart by where each begins and ends, so that no
mask is made. The adapter's weights stay in float32; their copies in bfloat16 are made once a step. Passes are
padded to few lengths, and the kernels of each are started as one CUDA graph. Losses stay on the GPU until
somebody reads them. What cannot be done for a base is said in one line, and the ordinary step takes over.
"""

import inspect
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib.util import find_spec
from subprocess import SubprocessError
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType
from torch import Tensor, nn
from torch.nn import functional
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from thoughtmill.train.graphs import captured
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training.batches import IGNORED
from thoughtmill.train.training.flat import Shape, flat, passes, shapes_of
from thoughtmill.train.training.half_lora import HalfLora, Unsupported, in_one, lora_layers
from thoughtmill.train.training.plan import TrainingPlan

THERE = find_spec("torch.nn.attention.varlen") is not None
"""It came with torch 2.10."""
if THERE:
    from torch.nn.attention.varlen import varlen_attn

    GROUPED: dict[str, Any] = (
        {"enable_gqa": True} if "enable_gqa" in inspect.signature(varlen_attn).parameters else {}
    )

NAME = "thoughtmill_flat"
NEAR = 0.02
"""How far the loss of the first pass may be from that of the ordinary step, as a share: bfloat16 rounds."""
REFUSED = (RuntimeError, TypeError, ValueError, AttributeError, ImportError, OSError, SubprocessError)
"""What torch and transformers raise where a base, a kernel or a compiler is not up to it."""


@cache  # the same function for the next run: its layers need not be compiled anew
def flat_attention(longest: int) -> Callable[..., tuple[Tensor, None]]:
    """Return transformers' attention within the spans of one row; none is longer than `longest`."""

    def attend(
        module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **given: Any
    ) -> tuple[Tensor, None]:
        if given.get("dropout") or given.get("softcap") or given.get("s_aux") is not None:
            raise Unsupported("its attention drops, caps or sinks")
        window = given.get("sliding_window")
        q_THD, k_THD, v_THD = (one[0].transpose(0, 1).contiguous() for one in (query, key, value))
        found = varlen_attn(
            q_THD, k_THD, v_THD, given["ends"], given["ends"], longest, longest,
            scale=given.get("scaling"), window_size=(window - 1 if window else -1, 0), **GROUPED,
        )  # fmt: skip
        assert isinstance(found, Tensor)
        return found[None], None

    return attend


def summed(logits_NV: Tensor, next_N: Tensor) -> Tensor:
    """Return the cross entropy summed over the positions that are taught, in nats."""
    return functional.cross_entropy(logits_NV.float(), next_N, ignore_index=IGNORED, reduction="sum")


def fast_steps(
    accelerator: Accelerator,
    base: Base,
    model: nn.Module,
    plan: TrainingPlan,
    pass_tokens: int,
    ordinary: Callable[[list[int]], float],
) -> "FastSteps | None":
    """Prepare the faster step on a GPU, compiled if that works; None, and a line that says why, where not.

    `ordinary` is the summed loss of a pass by the ordinary step: that of the faster step must be the same.
    """
    if accelerator.device.type != "cuda":
        return None
    first = passes(plan.lengths, plan.steps[0], pass_tokens)[0]
    wanted = ordinary(first)
    for compiled in (True, False):
        steps, begun = None, time.monotonic()
        try:
            supported(accelerator, base, plan)
            steps = FastSteps(base, model, plan, pass_tokens)
            if compiled:
                steps.compile()
            found = steps.first_loss(first)
            if not abs(found - wanted) <= NEAR * abs(wanted):
                raise Unsupported(f"its loss is {found:.1f} where the ordinary step's is {wanted:.1f}")
            steps.capture()
        except REFUSED as error:
            if steps is not None:
                steps.close()
            refused = isinstance(error, Unsupported)
            kind = "the compiled step" if compiled and not refused else "the faster step"
            why = (str(error).strip().splitlines() or [type(error).__name__])[0]
            accelerator.print(f"without {kind}: {why}", file=sys.stderr)
            if refused:
                return None
            torch.cuda.empty_cache()
        else:
            took_s = time.monotonic() - begun
            told = f"{len(steps.shapes)} lengths of passes prepared in {took_s:.0f} s"
            accelerator.print(f"faster step: {told}", file=sys.stderr)
            return steps
    return None


def supported(accelerator: Accelerator, base: Base, plan: TrainingPlan) -> None:
    """Raise `Unsupported` where the faster step cannot run."""
    if accelerator.distributed_type != DistributedType.NO:
        raise Unsupported("several processes train")
    if not THERE:
        raise Unsupported("torch has no attention over flat rows before 2.10")
    if not plan.packs or not base.model._supports_attention_backend:
        raise Unsupported("its attention cannot keep the examples of a row apart")
    if base.model.dtype not in (torch.bfloat16, torch.float16):
        raise Unsupported(f"it computes in {base.model.dtype}")
    if any(getattr(part, "gradient_checkpointing", False) for part in base.model.modules()):
        raise Unsupported("finetune.gradient_checkpointing is set")


class FastSteps:
    """The steps of a plan on one device; `master.grad` holds a step's gradient after `backward`.

    The adapter's weights become parts of `master`. Until `close`, the model is for these steps alone.
    """

    def __init__(self, base: Base, model: nn.Module, plan: TrainingPlan, pass_tokens: int) -> None:
        self.base, self.plan, self.pass_tokens = base, plan, pass_tokens
        self.device = base.model.device
        self.layers = lora_layers(model)
        pairs = [(layer.lora_A[name], layer.lora_B[name]) for _, name, layer in self.layers]
        self.weights: list[Tensor] = [side.get_parameter("weight") for pair in pairs for side in pair]
        if {id(one) for one in self.weights} != {id(one) for one in model.parameters() if one.requires_grad}:
            raise Unsupported("more than LoRA is trained")
        self.master, parts = in_one(self.weights, torch.float32)
        for weight, part in zip(self.weights, parts, strict=True):
            weight.data = part
        self.master.grad, self.grads = in_one([torch.zeros_like(one) for one in self.weights], torch.float32)
        self.half, halves = in_one(self.weights, base.model.dtype)
        self.swapped = [
            HalfLora(layer, name, *halves[2 * at : 2 * at + 2])
            for at, (_, name, layer) in enumerate(self.layers)
        ]
        self.halves = [weight for one in self.swapped for weight in (one.down, one.up)]
        self.attention = base.model.config._attn_implementation
        self.loss_of: Callable[[Tensor, Tensor], Tensor] = summed
        self.longest, self.shapes = max(plan.lengths), shapes_of(plan, pass_tokens)
        self.inputs = {tokens: self.tensors(shape) for tokens, shape in self.shapes.items()}
        self.graphs: dict[int, Any] = {}
        self.total, self.weight = (torch.zeros((), device=self.device) for _ in range(2))
        self.model = model
        ALL_ATTENTION_FUNCTIONS.register(NAME, flat_attention(self.longest))
        self.take()

    def put(self, layers: Sequence[nn.Module]) -> None:
        """Put peft's layers, or those that compute in the precision of the base, where they belong."""
        for (place, _, _), layer in zip(self.layers, layers, strict=True):
            self.model.set_submodule(place, layer)

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Give the model back for a while, with its weights as they are now, so that it can write."""
        compiled = {part: part._compiled_call_impl for part in self.base.model.modules()}
        self.give_back()
        yield
        for part, implementation in compiled.items():
            part._compiled_call_impl = implementation
        self.take()

    def take(self) -> None:
        """Make the model one for these steps alone."""
        self.put(self.swapped)
        self.base.model.config._attn_implementation = NAME
        self.base.model.enable_input_require_grads()  # the first layer is then compiled like the others

    def give_back(self) -> None:
        """Make the model what it was: peft's layers, its own attention, nothing compiled."""
        self.put([layer for _, _, layer in self.layers])
        for part in self.base.model.modules():
            part._compiled_call_impl = None
        self.base.model.config._attn_implementation = self.attention
        self.base.model.disable_input_require_grads()

    def tensors(self, shape: Shape) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the memory for a pass of a shape, and its parts by name."""
        names = {"ids": shape.tokens, "places": shape.tokens, "taught": shape.taught, "next": shape.taught}
        names["ends"] = shape.spans + 1
        whole = torch.zeros(sum(names.values()), dtype=torch.int64, device=self.device)
        return whole, dict(zip(names, whole.split(list(names.values())), strict=True))

    def shape(self, part: Sequence[int]) -> Shape:
        """Return the shape that a pass is padded to."""
        size = sum(self.plan.lengths[one] for one in part)
        return self.shapes[min(tokens for tokens in self.shapes if tokens >= size)]

    def fill(self, part: Sequence[int]) -> int:
        """Bring a pass to the device, and return the tokens of its shape."""
        shape = self.shape(part)
        held = torch.tensor(flat(self.plan.encoded, part, shape, self.longest, self.base.pad))
        held = held.pin_memory() if self.device.type == "cuda" else held
        self.inputs[shape.tokens][0].copy_(held, non_blocking=True)
        return shape.tokens

    def compute(self, tokens: int) -> None:
        """Go forward and backward over the pass of a shape, and add its loss and gradient to the step's."""
        given = self.inputs[tokens][1]
        with taught_only(self.base, given["taught"]):
            logits_NV = self.base.model(
                input_ids=given["ids"][None], position_ids=given["places"][None], use_cache=False,
                ends=given["ends"].int(),
            ).logits  # fmt: skip
        loss = self.loss_of(logits_NV, given["next"]) * self.weight
        grads = torch.autograd.grad(loss, self.halves)
        assert self.master.grad is not None
        self.master.grad.add_(torch.cat([grad.flatten() for grad in grads]))
        self.total.add_(loss.detach())

    def begin(self, target_tokens: int) -> None:
        """Begin a step: no gradient, no loss, and the adapter as it is now."""
        assert self.master.grad is not None
        self.master.grad.zero_()
        self.total.zero_()
        self.weight.fill_(1 / target_tokens)
        self.half.copy_(self.master)
        for weight, grad in zip(self.weights, self.grads, strict=True):
            weight.grad = grad

    def backward(self, chosen: Sequence[int]) -> tuple[Tensor, int]:
        """Do what `learning.backward` does; the loss stays on the device."""
        target_tokens = sum(len(self.plan.encoded[one][1]) for one in chosen)
        self.begin(target_tokens)
        for part in passes(self.plan.lengths, chosen, self.pass_tokens):
            tokens = self.fill(part)
            if tokens in self.graphs:
                self.graphs[tokens].replay()
            else:
                self.compute(tokens)
        return self.total.clone(), target_tokens

    def compile(self) -> None:
        """Compile the layers once for all lengths, and the loss."""
        kinds = set(self.base.model._no_split_modules or ())
        for layer in self.base.model.modules():
            if type(layer).__name__ in kinds:
                layer.compile(dynamic=True)
        compiled = torch.compile(summed, dynamic=True)

        def loss_of(logits_NV: Tensor, next_N: Tensor) -> Tensor:
            torch._dynamo.mark_static(logits_NV, 1)  # the vocabulary has one size
            return compiled(logits_NV, next_N)

        self.loss_of = loss_of

    def first_loss(self, part: Sequence[int]) -> float:
        """Return the loss of a pass, summed."""
        self.begin(1)
        self.compute(self.fill(part))
        return float(self.total)

    def capture(self) -> None:
        """Record the kernels of every shape, the largest first: the others then fit in its memory."""
        steps, lengths = self.plan.steps, self.plan.lengths
        cut = [part for step in steps for part in passes(lengths, step, self.pass_tokens)]
        pool, some = torch.cuda.graph_pool_handle(), {self.shape(part).tokens: part for part in cut}
        for tokens in sorted(some, reverse=True):
            self.fill(some[tokens])
            self.graphs[tokens] = captured(partial(self.compute, tokens), pool)

    def close(self) -> None:
        """Give the model back as it was, with its learnt weights."""
        self.graphs.clear()
        for weight in self.weights:
            weight.grad, weight.data = None, weight.data.clone()
        self.give_back()


@contextmanager
def taught_only(base: Base, taught_N: Tensor) -> Iterator[None]:
    """Let the output layer see only some positions of the row."""

    def select(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (inputs[0][0].index_select(0, taught_N), *inputs[1:])

    hook = base.model.get_output_embeddings().register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()

"""A faster training step on one GPU: packed sequences, LoRA in bfloat16, compiled layers, CUDA graphs.

The examples of a pass are packed into one sequence without padding between them. Variable-length attention
keeps them apart by their boundaries, so no mask is built. Several adapters can learn from one pass, each from
its own examples. Their weights stay in float32; copies in bfloat16 are made once a step. Passes are padded to
a few lengths, and each length is recorded as one CUDA graph. Losses stay on the GPU until they are read.
Where a base does not support this, a line says why, and the ordinary step takes over.
"""

import inspect
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
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

from thoughtmill.train.devices.graphs import captured
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training.batches import IGNORED
from thoughtmill.train.training.flat import Chosen, Layout, Part, Shape, up
from thoughtmill.train.training.gradients import output_layer_sees
from thoughtmill.train.training.half_lora import HalfLora, Unsupported, in_one, lora_layers
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.weights import Weights, trainable

HAS_VARLEN = find_spec("torch.nn.attention.varlen") is not None
"""Variable-length attention came with torch 2.10."""
if HAS_VARLEN:
    from torch.nn.attention.varlen import varlen_attn

    GROUPED: dict[str, Any] = (
        {"enable_gqa": True} if "enable_gqa" in inspect.signature(varlen_attn).parameters else {}
    )

NAME = "thoughtmill_flat"
CLIP = 1.0
"""The gradient of an adapter is clipped to this norm."""
NEAR = 0.02
"""The relative difference allowed between the first loss and that of the ordinary step: bfloat16 rounds."""
REFUSED = (RuntimeError, TypeError, ValueError, AttributeError, ImportError, OSError, SubprocessError)
"""The errors of torch and transformers that mean: this base, kernel or compiler does not support the step."""


@cache  # the same function for the next run: its layers need not be compiled anew
def flat_attention(longest: int) -> Callable[..., tuple[Tensor, None]]:
    """Return an attention function for transformers: within each span of a row, at most `longest` tokens."""

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


def entropies(logits_NV: Tensor, next_N: Tensor) -> Tensor:
    """Return the cross entropy at each position, in nats; 0 where nothing is taught."""
    return functional.cross_entropy(logits_NV.float(), next_N, ignore_index=IGNORED, reduction="none")


def fast_steps(
    accelerator: Accelerator,
    base: Base,
    model: nn.Module,
    steps_of: Sequence[Chosen],
    layout: Layout,
    ordinary: Callable[[int, list[int]], float],
    adapters: Sequence[Weights] | None = None,
) -> "FastSteps | None":
    """Prepare the faster step on a GPU, compiled if that works; else print why not and return None.

    `steps_of` are the steps to be taken. `ordinary` returns the summed loss of an adapter on some examples by
    the ordinary step; the faster step must give the same loss.
    """
    if accelerator.device.type != "cuda":
        return None
    first = layout.passes(steps_of[0])[0]
    wanted = dict.fromkeys((adapter for adapter, _ in first), 0.0)
    for adapter, examples in first:
        wanted[adapter] += ordinary(adapter, examples)
    for compiled in (True, False):
        steps, begun = None, time.monotonic()
        try:
            supported(accelerator, base, layout.plans)
            steps = FastSteps(base, model, steps_of, layout, adapters)
            if compiled:
                steps.compile()
            found = steps.first_losses(first)
            for adapter, loss in wanted.items():
                if not abs(found[adapter] - loss) <= NEAR * abs(loss):
                    raise Unsupported(
                        f"its loss is {found[adapter]:.1f} where the ordinary step's is {loss:.1f}"
                    )
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
            lengths = f"{len(steps.shapes)} lengths of passes prepared in {took_s:.0f} s"
            accelerator.print(f"faster step: {lengths}", file=sys.stderr)
            return steps
    return None


def supported(accelerator: Accelerator, base: Base, plans: Sequence[TrainingPlan]) -> None:
    """Raise `Unsupported` where the faster step cannot run."""
    if accelerator.distributed_type != DistributedType.NO:
        raise Unsupported("several processes train")
    if not HAS_VARLEN:
        raise Unsupported("torch has no attention over flat rows before 2.10")
    if not all(plan.packs for plan in plans) or not base.model._supports_attention_backend:
        raise Unsupported("its attention cannot keep the examples of a row apart")
    if base.model.dtype not in (torch.bfloat16, torch.float16):
        raise Unsupported(f"it computes in {base.model.dtype}")
    if any(getattr(part, "gradient_checkpointing", False) for part in base.model.modules()):
        raise Unsupported("finetune.gradient_checkpointing is set")


class FastSteps:
    """Steps on one device; after `backward`, `master.grad` holds the gradient, one row for each adapter.

    The weights of `adapters`, by default those of the model, become views of `master`. Until `close`, only
    these steps may use the model.
    """

    def __init__(
        self,
        base: Base,
        model: nn.Module,
        steps: Sequence[Chosen],
        layout: Layout,
        adapters: Sequence[Weights] | None = None,
    ) -> None:
        self.base, self.model, self.layout, self.device = base, model, layout, base.model.device
        self.layers = lora_layers(model)
        pairs = [(layer.lora_A[name], layer.lora_B[name]) for _, name, layer in self.layers]
        sides = {id(side.get_parameter("weight")): None for pair in pairs for side in pair}
        own = trainable(model)
        names = {id(weight): name for name, weight in own.items()}
        if names.keys() != sides.keys():
            raise Unsupported("more than LoRA is trained")
        self.own, *mixed = ([each[names[side]] for side in sides] for each in (own, *(adapters or ())))
        self.adapters = mixed or [self.own]
        self.master, _ = in_one(self.adapters, torch.float32)
        self.master.grad = torch.zeros_like(self.master)
        sizes = [weight.numel() for weight in self.adapters[0]]
        for weights, line, grads in zip(self.adapters, self.master, self.master.grad, strict=True):
            for weight, part, grad in zip(weights, line.split(sizes), grads.split(sizes), strict=True):
                weight.data, weight.grad = part.view_as(weight), grad.view_as(weight)
        count = len(self.adapters)
        # Products are fast where sizes are multiples of 8: adapters of zeros fill up the number.
        blank = [[torch.zeros_like(one) for one in self.own]] * (up(count, 8) - count if count > 1 else 0)
        self.half, halves = in_one([*self.adapters, *blank], base.model.dtype)
        self.shapes = layout.shapes(steps)
        self.numbers = torch.arange(len(self.half), device=self.device)
        self.picks = None
        if layout.width is not None:
            most = max(shape.tokens for shape in self.shapes) // layout.width
            self.picks = torch.zeros(most, len(self.half), dtype=base.model.dtype, device=self.device)
        self.swapped = [
            HalfLora(layer, name, down, up, self.picks, layout.width)
            for (_, name, layer), down, up in zip(self.layers, halves[::2], halves[1::2], strict=True)
        ]
        self.halves = [weight for one in self.swapped for weight in (one.down, one.up)]
        self.attention = base.model.config._attn_implementation
        self.loss_of: Callable[[Tensor, Tensor], Tensor] = entropies
        self.inputs = {shape: self.tensors(shape) for shape in self.shapes}
        self.graphs: dict[Shape, Any] = {}
        self.totals, self.weights = (torch.zeros(count, device=self.device) for _ in range(2))
        ALL_ATTENTION_FUNCTIONS.register(NAME, flat_attention(layout.longest))
        self.install()

    def replace_layers(self, layers: Sequence[nn.Module]) -> None:
        """Put these layers in the places of the model's LoRA layers."""
        for (place, _, _), layer in zip(self.layers, layers, strict=True):
            self.model.set_submodule(place, layer)

    @contextmanager
    def restored(self, adapter: int = 0) -> Iterator[None]:
        """Restore the model for a while, with the current weights of an adapter, to validate or save it."""
        self.load(adapter)
        compiled = {part: part._compiled_call_impl for part in self.base.model.modules()}
        self.uninstall()
        yield
        for part, implementation in compiled.items():
            part._compiled_call_impl = implementation
        self.install()

    def load(self, adapter: int) -> None:
        """Copy the values of an adapter into the model's own weights."""
        for weight, value in zip(self.own, self.adapters[adapter], strict=True):
            if weight is not value:
                weight.data.copy_(value)

    def install(self) -> None:
        """Put the layers and the attention of these steps into the model."""
        self.replace_layers(self.swapped)
        self.base.model.config._attn_implementation = NAME
        self.base.model.enable_input_require_grads()  # the first layer is then compiled like the others

    def uninstall(self) -> None:
        """Restore the model: peft's layers, its own attention, nothing compiled."""
        self.replace_layers([layer for _, _, layer in self.layers])
        for part in self.base.model.modules():
            part._compiled_call_impl = None
        self.base.model.config._attn_implementation = self.attention
        self.base.model.disable_input_require_grads()

    def tensors(self, shape: Shape) -> tuple[Tensor, dict[str, Tensor]]:
        """Allocate the input of a pass of a shape; return it whole and by its named parts."""
        sizes = self.layout.sizes(shape)
        whole = torch.zeros(sum(sizes.values()), dtype=torch.int64, device=self.device)
        return whole, dict(zip(sizes, whole.split(list(sizes.values())), strict=True))

    def fill(self, part: Part) -> Shape:
        """Copy a pass to the device, and return its shape."""
        shape = self.layout.fitting(part, self.shapes)
        if shape not in self.inputs:
            self.inputs[shape] = self.tensors(shape)
        held = torch.frombuffer(array("q", self.layout.flat(part, shape, self.base.pad)), dtype=torch.int64)
        held = held.pin_memory() if self.device.type == "cuda" else held
        self.inputs[shape][0].copy_(held, non_blocking=True)
        return shape

    def compute(self, shape: Shape) -> None:
        """Run a pass of a shape forward and backward; add its losses and gradients to those of the step."""
        given = self.inputs[shape][1]
        if self.picks is not None:
            self.picks[: len(given["rows"])] = given["rows"][:, None] == self.numbers
        with output_layer_sees(self.base, lambda hidden: hidden[0].index_select(0, given["taught"])):
            logits_NV = self.base.model(
                input_ids=given["ids"][None], position_ids=given["places"][None], use_cache=False,
                ends=given["ends"].int(),
            ).logits  # fmt: skip
        losses_N = self.loss_of(logits_NV, given["next"]) * self.weights[given["taught_by"]]
        grads = torch.autograd.grad(losses_N.sum(), self.halves)
        assert self.master.grad is not None
        count, filled = len(self.master), len(self.half)
        self.master.grad.add_(torch.cat([grad.reshape(filled, -1)[:count] for grad in grads], dim=1))
        taught_JN = self.numbers[:count, None] == given["taught_by"]
        self.totals.add_((taught_JN * losses_N.detach()).sum(1))

    def begin(self, target_tokens: Mapping[int, int]) -> None:
        """Begin a step: set gradients and losses to 0, and copy the adapters to the base's precision."""
        assert self.master.grad is not None
        self.master.grad.zero_()
        self.totals.zero_()
        for adapter, tokens in target_tokens.items():
            self.weights[adapter] = 1 / tokens
        self.half[: len(self.master)] = self.master
        if self.picks is not None:  # one that has diverged must not spoil the others: 0 times nan is nan
            self.half.nan_to_num_()

    def backward(self, chosen: Chosen) -> tuple[Tensor, dict[int, int]]:
        """Compute the gradient of a step; return the mean loss of each adapter and its target tokens.

        The losses stay on the device.
        """
        plans = self.layout.plans
        target_tokens = {
            adapter: sum(len(plans[adapter].encoded[one][1]) for one in part)
            for adapter, part in chosen.items()
        }
        self.begin(target_tokens)
        for part in self.layout.passes(chosen):
            shape = self.fill(part)
            if shape in self.graphs:
                self.graphs[shape].replay()
            else:
                self.compute(shape)
        if self.picks is not None:
            self.totals.add_(self.master.sum(1) * 0)  # nan where a weight is
        return self.totals.clone(), target_tokens

    def clip(self) -> None:
        """Clip the gradient of each adapter to the norm `CLIP`."""
        assert self.master.grad is not None
        norms_J1 = self.master.grad.norm(dim=1, keepdim=True)
        self.master.grad.mul_((CLIP / (norms_J1 + 1e-6)).clamp(max=1.0))

    def compile(self) -> None:
        """Compile the layers once for all lengths, and the loss."""
        kinds = set(self.base.model._no_split_modules or ())
        for layer in self.base.model.modules():
            if type(layer).__name__ in kinds:
                layer.compile(dynamic=True)
        compiled = torch.compile(entropies, dynamic=True)

        def loss_of(logits_NV: Tensor, next_N: Tensor) -> Tensor:
            torch._dynamo.mark_static(logits_NV, 1)  # the vocabulary has one size
            return compiled(logits_NV, next_N)

        self.loss_of = loss_of

    def first_losses(self, part: Part) -> list[float]:
        """Return the losses of a pass, summed for each adapter."""
        self.begin({adapter: 1 for adapter, _ in part})
        self.compute(self.fill(part))
        return self.totals.tolist()

    def capture(self) -> None:
        """Record the kernels of every shape, the largest first: the others then fit in its memory."""
        pool = torch.cuda.graph_pool_handle()
        for shape in sorted(self.shapes, key=lambda shape: -shape.tokens):
            self.fill(self.shapes[shape])
            self.graphs[shape] = captured(partial(self.compute, shape), pool)

    def close(self) -> None:
        """Restore the model for good; its weights keep what they have learnt."""
        self.graphs.clear()
        for weights in self.adapters:
            for weight in weights:
                weight.grad, weight.data = None, weight.data.clone()
        self.uninstall()

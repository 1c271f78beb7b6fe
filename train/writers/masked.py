"""Masked adapters: a layer applies all adapters in one product, and a mask leaves each row its own.

peft can mix adapters too (`adapter_names`), but each of its layers searches for the rows of each adapter, and
starts small products for them. Here the kernels are the same for all rows, so that a CUDA graph holds for any
rows. Layers that read the same input (queries, keys and values) share one product.
"""

from collections.abc import Sequence
from typing import cast

import torch
from peft.tuners.lora import Linear as PeftLora
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

SIBLINGS = ({"q_proj", "k_proj", "v_proj"}, {"gate_proj", "up_proj"})


class UncoveredError(Exception):
    """Slots do not support a base or an adapter; the message says why."""


class AdapterMask:
    """Masks of the stacked low-rank outputs: `table_AR` has a row for each adapter, `now_LR` for each row."""

    def __init__(self, ranks: dict[str, int], like: Tensor) -> None:
        self.ranks = ranks
        self.number = {name: at for at, name in enumerate(ranks)}
        self.table_AR: Tensor = torch.block_diag(*[like.new_ones((1, rank)) for rank in ranks.values()])
        self.now_LR = self.table_AR

    def of(self, adapters: Sequence[str]) -> Tensor:
        """Return the masks of the adapters of some rows."""
        return self.table_AR[[self.number[name] for name in adapters]]


class MaskedLinear(nn.Module):
    """A linear layer with the LoRA updates of all adapters; its group computes it.

    `updates` holds for each adapter the down projection and the scaled up projection, in the layer's
    precision.
    """

    group: "MaskedGroup"

    def __init__(self, layer: PeftLora) -> None:
        super().__init__()
        self.base = cast(nn.Linear, layer.base_layer)
        self.replaced = [layer]  # in a list, so that its weights are not this layer's too
        self.updates: dict[str, tuple[Tensor, Tensor]] = {}
        for name, scaling in layer.scaling.items():
            down, up = (cast(nn.Linear, part[name]).weight.detach() for part in (layer.lora_A, layer.lora_B))
            self.updates[name] = (down.to(self.weight.dtype), up.to(self.weight.dtype) * scaling)

    @property
    def weight(self) -> Tensor:
        """The weight of the base, a row per output; GPT-2 holds it transposed."""
        weight = self.base.weight.detach()
        return weight if isinstance(self.base, nn.Linear) else weight.T

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Return the output of the base plus, for each row, the update of its adapter."""
        return self.group.one(x_BTD, self)


class MaskedGroup:
    """Layers that read the same input: their weights and all down projections are one matrix.

    The weights of the layers become views of it, so no weight is in memory twice.
    """

    def __init__(self, parts: Sequence[MaskedLinear], mask: AdapterMask) -> None:
        self.mask = mask
        self.sizes = [len(part.weight) for part in parts]
        downs, ups = zip(*[self._padded(part) for part in parts], strict=True)
        self.ups: Sequence[Tensor] = ups
        self.whole = torch.cat([*[part.weight for part in parts], *downs])
        self.bias = self._biases([part.base.bias for part in parts])
        self.given: Tensor | None = None
        self.made: dict[MaskedLinear, Tensor] = {}
        self.parts = parts
        for part, own in zip(parts, self._split(self.whole), strict=True):
            part.base.weight.data = own if isinstance(part.base, nn.Linear) else own.T
            part.group = self

    def _padded(self, part: MaskedLinear) -> tuple[Tensor, Tensor]:
        """Return the projections of all adapters side by side, with zeros for those that the layer lacks."""
        like, total = part.weight, sum(self.mask.ranks.values())
        down_RD, up_OR = like.new_zeros((total, like.shape[1])), like.new_zeros((len(like), total))
        begin = 0
        for name, rank in self.mask.ranks.items():
            if name in part.updates:
                down, up = part.updates[name]
                down_RD[begin : begin + len(down)], up_OR[:, begin : begin + len(down)] = down, up
            begin += rank
        return down_RD, up_OR

    def _split(self, whole: Tensor) -> list[Tensor]:
        return list(whole.split([*self.sizes, len(whole) - sum(self.sizes)]))[:-1]

    def _biases(self, biases: Sequence[Tensor | None]) -> Tensor | None:
        if all(bias is None for bias in biases):
            return None
        whole = self.whole.new_zeros(len(self.whole))
        for bias, part in zip(biases, self._split(whole), strict=True):
            if bias is not None:
                part.copy_(bias.detach())
        return whole

    def one(self, x: Tensor, layer: MaskedLinear) -> Tensor:
        """Return the output of a layer, and cache the outputs of its siblings."""
        if self.given is not x or layer not in self.made:
            self.given, self.made = x, dict(zip(self.parts, self._all(x), strict=True))
        made = self.made.pop(layer)
        if not self.made:
            self.given = None
        return made

    def _all(self, x: Tensor) -> list[Tensor]:
        """Return the outputs of all layers; some models (OPT) flatten rows and tokens into one dimension."""
        x_ND, parts = x.flatten(0, -2), len(self.sizes)
        mask_LR = self.mask.now_LR
        both_NO = linear(x_ND, self.whole, self.bias)
        *plain, low_NQ = both_NO.split([*self.sizes, mask_LR.shape[1] * parts], 1)
        low_LWPR = low_NQ.unflatten(1, (parts, -1)).unflatten(0, (len(mask_LR), -1)) * mask_LR[:, None, None]
        lows = low_LWPR.flatten(0, 1).unbind(1)
        return [
            one.addmm_(low, up.T).unflatten(0, x.shape[:-1])
            for one, low, up in zip(plain, lows, self.ups, strict=True)
        ]


def masked(model: PreTrainedModel) -> AdapterMask:
    """Replace all layers that have adapters by masked layers; return the mask that they share.

    An adapter that is more than two small matrices beside a linear layer raises `UncoveredError`.
    """
    unmasked(model)
    found = {name: layer for name, layer in model.named_modules() if isinstance(layer, LoraLayer)}
    for name, layer in found.items():
        plain = isinstance(layer, PeftLora) and type(layer.base_layer) in (nn.Linear, Conv1D)
        if not plain or layer.lora_variant or any(layer.lora_bias.values()):
            raise UncoveredError(f"`{name}` is not a plain linear layer with LoRA")
    if not found:
        raise UncoveredError("it is a whole model without an adapter")
    layers = {name: MaskedLinear(cast(PeftLora, layer)) for name, layer in found.items()}
    ranks: dict[str, int] = {}
    for part in layers.values():
        for name, (down, _) in part.updates.items():
            ranks[name] = max(ranks.get(name, 0), len(down))
    mask = AdapterMask(ranks, next(iter(layers.values())).weight)
    for name, part in layers.items():
        model.set_submodule(name, part)
    for group in siblings(list(layers)):
        MaskedGroup([layers[name] for name in group], mask)
    return mask


def unmasked(model: PreTrainedModel) -> None:
    """Put peft's layers back where masked layers replaced them, with separate weights."""
    for name, layer in list(model.named_modules()):
        if isinstance(layer, MaskedLinear):
            layer.base.weight.data = layer.base.weight.data.clone()
            model.set_submodule(name, layer.replaced[0])


def siblings(names: Sequence[str]) -> list[list[str]]:
    """Group the names of layers that read the same input.

    >>> siblings(["0.q_proj", "0.k_proj", "0.o_proj", "1.q_proj"])
    [['0.q_proj', '0.k_proj'], ['0.o_proj'], ['1.q_proj']]
    """
    groups: dict[tuple[str, int | str], list[str]] = {}
    for name in names:
        parent, _, last = name.rpartition(".")
        kind = next((at for at, kinds in enumerate(SIBLINGS) if last in kinds), last)
        groups.setdefault((parent, kind), []).append(name)
    return list(groups.values())

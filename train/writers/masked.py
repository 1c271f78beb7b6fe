"""Masked adapters: apply all adapters of a layer in one product, and mask each row's other adapters.

Spans of rows (`mixing`) take a product for each adapter, and the order of rows decides which. On a GPU that
is many small kernels, and a CUDA graph of them would hold for those rows only. Here the kernels are the same
for all rows. Layers that read the same input (queries, keys and values) share one product.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import PreTrainedModel

from thoughtmill.train.writers.mixing import MixedLinear

SIBLINGS = ({"q_proj", "k_proj", "v_proj"}, {"gate_proj", "up_proj"})


class AdapterMask:
    """The adapters of rows, as ones and zeros: `table_AR` by adapter, `now_LR` by row."""

    def __init__(self, ranks: dict[str, int], like: Tensor) -> None:
        self.ranks = ranks
        self.number = {name: at for at, name in enumerate(ranks)}
        self.table_AR: Tensor = torch.block_diag(*[like.new_ones((1, rank)) for rank in ranks.values()])
        self.now_LR = self.table_AR

    def of(self, adapters: Sequence[str]) -> Tensor:
        """Return the lines of rows."""
        return self.table_AR[[self.number[name] for name in adapters]]


class MaskedGroup:
    """Layers that read the same input: their weights and all down projections are one matrix.

    The weights of the layers become views of it, so no weight is in memory twice.
    """

    def __init__(self, parts: Sequence[MixedLinear], mask: AdapterMask) -> None:
        self.mask = mask
        weights = [weight_of(part) for part in parts]
        self.sizes = [len(weight) for weight in weights]
        downs = [torch.cat([_down(part, name, rank) for name, rank in mask.ranks.items()]) for part in parts]
        self.ups = [torch.cat([_up(part, name, rank) for name, rank in mask.ranks.items()]) for part in parts]
        self.whole = torch.cat([*weights, *downs])
        for part, own in zip(
            parts, self.whole.split([*self.sizes, len(self.whole) - sum(self.sizes)]), strict=False
        ):
            part.base.weight.data = own if isinstance(part.base, nn.Linear) else own.T
        self.bias = self._biases([part.base.bias for part in parts])
        self.given: Tensor | None = None
        self.made: dict[int, Tensor] = {}
        for at, part in enumerate(parts):
            part.masked = partial(self.one, at=at)

    def _biases(self, biases: Sequence[Tensor | None]) -> Tensor | None:
        if all(bias is None for bias in biases):
            return None
        whole = self.whole.new_zeros(len(self.whole))
        for bias, part in zip(biases, whole.split([*self.sizes, len(whole) - sum(self.sizes)]), strict=False):
            if bias is not None:
                part.copy_(bias.detach())
        return whole

    def one(self, x: Tensor, at: int) -> Tensor:
        """Return the output of a layer, and keep the outputs of its siblings for them."""
        if self.given is not x or at not in self.made:
            self.given, self.made = x, dict(enumerate(self.all(x)))
        made = self.made.pop(at)
        if not self.made:
            self.given = None
        return made

    def all(self, x: Tensor) -> list[Tensor]:
        """Return the outputs of all layers."""
        x_ND, parts = x.flatten(0, -2), len(self.sizes)
        mask_LR = self.mask.now_LR
        both_NO = linear(x_ND, self.whole, self.bias)
        *plain, low_NQ = both_NO.split([*self.sizes, mask_LR.shape[1] * parts], 1)
        low_LWPR = low_NQ.unflatten(1, (parts, -1)).unflatten(0, (len(mask_LR), -1)) * mask_LR[:, None, None]
        lows = low_LWPR.flatten(0, 1).unbind(1)
        return [
            one.addmm_(low, up).unflatten(0, x.shape[:-1])
            for one, low, up in zip(plain, lows, self.ups, strict=True)
        ]


def weight_of(part: MixedLinear) -> Tensor:
    """Return the weight of a layer, a row per output; GPT-2 holds it transposed."""
    weight = part.base.weight.detach()
    return weight if isinstance(part.base, nn.Linear) else weight.T


def _down(part: MixedLinear, name: str, rank: int) -> Tensor:
    down_DR, _, _ = part.updates.get(name, (weight_of(part)[:0].T, None, None))
    return torch.cat([down_DR.T, down_DR.new_zeros((rank - down_DR.shape[1], down_DR.shape[0]))])


def _up(part: MixedLinear, name: str, rank: int) -> Tensor:
    _, up_RO, scaling = part.updates.get(name, (None, weight_of(part)[:, :0].T, 1.0))
    return torch.cat([up_RO * scaling, up_RO.new_zeros((rank - up_RO.shape[0], up_RO.shape[1]))])


def masked(model: PreTrainedModel) -> AdapterMask:
    """Switch the layers from spans to a mask; return the mask that all of them read."""
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, MixedLinear)}
    ranks: dict[str, int] = {}
    for layer in layers.values():
        for name, (down, _, _) in layer.updates.items():
            ranks[name] = max(ranks.get(name, 0), down.shape[1])
    mask = AdapterMask(ranks, next(iter(layers.values())).weight)
    for group in siblings(list(layers)):
        MaskedGroup([layers[name] for name in group], mask)
    return mask


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

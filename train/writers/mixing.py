"""Mixing: linear layers that hold all adapters at once and give each span of a batch its own.

peft mixes adapters too (`adapter_names`), but looks for the rows of each anew in every layer, which takes a
small student half of its time. Here the rows of an adapter stand together, and a layer takes a slice.
"""

from itertools import groupby
from typing import cast

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import PreTrainedModel

Spans = list[tuple[str, int, int]]
"""The adapters of a batch: name, first row, end; all layers of a model share the list."""


class MixedLinear(nn.Module):
    """A linear layer of the base with the updates of all adapters that peft put on it, in its own precision.

    `updates` holds for each adapter what leads down to its rank, what leads up again, and its scaling.
    """

    def __init__(self, layer: LoraLayer, spans: Spans, dtype: torch.dtype) -> None:
        super().__init__()
        self.spans = spans
        self.base = cast(nn.Linear, layer.base_layer)
        dtype = self.base.weight.dtype if self.base.weight.is_floating_point() else dtype
        self.updates: dict[str, tuple[Tensor, Tensor, float]] = {}
        for name, scaling in layer.scaling.items():
            parts = (cast(nn.Linear, part[name]) for part in (layer.lora_A, layer.lora_B))
            down, up = (part.weight.detach().to(dtype).T for part in parts)
            self.updates[name] = (down, up, scaling)

    @property
    def weight(self) -> Tensor:
        """The base's weight: some models (T5) look at its type."""
        return self.base.weight

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Add to what the base makes of each row what the row's adapter does."""
        y_BTD: Tensor = self.base(x_BTD)
        x_ND, y_ND = x_BTD.flatten(0, -2), y_BTD.flatten(0, -2)  # OPT hands over all rows in one
        for adapter, begin, end in self.spans:
            if adapter in self.updates:
                width = len(x_ND) // self.spans[-1][2]
                down, up, scaling = self.updates[adapter]
                low_NR = x_ND[begin * width : end * width] @ down
                y_ND[begin * width : end * width].addmm_(low_NR, up, alpha=scaling)
        return y_BTD


def mix(model: PreTrainedModel) -> Spans:
    """Let the layers of a model that carry adapters mix them; return the spans that they all read."""
    spans: Spans = []
    for name, layer in list(model.named_modules()):
        if isinstance(layer, LoraLayer):
            model.set_submodule(name, MixedLinear(layer, spans, model.dtype))
        elif isinstance(layer, MixedLinear):
            layer.spans = spans
    return spans


def spans_of(adapters: list[str]) -> Spans:
    """Return the spans of rows whose adapters stand together.

    >>> spans_of(["ir", "ir", "kg"])
    [('ir', 0, 2), ('kg', 2, 3)]
    """
    ends, found = 0, []
    for adapter, group in groupby(adapters):
        begin, ends = ends, ends + len(list(group))
        found.append((adapter, begin, ends))
    return found

"""Mixed batches: linear layers that apply a different adapter to each span of rows.

peft can do that too (`adapter_names`), but every layer of peft searches for the rows of each adapter, which
takes half the time of a small student. Here the rows of an adapter are neighbours, and a layer takes a slice.
"""

from collections.abc import Callable
from itertools import groupby
from typing import cast

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import PreTrainedModel

Spans = list[tuple[str, int, int]]
"""The adapters of a batch: name, first row, end; all layers of a model share the list."""


class MixedLinear(nn.Module):
    """A linear layer of the base with the LoRA updates of all adapters, in the precision of the layer.

    `updates` holds for each adapter the down projection, the up projection, and the scaling.
    """

    def __init__(self, layer: LoraLayer, spans: Spans, dtype: torch.dtype) -> None:
        super().__init__()
        self.spans = spans
        self.masked: Callable[[Tensor], Tensor] | None = None
        """The replacement of this layer on a GPU: see `masked`."""
        self.base = cast(nn.Linear, layer.base_layer)
        dtype = self.base.weight.dtype if self.base.weight.is_floating_point() else dtype
        self.updates: dict[str, tuple[Tensor, Tensor, float]] = {}
        for name, scaling in layer.scaling.items():
            parts = (cast(nn.Linear, part[name]) for part in (layer.lora_A, layer.lora_B))
            down, up = (part.weight.detach().to(dtype).T for part in parts)
            self.updates[name] = (down, up, scaling)

    @property
    def weight(self) -> Tensor:
        """The weight of the base, whose type some models (T5) read."""
        return self.base.weight

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Return the output of the base plus, for each row, the update of its adapter."""
        if self.masked is not None:
            return self.masked(x_BTD)
        y_BTD: Tensor = self.base(x_BTD)
        x_ND, y_ND = x_BTD.flatten(0, -2), y_BTD.flatten(0, -2)  # OPT passes flattened rows
        for adapter, begin, end in self.spans:
            if adapter in self.updates:
                width = len(x_ND) // self.spans[-1][2]
                down, up, scaling = self.updates[adapter]
                low_NR = x_ND[begin * width : end * width] @ down
                y_ND[begin * width : end * width].addmm_(low_NR, up, alpha=scaling)
        return y_BTD


def mix(model: PreTrainedModel) -> Spans:
    """Replace layers with adapters by mixed layers; return the spans that all of them read."""
    spans: Spans = []
    for name, layer in list(model.named_modules()):
        if isinstance(layer, LoraLayer):
            model.set_submodule(name, MixedLinear(layer, spans, model.dtype))
        elif isinstance(layer, MixedLinear):
            layer.spans, layer.masked = spans, None
    return spans


def spans_of(adapters: list[str]) -> Spans:
    """Return the spans of neighbouring rows with the same adapter.

    >>> spans_of(["ir", "ir", "kg"])
    [('ir', 0, 2), ('kg', 2, 3)]
    """
    ends, found = 0, []
    for adapter, group in groupby(adapters):
        begin, ends = ends, ends + len(list(group))
        found.append((adapter, begin, ends))
    return found

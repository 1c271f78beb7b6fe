"""Mixing: linear layers that hold all adapters at once and give each span of a batch its own.

peft mixes adapters too (`adapter_names`), but looks for the rows of each anew in every layer, which takes a
small student half of its time. Here the rows of an adapter stand together, and a layer takes a slice.
"""

from itertools import groupby
from typing import cast

from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import PreTrainedModel

Spans = list[tuple[str, slice]]
"""Which adapter plays which rows of a batch, shared by all layers of a model."""


class Mixed(nn.Module):
    """A linear layer of the base with the updates of all adapters that peft put on it."""

    def __init__(self, layer: LoraLayer, spans: Spans) -> None:
        super().__init__()
        self.spans = spans
        self.base = cast(nn.Linear, layer.base_layer)
        self.lora_A = nn.ParameterDict({name: down.weight for name, down in layer.lora_A.items()})
        self.lora_B = nn.ParameterDict({name: up.weight for name, up in layer.lora_B.items()})
        self.scaling = dict(layer.scaling)

    @property
    def weight(self) -> Tensor:
        """The base's weight: some models (T5) look at its type."""
        return self.base.weight

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Add to what the base makes of each row what the row's adapter does."""
        y_BTD: Tensor = self.base(x_BTD)
        for adapter, rows in self.spans:
            if adapter in self.scaling:
                down, up = self.lora_A[adapter], self.lora_B[adapter]
                low_BTR = linear(x_BTD[rows].to(down.dtype), down) * self.scaling[adapter]
                y_BTD[rows] += linear(low_BTR, up).to(y_BTD.dtype)
        return y_BTD


def mix(model: PreTrainedModel) -> Spans:
    """Let the layers of a model that carry adapters mix them; return the spans that they all read."""
    spans: Spans = []
    for name, layer in list(model.named_modules()):
        if isinstance(layer, LoraLayer):
            model.set_submodule(name, Mixed(layer, spans))
        elif isinstance(layer, Mixed):
            layer.spans = spans
    return spans


def spans_of(adapters: list[str]) -> Spans:
    """Return the spans of rows whose adapters stand together.

    >>> spans_of(["ir", "ir", "kg"])
    [('ir', slice(0, 2, None)), ('kg', slice(2, 3, None))]
    """
    ends, found = 0, []
    for adapter, group in groupby(adapters):
        begin, ends = ends, ends + len(list(group))
        found.append((adapter, slice(begin, ends)))
    return found

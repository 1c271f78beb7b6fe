"""LoRA in the precision of the base: layers compute with copies of an adapter's weights, made once a step."""

from collections.abc import Sequence
from typing import cast

import torch
from peft.tuners.lora import Linear as PeftLora
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from torch.nn import functional


class Unsupported(ValueError):
    """A run that the faster step is not made for."""


class HalfLora(nn.Module):
    """peft's LoRA layer, under the same names, which computes with copies of its weights in bfloat16."""

    def __init__(self, layer: PeftLora, name: str, down: Tensor, up: Tensor) -> None:
        super().__init__()
        self.base_layer, self.lora_A, self.lora_B = layer.base_layer, layer.lora_A, layer.lora_B
        self.dropout, self.scaling = layer.lora_dropout[name], float(layer.scaling[name])
        self.down, self.up = nn.Parameter(down), nn.Parameter(up)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Return what the layer and its adapter make of the input.

        The scaling is on the narrow side, and the sum is left to a compiler to fuse with what follows.
        """
        low_BTR = functional.linear(self.dropout(x_BTD), self.down) * self.scaling
        y_BTE: Tensor = self.base_layer(x_BTD) + functional.linear(low_BTR, self.up)
        return y_BTE


def in_one(weights: Sequence[Tensor], dtype: torch.dtype) -> tuple[Tensor, list[Tensor]]:
    """Return a copy of the weights in one tensor, and its part for each of them."""
    whole = torch.cat([weight.detach().flatten() for weight in weights]).to(dtype)
    parts = whole.split([weight.numel() for weight in weights])
    return whole, [part.view_as(weight) for part, weight in zip(parts, weights, strict=True)]


def lora_layers(model: nn.Module) -> list[tuple[str, str, PeftLora]]:
    """Return the layers with an adapter: the name of each in the model, its adapter's, the layer."""
    found: list[tuple[str, str, PeftLora]] = []
    for place, layer in model.named_modules():
        if not isinstance(layer, LoraLayer):
            continue
        plain = isinstance(layer, PeftLora) and type(layer.base_layer) is nn.Linear
        odd = layer.lora_variant or any(layer.lora_bias.values()) or len(layer.active_adapters) != 1
        if not plain or odd:
            raise Unsupported(f"`{place}` is no plain linear layer with one LoRA")
        found.append((place, layer.active_adapters[0], cast(PeftLora, layer)))
    return found

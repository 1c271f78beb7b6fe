"""LoRA in the precision of the base: layers compute with copies of an adapter's weights, made once a step."""

from collections.abc import Sequence
from typing import cast

import torch
from peft.tuners.lora import Linear as PeftLora
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from torch.nn import functional


class Unsupported(ValueError):
    """The faster step does not support a run; the message says why."""


class HalfLora(nn.Module):
    """A LoRA layer with peft's names that computes with copies of its weights in bfloat16.

    With `picks` it holds the weights of several adapters, `down` as JRD and `up` as JER. The input is then
    cut into parts of one width, and `picks_PJ` is a one-hot matrix: the adapter of each part.
    """

    picks: Tensor | None

    def __init__(
        self,
        layer: PeftLora,
        name: str,
        down: Tensor,
        up: Tensor,
        picks_PJ: Tensor | None = None,
        width: int | None = None,
    ) -> None:
        super().__init__()
        self.base_layer, self.lora_A, self.lora_B = layer.base_layer, layer.lora_A, layer.lora_B
        self.dropout, self.scaling = layer.lora_dropout[name], float(layer.scaling[name])
        self.down, self.up, self.width = nn.Parameter(down), nn.Parameter(up), width
        self.register_buffer("picks", picks_PJ, persistent=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Return the layer's output plus the update of its adapter.

        The narrow product is scaled, which is cheaper; a compiler fuses the sum with the next operation.
        """
        y_BTE: Tensor = self.base_layer(x_BTD)
        if self.picks is None:
            low_BTR = functional.linear(self.dropout(x_BTD), self.down) * self.scaling
            return y_BTE + functional.linear(low_BTR, self.up)
        x_PWD = self.dropout(x_BTD).view(-1, self.width, x_BTD.shape[-1])
        picks_PJ = self.picks[: x_PWD.shape[0]]
        low_PWR = torch.bmm(x_PWD, picked(picks_PJ, self.down).transpose(1, 2)) * self.scaling
        return y_BTE + torch.bmm(low_PWR, picked(picks_PJ, self.up).transpose(1, 2)).view_as(y_BTE)


def picked(picks_PJ: Tensor, weight_JXY: Tensor) -> Tensor:
    """Return the adapter's weight for each part, as a matrix product, so that its gradient is one too.

    Indexing would add gradients in an undefined order.
    """
    return (picks_PJ @ weight_JXY.flatten(1)).view(-1, *weight_JXY.shape[1:])


def in_one(adapters: Sequence[Sequence[Tensor]], dtype: torch.dtype) -> tuple[Tensor, list[Tensor]]:
    """Copy the weights of adapters into the rows of one tensor; return it, and a view of it for each weight.

    The views of several adapters have their number as the first dimension.
    """
    whole_JN = torch.stack(
        [torch.cat([weight.detach().flatten() for weight in weights]) for weights in adapters]
    ).to(dtype)
    many = [] if len(adapters) == 1 else [len(adapters)]
    parts = whole_JN.split([weight.numel() for weight in adapters[0]], dim=1)
    shaped = zip(parts, adapters[0], strict=True)
    return whole_JN, [part.view(*many, *weight.shape) for part, weight in shaped]


def lora_layers(model: nn.Module) -> list[tuple[str, str, PeftLora]]:
    """Return the layers with an adapter: the name in the model, the name of the adapter, the layer."""
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

"""The trainable weights: of adapters or whole models, on one process or sharded over several."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

Weights = Mapping[str, nn.Parameter]
"""Weights by their names in the model."""


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights of a model that require gradients."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


@torch.no_grad()
def copied(weights: Weights) -> dict[str, Tensor]:
    """Return unsharded copies of weights in CPU memory."""
    return {name: _whole(weight.detach()).to("cpu", copy=True) for name, weight in weights.items()}


@torch.no_grad()
def restore(weights: Weights, values: Mapping[str, Tensor]) -> None:
    """Set weights to these values."""
    for name, weight in weights.items():
        value = values[name].to(weight.device)
        if isinstance(weight, DTensor):
            value = distribute_tensor(value, weight.device_mesh, weight.placements)
        weight.copy_(value)


def shard(model: nn.Module) -> None:
    """Spread a model over the processes, layer by layer (FSDP, arXiv 2304.11277): each holds a part of it.

    A layer is whole only while it computes.
    """
    kinds = set(getattr(model, "_no_split_modules", None) or ())
    for layer in model.modules():
        if type(layer).__name__ in kinds:
            fully_shard(layer)
    fully_shard(model)


def _whole(weight: Tensor) -> Tensor:
    return weight.full_tensor() if isinstance(weight, DTensor) else weight

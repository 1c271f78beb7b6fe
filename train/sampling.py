"""Sampling: rows of samples under way, which others join and leave, and the choice of their next tokens."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import torch
from torch import Tensor
from transformers import EncoderDecoderCache

from train.writing import Request


@dataclass(slots=True)
class Row:
    """One sample under way; it ends after `limit` tokens at the latest."""

    request: Request
    prompt: list[int]
    adapter: str
    limit: int
    random: Random
    tokens: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Rows:
    """Rows of one forward pass and the keys and values of what they have read.

    Everything is padded on the left, so that all rows end in the same column.

    `mask_BT` is over the tokens that have been read; `asked_BS` and `read_BSD`, of an encoder, over prompts.
    """

    rows: list[Row]
    cache: Any
    mask_BT: Tensor
    asked_BS: Tensor | None
    read_BSD: Tensor | None

    def layers(self) -> list[tuple[Any, bool]]:
        """Return the layers of the cache and whether each is over an encoder's prompts."""
        if isinstance(self.cache, EncoderDecoderCache):
            return [(layer, False) for layer in self.cache.self_attention_cache.layers] + [
                (layer, True) for layer in self.cache.cross_attention_cache.layers
            ]
        return [(layer, False) for layer in self.cache.layers]

    def keep(self, chosen: list[int]) -> None:
        """Drop all rows but the chosen, and the columns that only the dropped ones filled."""
        self.rows = [self.rows[at] for at in chosen]
        rows_B = torch.tensor(chosen, device=self.mask_BT.device)
        first = int(self.mask_BT[rows_B].any(0).int().argmax())
        self.mask_BT = self.mask_BT[rows_B, first:]
        for layer, crossed in self.layers():
            layer.keys = layer.keys[rows_B, :, 0 if crossed else first :]
            layer.values = layer.values[rows_B, :, 0 if crossed else first :]
        if self.asked_BS is not None and self.read_BSD is not None:
            self.asked_BS, self.read_BSD = self.asked_BS[rows_B], self.read_BSD[rows_B]

    def join(self, other: "Rows") -> None:
        """Take in the rows of another batch."""
        self.rows = self.rows + other.rows
        self.mask_BT = joined(self.mask_BT, other.mask_BT, 1)
        for (layer, _), (added, _) in zip(self.layers(), other.layers(), strict=True):
            layer.keys = joined(layer.keys, added.keys, 2)
            layer.values = joined(layer.values, added.values, 2)
        if self.asked_BS is not None and other.asked_BS is not None:
            self.asked_BS = joined(self.asked_BS, other.asked_BS, 1)
        if self.read_BSD is not None and other.read_BSD is not None:
            self.read_BSD = joined(self.read_BSD, other.read_BSD, 1)


def joined(one: Tensor, other: Tensor, along: int) -> Tensor:
    """Put rows under rows, both padded with zeros on the left to the wider of the two."""
    width = max(one.shape[along], other.shape[along])
    padded = []
    for part in (one, other):
        shape = list(part.shape)
        shape[along] = width - shape[along]
        padded.append(torch.cat([part.new_zeros(shape), part], along))
    return torch.cat(padded)


def choose(
    logits_BV: Tensor, temperatures_B: Tensor, uniforms_B: Tensor, *, top_k: int, top_p: float
) -> Tensor:
    """Return a token per row: the likeliest at temperature 0, else that of its number in [0, 1).

    Among the `top_k` likeliest, the fewest are left that hold `top_p` of the probability; laid end to end,
    the likeliest first, the uniform number points at one.
    """
    kept_BK, tokens_BK = logits_BV.topk(min(top_k, logits_BV.shape[1]))
    heat_B1 = temperatures_B[:, None].clamp(min=1e-6)
    shares_BK = ((kept_BK - kept_BK[:, :1]) / heat_B1).softmax(1)
    before_BK = shares_BK.cumsum(1) - shares_BK
    shares_BK = shares_BK.masked_fill(before_BK >= top_p, 0.0)
    ends_BK = shares_BK.cumsum(1)
    point_B1 = uniforms_B[:, None] * ends_BK[:, -1:]
    last_B1 = (shares_BK > 0).sum(1, keepdim=True) - 1
    at_B1 = (ends_BK <= point_B1).sum(1, keepdim=True).minimum(last_B1)
    at_B1 = torch.where(temperatures_B[:, None] > 0, at_B1, 0)
    return tokens_BK.gather(1, at_B1)[:, 0]

"""Sampling: the batch of active samples, its keys and values, and the choice of the next tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import torch
from torch import Tensor
from transformers import EncoderDecoderCache
from transformers.cache_utils import Cache, DynamicLayer

from thoughtmill.train.answering import GenerationRequest

ROOM = 64
"""The number of columns by which keys and values grow."""


@dataclass(slots=True)
class ActiveSample:
    """A sample that is being written; it ends after `limit` tokens at the latest."""

    request: GenerationRequest
    prompt: list[int]
    adapter: str
    limit: int
    random: Random
    tokens: list[int] = field(default_factory=list)
    ended: bool = False


class PreallocatedLayer(DynamicLayer):
    """Keys and values of a layer, with spare columns, so that not every token copies all of them."""

    room: tuple[Tensor, Tensor] | None = None

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Append the keys and values of more tokens and return all of them."""
        if not self.is_initialized:
            self.hold(key_states, value_states)
            return key_states, value_states
        begin = self.get_seq_length()
        end = begin + key_states.shape[2]
        if self.room is None or self.room[0].shape[2] < end:
            keys, values = self.held
            self.room = (with_room(keys, end + ROOM), with_room(values, end + ROOM))
        keys, values = self.room
        keys[:, :, begin:end], values[:, :, begin:end] = key_states, value_states
        self.keys, self.values = keys[:, :, :end], values[:, :, :end]
        return self.keys, self.values

    @property
    def held(self) -> tuple[Tensor, Tensor]:
        """The keys and values of all tokens read so far."""
        assert self.keys is not None
        assert self.values is not None
        return self.keys, self.values

    def hold(self, keys: Tensor, values: Tensor) -> None:
        """Replace the keys and values."""
        if not self.is_initialized:
            self.lazy_initialization(keys, values)
        self.keys, self.values, self.room = keys, values, None


def with_room(held_BHTD: Tensor, columns: int) -> Tensor:
    """Return a copy with room for `columns` columns."""
    batch, heads, width, size = held_BHTD.shape
    grown = held_BHTD.new_empty((batch, heads, columns, size))
    grown[:, :, :width] = held_BHTD
    return grown


@dataclass(slots=True)
class ActiveBatch:
    """The rows of a forward pass, and the keys and values of the tokens that they have read.

    Everything is padded on the left, so that all rows end in the same column.

    `mask_BT` covers the tokens that have been read; `asked_BS` and `read_BSD`, for an encoder, cover prompts.
    """

    rows: list[ActiveSample]
    cache: Cache | EncoderDecoderCache
    mask_BT: Tensor
    asked_BS: Tensor | None = None
    read_BSD: Tensor | None = None

    def layers(self) -> list[tuple[PreallocatedLayer, bool]]:
        """Return the layers of the cache, each with whether it belongs to the prompts of an encoder."""
        if not isinstance(self.cache, EncoderDecoderCache):
            return [(cast(PreallocatedLayer, layer), False) for layer in self.cache.layers]
        both = ((self.cache.self_attention_cache, False), (self.cache.cross_attention_cache, True))
        return [
            (cast(PreallocatedLayer, layer), crossed) for cache, crossed in both for layer in cache.layers
        ]

    def live(self) -> list[int]:
        """Return the indices of the rows that have not ended, grouped by adapter."""
        places = [at for at, row in enumerate(self.rows) if not row.ended]
        return sorted(places, key=lambda at: self.rows[at].adapter)

    def choose(self, chosen: Sequence[int]) -> None:
        """Keep the rows at some indices, in that order, and drop empty columns."""
        self.rows = [self.rows[at] for at in chosen]
        rows_B = torch.tensor(chosen, device=self.mask_BT.device)
        first = int(self.mask_BT[rows_B].any(0).int().argmax())
        self.mask_BT = self.mask_BT[rows_B, first:]
        for layer, crossed in self.layers():
            keys, values = (held[rows_B, :, 0 if crossed else first :] for held in layer.held)
            layer.hold(keys, values)
        if self.asked_BS is not None and self.read_BSD is not None:
            self.asked_BS, self.read_BSD = self.asked_BS[rows_B], self.read_BSD[rows_B]

    def join(self, other: "ActiveBatch") -> None:
        """Append the rows of another batch."""
        self.rows = self.rows + other.rows
        self.mask_BT = joined(self.mask_BT, other.mask_BT, 1)
        for (layer, _), (added, _) in zip(self.layers(), other.layers(), strict=True):
            keys, values = (joined(*both, 2) for both in zip(layer.held, added.held, strict=True))
            layer.hold(keys, values)
        if self.asked_BS is not None and other.asked_BS is not None:
            self.asked_BS = joined(self.asked_BS, other.asked_BS, 1)
        if self.read_BSD is not None and other.read_BSD is not None:
            self.read_BSD = joined(self.read_BSD, other.read_BSD, 1)


def empty_cache(two_sided: bool) -> Cache | EncoderDecoderCache:
    """Return an empty cache for a decoder-only or an encoder-decoder model."""
    caches = [Cache(layer_class_to_replicate=PreallocatedLayer) for _ in range(2)]
    return EncoderDecoderCache(*caches) if two_sided else caches[0]


def joined(one: Tensor, other: Tensor, along: int) -> Tensor:
    """Concatenate rows, padded with zeros on the left to the same width."""
    width = max(one.shape[along], other.shape[along])
    padded = []
    for part in (one, other):
        shape = list(part.shape)
        shape[along] = width - shape[along]
        padded.append(torch.cat([part.new_zeros(shape), part], along))
    return torch.cat(padded)


def pick(
    logits_BV: Tensor, temperatures_B: Tensor, uniforms_B: Tensor, *, top_k: int, top_p: float
) -> Tensor:
    """Return a token per row: the likeliest at temperature 0, else the choice of its uniform number.

    Of the `top_k` likeliest tokens, the fewest that hold `top_p` of the probability are kept. The uniform
    number in [0, 1) selects among them by inverting their cumulative distribution, the likeliest first.
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

"""Slots: a static KV cache, in which a row can join or leave while the others stay in place.

A row's prompt is read into its slot from column 0 on; each token it then writes takes the next column.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from transformers import PreTrainedModel
from transformers.cache_utils import Cache
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from thoughtmill.factory.core.errors import ThoughtmillError

NAME = "thoughtmill_slots"
KERNELS = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
"""cuDNN's is left out: it makes a plan for every new shape of a batch of prompts."""
UNCOVERED = ("sliding_window", "softcap", "s_aux", "position_bias")
"""Features of attention that slots do not support."""

Decode = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, float], Tensor]
"""Decode attention: takes queries, new keys and values, cached keys and values, lengths, and the scale."""


class Slots(Cache):
    """Keys and values of up to `rows` rows by layer, `lengths_S` tokens of each; a cache for a model.

    Within `reading`, prompts are read into some slots; else a token is added to each of the first
    `live` slots.
    """

    def __init__(self, rows: int, device: torch.device, decode: Decode) -> None:
        super().__init__(layers=[])
        self.rows, self.columns, self.decode = rows, 0, decode
        self.lengths_S = torch.zeros(rows, dtype=torch.int32, device=device)
        self.held: list[tuple[Tensor, Tensor]] = []
        self.live, self.layer = rows, 0
        self.read: tuple[Tensor, Tensor] | None = None

    def reserve(self, columns: int) -> None:
        """Allocate this number of tokens for each row, layer by layer: memory never holds all twice."""
        for layer, (keys, values) in enumerate(self.held):
            self.held[layer] = widened(keys, columns), widened(values, columns)
        self.columns = columns

    @contextmanager
    def reading(self, slots: Tensor, places: Tensor) -> Iterator[None]:
        """Read prompts, padded on the right, into `slots`; `places` says which prompt each slot gets."""
        self.read = slots, places
        try:
            yield
        finally:
            self.read = None

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Note the layer, cache the keys and values of prompts, and return the arguments unchanged."""
        self.layer = layer_idx
        while len(self.held) <= layer_idx:
            shape = (self.rows, key_states.shape[1], self.columns)
            keys, values = (one.new_zeros((*shape, one.shape[3])) for one in (key_states, value_states))
            self.held.append((keys, values))
        if self.read is not None:
            slots, places = self.read
            for held, new in zip(self.held[layer_idx], (key_states, value_states), strict=True):
                held[slots, :, : new.shape[2]] = new[places]
        return key_states, value_states

    def get_seq_length(self, *_: Any) -> int:
        """Return 0, because positions are always given with the tokens."""
        return 0

    def move(self, sources: Tensor, targets: Tensor) -> None:
        """Copy rows into free slots."""
        for held in (one for pair in self.held for one in pair):
            held[targets] = held[sources]
        self.lengths_S[targets] = self.lengths_S[sources]

    def attend(self, query: Tensor, keys: Tensor, values: Tensor, scale: float) -> Tensor:
        """Return the output of attention in a layer, by row, token and head."""
        if self.read is not None:
            grouped = query.shape[1] != keys.shape[1]
            found = scaled_dot_product_attention(
                query, keys, values, is_causal=True, scale=scale, enable_gqa=grouped
            )
            return found.transpose(1, 2)
        held = self.held[self.layer]
        lengths_B = self.lengths_S[: self.live]
        return self.decode(query[:, :, 0], keys[:, :, 0], values[:, :, 0], *held, lengths_B, scale)[:, None]


def decode_by_mask(
    query_BHD: Tensor, key_BKD: Tensor, value_BKD: Tensor, keys_SKCD: Tensor, values_SKCD: Tensor,
    lengths_B: Tensor, scale: float,
) -> Tensor:  # fmt: skip
    """Store the new key and value of every row, and attend to all of the row's."""
    live, device = len(query_BHD), query_BHD.device
    rows_B = torch.arange(live, device=device)
    keys_SKCD[rows_B, :, lengths_B], values_SKCD[rows_B, :, lengths_B] = key_BKD, value_BKD
    # On a processor the longest row is known at no cost; a CUDA graph must not depend on it.
    width = keys_SKCD.shape[2] if query_BHD.is_cuda else int(lengths_B.max()) + 1
    beyond_BC = torch.arange(width, device=device) > lengths_B[:, None]
    query_BKGD = query_BHD.unflatten(1, (key_BKD.shape[1], -1)) * scale
    scores_BKGC = query_BKGD @ keys_SKCD[:live, :, :width].transpose(2, 3)
    shares_BKGC = scores_BKGC.masked_fill_(beyond_BC[:, None, None], -torch.inf).softmax(-1)
    found_BKGD: Tensor = shares_BKGC @ values_SKCD[:live, :, :width]
    return found_BKGD.flatten(1, 2)


def widened(held_SKCD: Tensor, columns: int) -> Tensor:
    """Return a copy with this number of columns."""
    rows, heads, width, size = held_SKCD.shape
    grown = held_SKCD.new_zeros((rows, heads, columns, size))
    grown[:, :, :width] = held_SKCD
    return grown


@contextmanager
def attending(model: PreTrainedModel, slots: Slots) -> Iterator[None]:
    """Let all layers of a model attend to slots."""
    config = model.config.get_text_config()
    ALL_ATTENTION_FUNCTIONS.register(NAME, partial(_attention, slots))
    before, config._attn_implementation = config._attn_implementation, NAME
    try:
        with sdpa_kernel(KERNELS):
            yield
    finally:
        config._attn_implementation = before


def _attention(
    slots: Slots,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    scaling: float | None = None,
    **given: Any,
) -> tuple[Tensor, None]:
    if asked := [name for name in UNCOVERED if given.get(name) is not None]:
        raise ThoughtmillError(f"its attention wants {asked[0]}")
    return slots.attend(query, key, value, query.shape[-1] ** -0.5 if scaling is None else scaling), None

"""Prefill and decode steps: prompts are read into slots, then each step writes a token of every row."""

import inspect
import sys
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from thoughtmill.train.devices.graphs import captured
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.masked import AdapterMask
from thoughtmill.train.writers.sampling import pick
from thoughtmill.train.writers.slots import Decode, Slots, attending

READ = 2**15
"""The most tokens of prompts, with padding, in a prefill pass."""
ROOM = 128
"""Slots grow by this number of columns."""


class SlotSteps:
    """Runs a model over slots; the tensors of a step have fixed addresses, so that CUDA graphs can use them.

    `model` is that of the base, with adapters. `captures` says whether steps are CUDA graphs; it turns off
    when a model cannot be captured. `given` is what the model gets beside tokens and their positions.
    """

    def __init__(
        self, base: Base, model: PreTrainedModel, mask: AdapterMask, decode: Decode, rows: int,
        top_k: int, top_p: float,
    ) -> None:  # fmt: skip
        self.model, self.mask, device = model, mask, model.device
        self.longest, self.top_k, self.top_p = base.context, top_k, top_p
        self.slots = Slots(rows, device, decode)
        takes = inspect.signature(base.model.forward).parameters
        cache = "cache" if "cache" in takes else "past_key_values"  # its older name
        self.given: dict[str, Any] = {cache: self.slots, "use_cache": True}
        if "logits_to_keep" in takes:
            self.given["logits_to_keep"] = 1
        self.tokens_S1 = torch.zeros((rows, 1), dtype=torch.long, device=device)
        self.written_S = torch.zeros(rows, dtype=torch.int32, device=device)
        """What a step adds to the length of a row: 1 for an occupied slot, else 0."""
        self.temperatures_S, self.uniforms_S = torch.zeros((2, rows), device=device)
        self.mask_SR = mask.table_AR[:1].repeat(rows, 1)
        self.captures = device.type == "cuda"
        self.graphs: dict[tuple[int, bool], torch.cuda.CUDAGraph] = {}

    def reserve(self, columns: int) -> None:
        """Allocate this number of tokens for each row."""
        if columns > self.slots.columns:
            self.graphs.clear()
            self.slots.reserve(-(-columns // ROOM) * ROOM)

    def enter(
        self,
        slots: Sequence[int],
        prompts: Sequence[list[int]],
        adapters: Sequence[str],
        temperatures: Sequence[float],
    ) -> None:
        """Put rows into free slots: read each different prompt once, without its last token.

        The row's first step reads that token, and writes the first new token.
        """
        first: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        for slot, ids, adapter in zip(slots, prompts, adapters, strict=True):
            first.setdefault((adapter, tuple(ids)), []).append(slot)
        waiting = iter(sorted(((*key, own) for key, own in first.items()), key=lambda one: -len(one[1])))
        for longest in waiting:
            self._read([longest, *islice(waiting, READ // len(longest[1]))])
        at_S = self._tensor(slots)
        self.tokens_S1[at_S, 0] = self._tensor([prompt[-1] for prompt in prompts])
        self.slots.lengths_S[at_S] = self._tensor([len(prompt) - 1 for prompt in prompts]).int()
        self.temperatures_S[at_S] = self._tensor(temperatures).float()
        self.mask_SR[at_S] = self.mask.of(adapters)
        self.written_S[at_S] = 1

    def _read(self, prompts: Sequence[tuple[str, tuple[int, ...], list[int]]]) -> None:
        """Read prompts, sorted by falling length, without the last token of each."""
        width = len(prompts[0][1]) - 1
        if not width:
            return
        ids_UT = self._tensor([[*ids[:width], *[0] * (width - len(ids))] for _, ids, _ in prompts])
        slots = self._tensor([slot for _, _, own in prompts for slot in own])
        places = self._tensor([at for at, (_, _, own) in enumerate(prompts) for _ in own])
        self.mask.now_LR = self.mask.of([adapter for adapter, _, _ in prompts])
        positions_UT = torch.arange(width, device=ids_UT.device).expand_as(ids_UT)
        with attending(self.model, self.slots), self.slots.reading(slots, places):
            self._logits(ids_UT, positions_UT)

    def _logits(self, ids_BT: Tensor, positions_BT: Tensor) -> Tensor:
        found = self.model(input_ids=ids_BT, position_ids=positions_BT, **self.given)
        logits_BV: Tensor = found.logits[:, -1]
        return logits_BV

    def leave(self, slots: Sequence[int]) -> None:
        """Free the slots of rows."""
        at_S = self._tensor(slots)
        self.written_S[at_S], self.slots.lengths_S[at_S], self.temperatures_S[at_S] = 0, 0, 0.0

    def move(self, sources: Sequence[int], targets: Sequence[int]) -> None:
        """Move rows into free slots, and free their old slots."""
        self.slots.move(old := self._tensor(sources), new := self._tensor(targets))
        for held in (self.tokens_S1, self.written_S, self.temperatures_S, self.mask_SR):
            held[new] = held[old]
        self.leave(sources)

    def turn(self, live: int, uniforms: Sequence[Sequence[float]] | None, tokens: int) -> Tensor:
        """Write some tokens of each of the first `live` rows; return them by token and row.

        The result may still be pending on the GPU; reading it waits. `uniforms` holds the random numbers of
        each row by token; without them, the likeliest token is written.
        """
        uniforms_TB = None if uniforms is None else torch.tensor(uniforms).T.to(self.temperatures_S)
        found_TB = self.tokens_S1.new_empty((tokens, live))
        for at in range(tokens):
            if uniforms_TB is not None:
                self.uniforms_S[:live] = uniforms_TB[at]
            self._step(live, uniforms_TB is not None)
            found_TB[at] = self.tokens_S1[:live, 0]
        return found_TB

    def _step(self, live: int, hot: bool) -> None:
        if self.captures and (live, hot) not in self.graphs:
            try:
                self.graphs[live, hot] = self._captured(live, hot)
            except RuntimeError as error:
                self.captures = False
                words = f"infer: no CUDA graph can be made of a step ({str(error).splitlines()[0]})"
                print(words, file=sys.stderr, flush=True)
        if self.captures:
            self.graphs[live, hot].replay()
        else:
            self.write(live, hot)

    def write(self, live: int, hot: bool) -> Tensor:
        """Write a token of each of the first `live` rows; return the logits."""
        lengths_B = self.slots.lengths_S[:live]
        self.slots.live, self.mask.now_LR = live, self.mask_SR[:live]
        with attending(self.model, self.slots):
            positions_B1 = lengths_B[:, None].long().clamp(max=self.longest - 1)
            logits_BV = self._logits(self.tokens_S1[:live], positions_B1)
        given = self.temperatures_S[:live], self.uniforms_S[:live]
        self.tokens_S1[:live, 0] = (
            pick(logits_BV, *given, top_k=self.top_k, top_p=self.top_p) if hot else logits_BV.argmax(1)
        )
        lengths_B += self.written_S[:live]
        return logits_BV

    def _captured(self, live: int, hot: bool) -> torch.cuda.CUDAGraph:
        """Return a step as a CUDA graph."""
        pool = next(iter(self.graphs.values())).pool() if self.graphs else torch.cuda.graph_pool_handle()
        return captured(partial(self.write, live, hot), pool, partial(self.warm, live, hot))

    def warm(self, live: int, hot: bool) -> None:
        """Take a step that changes no row: the next step stores the same keys and values again."""
        kept = self.tokens_S1.clone(), self.written_S.clone()
        self.written_S.zero_()
        self.write(live, hot)
        self.tokens_S1.copy_(kept[0])
        self.written_S.copy_(kept[1])

    def _tensor(self, values: Any) -> Tensor:
        return torch.tensor(values, device=self.tokens_S1.device)

"""Samples from students in memory: continuous batching over one base with all adapters on it.

Rows of a batch may use different adapters. A row leaves when its text ends; a waiting prompt takes its place.
Each row has its own random numbers, so its text does not depend on the other rows, except for the rounding of
floats.
"""

import heapq
import inspect
import sys
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import torch
from torch import Tensor

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import roles
from thoughtmill.train.answering import GeneratedText, GenerationRequest
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.loading import adapter_for
from thoughtmill.train.writers.mixing import mix, spans_of
from thoughtmill.train.writers.sampling import ActiveBatch, ActiveSample, empty_cache, pick

SPARE = 8
"""Rows are exchanged once 1 / SPARE of the batch has ended, because each exchange moves the cache."""


class LocalWriter:
    """A `Writer` on this machine: students of one base, decoder-only or encoder-decoder, on CPU or GPU.

    `adapters` names the loaded adapter of each role; roles may share an adapter.
    """

    def __init__(
        self,
        base: Base,
        adapters: Mapping[str, str],
        *,
        rows: int,
        max_new_tokens: int,
        top_k: int,
        top_p: float,
    ) -> None:
        self.base, self.adapters = base, adapters
        self.model, self.spans = base.model.eval(), mix(base.model)
        self.max_rows, self.max_new_tokens = rows, max_new_tokens
        self.top_k, self.top_p = top_k, top_p
        self.longest = base.context
        if base.start is not None and self.longest < sys.maxsize and rows > 1:
            raise ThoughtmillError(f"base {base.name} counts positions from the padding: set infer.rows to 1")
        takes = inspect.signature(base.model.forward).parameters
        self.last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        self.waiting: list[tuple[int, str, int, ActiveSample]] = []
        self.asked = 0
        self.batch: ActiveBatch | None = None

    def ask(self, requests: Sequence[GenerationRequest]) -> None:
        """Queue requests, the longest prompt first: neighbours are alike, and late rounds come early."""
        for request in requests:
            adapter = adapter_for(self.adapters, request.role)
            prompt = roles.render(self.base.tokenizer, request.role, request.problem, request.given)
            used = len(prompt) if self.base.start is None else 0
            limit = min(self.max_new_tokens, self.longest - used)
            row = ActiveSample(request, prompt, adapter, limit, Random(request.seed))
            heapq.heappush(self.waiting, (-len(prompt), row.adapter, self.asked, row))
            self.asked += 1

    @torch.inference_mode()
    def write(self) -> list[GeneratedText]:
        """Admit waiting prompts, or write a token of every row; return the texts that ended."""
        live = [] if self.batch is None else self.batch.live()
        room = self.max_rows - len(live)
        if self.waiting and (room >= self.max_rows // SPARE or not live):
            taken = [heapq.heappop(self.waiting)[-1] for _ in range(min(max(room, 1), len(self.waiting)))]
            return self._enter(taken)
        if self.batch is None:
            return []
        if len(self.batch.rows) - len(live) > len(self.batch.rows) // SPARE:
            self.batch.choose(live)
        last_B1 = self._tensor([[row.tokens[-1]] for row in self.batch.rows])
        self.batch.mask_BT = torch.cat([self.batch.mask_BT, torch.ones_like(last_B1)], 1)
        written = self._write(self.batch, self._read(self.batch, last_B1))
        if not self.batch.live():
            self.batch = None
        return written

    def _enter(self, taken: list[ActiveSample]) -> list[GeneratedText]:
        """Read prompts and write the first token of each; a prompt that fills the context is cut at once."""
        cut = [GeneratedText(row.request.wanted, "", 0, "truncated") for row in taken if row.limit <= 0]
        rows = sorted((row for row in taken if row.limit > 0), key=lambda row: row.adapter)
        if not rows:
            return cut
        entered, logits_BV = self._read_prompts(rows)
        written = self._write(entered, logits_BV)
        if self.batch is not None:
            self.batch.join(entered)
            entered = self.batch
        live = entered.live()
        self.batch = entered if live else None
        if live:
            entered.choose(live)
        return cut + written

    def _read_prompts(self, rows: list[ActiveSample]) -> tuple[ActiveBatch, Tensor]:
        """Read each distinct prompt once; return rows and the logits of the next token."""
        first: dict[tuple[str, tuple[int, ...]], int] = {}
        places = [first.setdefault((row.adapter, tuple(row.prompt)), len(first)) for row in rows]
        alone = [rows[places.index(at)] for at in range(len(first))]
        width = max(len(row.prompt) for row in alone)
        gaps = [width - len(row.prompt) for row in alone]
        pad = self.base.pad
        ids_BT = self._tensor([[pad] * gap + row.prompt for gap, row in zip(gaps, alone, strict=True)])
        mask_BT = self._tensor([[0] * gap + [1] * (width - gap) for gap in gaps])
        cache = empty_cache(self.base.start is not None)
        if self.base.start is None:
            batch = ActiveBatch(alone, cache, mask_BT)
            logits_BV = self._read(batch, ids_BT)
        else:
            start_B1 = self._tensor([[self.base.start]] * len(alone))
            self.spans[:] = spans_of([row.adapter for row in alone])
            found = self.model(
                input_ids=ids_BT, attention_mask=mask_BT, decoder_input_ids=start_B1,
                past_key_values=cache, use_cache=True,
            )  # fmt: skip
            read_BSD = found.encoder_last_hidden_state
            batch = ActiveBatch(alone, cache, torch.ones_like(start_B1), mask_BT, read_BSD)
            logits_BV = found.logits[:, -1]
        batch.choose(places)
        batch.rows = rows
        return batch, logits_BV[places]

    def _read(self, batch: ActiveBatch, ids_BT: Tensor) -> Tensor:
        """Read the next tokens of every row and return the logits of the token after them."""
        self.spans[:] = spans_of([row.adapter for row in batch.rows])
        held: dict[str, Any] = {"past_key_values": batch.cache, "use_cache": True}
        if batch.asked_BS is None:
            positions_BT = (batch.mask_BT.cumsum(1) - 1).clamp(0, self.longest - 1)[:, -ids_BT.shape[1] :]
            held |= {"input_ids": ids_BT, "attention_mask": batch.mask_BT, "position_ids": positions_BT}
        else:
            held |= {"decoder_input_ids": ids_BT, "decoder_attention_mask": batch.mask_BT}
            held |= {"encoder_outputs": (batch.read_BSD,), "attention_mask": batch.asked_BS}
        logits_BTV: Tensor = self.model(**held, **self.last_only).logits
        return logits_BTV[:, -1]

    def _write(self, batch: ActiveBatch, logits_BV: Tensor) -> list[GeneratedText]:
        """Choose a token for every row; return the rows that end with it."""
        chosen = pick(
            logits_BV.float(),
            self._tensor([row.request.temperature for row in batch.rows]),
            self._tensor([row.random.random() for row in batch.rows]),
            top_k=self.top_k,
            top_p=self.top_p,
        ).tolist()
        written = []
        for row, token in zip(batch.rows, chosen, strict=True):
            if row.ended:
                continue
            row.tokens.append(token)
            stopped = token == self.base.tokenizer.eos_token_id
            row.ended = stopped or len(row.tokens) == row.limit
            if row.ended:
                text = str(self.base.tokenizer.decode(row.tokens[:-1] if stopped else row.tokens))
                failure = None if stopped else "truncated"
                written.append(GeneratedText(row.request.wanted, text, len(row.tokens), failure))
        return written

    def _tensor(self, values: list[Any]) -> Tensor:
        return torch.tensor(values, device=self.model.device)

"""Students that write: one base in memory, all adapters on it, one batch that samples leave and enter.

Rows of a batch may be of different adapters. A row leaves when its text ends; waiting prompts take its place.
Each row draws from random numbers of its own, so what it writes does not depend on who shares its batch,
beyond the rounding of floats.
"""

import heapq
import inspect
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor
from transformers import DynamicCache, EncoderDecoderCache

from factory.errors import ThoughtmillError
from train import roles
from train.bases import Base
from train.sampling import Row, Rows, choose
from train.writing import Request, Written


class Students:
    """A `Writer` on this machine: students of one base, decoder-only or encoder-decoder, on CPU or GPU.

    `adapters` names the adapter that plays each role; several roles may have the same.
    """

    def __init__(
        self,
        base: Base,
        model: PeftModel,
        adapters: Mapping[str, str],
        *,
        rows: int,
        max_new_tokens: int,
        top_k: int,
        top_p: float,
    ) -> None:
        self.base, self.model, self.adapters = base, model.eval(), adapters
        self.max_rows, self.max_new_tokens = rows, max_new_tokens
        self.top_k, self.top_p = top_k, top_p
        self.device = base.model.device
        self.context: int | None = getattr(base.model.config, "max_position_embeddings", None)
        takes = inspect.signature(base.model.forward).parameters
        self.last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        self.waiting: list[tuple[int, int, Row]] = []
        self.asked = 0
        self.batch: Rows | None = None

    def ask(self, requests: Sequence[Request]) -> None:
        """Line up requests, the longest prompt first: neighbours are alike, and late rounds come soon."""
        for request in requests:
            if request.role not in self.adapters:
                raise ThoughtmillError(f"no adapter plays `{request.role}`: list it in `roles` and train it")
            prompt = roles.render(self.base.tokenizer, request.role, request.problem, request.given)
            used = len(prompt) if self.base.start is None else 0
            limit = min(self.max_new_tokens, (self.context or self.max_new_tokens + used) - used)
            row = Row(request, prompt, self.adapters[request.role], limit, Random(request.seed))
            heapq.heappush(self.waiting, (-len(prompt), self.asked, row))
            self.asked += 1

    @torch.inference_mode()
    def write(self) -> list[Written]:
        """Let waiting prompts enter, write one token of every row, and let the finished leave."""
        under_way = len(self.batch.rows) if self.batch else 0
        room = self.max_rows - under_way
        if self.waiting and (room >= self.max_rows // 8 or not under_way):
            taken = [heapq.heappop(self.waiting)[2] for _ in range(min(max(room, 1), len(self.waiting)))]
            entered, written = self._enter(taken)
        elif self.batch is not None:
            entered, written = None, self._go_on(self.batch)
        else:
            return []
        if self.batch is not None and not self.batch.rows:
            self.batch = None
        if entered is not None and entered.rows:
            if self.batch is not None:
                self.batch.join(entered)
            self.batch = self.batch or entered
        return written

    def _enter(self, taken: list[Row]) -> tuple[Rows | None, list[Written]]:
        """Read prompts and write the first token of each; one that fills the context is cut at once."""
        cut = [Written(row.request.draw, "", 0, "truncated") for row in taken if row.limit <= 0]
        rows = [row for row in taken if row.limit > 0]
        if not rows:
            return None, cut
        width = max(len(row.prompt) for row in rows)
        gaps = [width - len(row.prompt) for row in rows]
        pad = self.base.pad
        ids_BT = self._tensor([[pad] * gap + row.prompt for gap, row in zip(gaps, rows, strict=True)])
        mask_BT = self._tensor([[0] * gap + [1] * (width - gap) for gap in gaps])
        if self.base.start is None:
            batch = Rows(rows, DynamicCache(), mask_BT, None, None)
            logits_BV = self._read(batch, ids_BT)
        else:
            names = [row.adapter for row in rows]
            start_B1 = self._tensor([[self.base.start]] * len(rows))
            cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
            batch = Rows(rows, cache, torch.ones_like(start_B1), mask_BT, None)
            found = self.model(
                input_ids=ids_BT, attention_mask=mask_BT, decoder_input_ids=start_B1,
                past_key_values=cache, use_cache=True, adapter_names=names,
            )  # fmt: skip
            batch.read_BSD, logits_BV = found.encoder_last_hidden_state, found.logits[:, -1]
        return batch, cut + self._write(batch, logits_BV)

    def _go_on(self, batch: Rows) -> list[Written]:
        last_B1 = self._tensor([[row.tokens[-1]] for row in batch.rows])
        batch.mask_BT = torch.cat([batch.mask_BT, torch.ones_like(last_B1)], 1)
        return self._write(batch, self._read(batch, last_B1))

    def _read(self, batch: Rows, ids_BT: Tensor) -> Tensor:
        """Read the next tokens of every row and return the logits of what follows."""
        names = [row.adapter for row in batch.rows]
        held: dict[str, Any] = {"past_key_values": batch.cache, "use_cache": True, "adapter_names": names}
        if batch.asked_BS is None:
            positions_BT = (batch.mask_BT.cumsum(1) - 1).clamp(min=0)[:, -ids_BT.shape[1] :]
            held |= {"input_ids": ids_BT, "attention_mask": batch.mask_BT, "position_ids": positions_BT}
        else:
            held |= {"decoder_input_ids": ids_BT, "decoder_attention_mask": batch.mask_BT}
            held |= {"encoder_outputs": (batch.read_BSD,), "attention_mask": batch.asked_BS}
        logits_BTV: Tensor = self.model(**held, **self.last_only).logits
        return logits_BTV[:, -1]

    def _write(self, batch: Rows, logits_BV: Tensor) -> list[Written]:
        """Choose a token for every row; return those that end with it, and drop them."""
        chosen = choose(
            logits_BV.float(),
            self._tensor([row.request.temperature for row in batch.rows]),
            self._tensor([row.random.random() for row in batch.rows]),
            top_k=self.top_k,
            top_p=self.top_p,
        ).tolist()
        written, on = [], []
        for at, (row, token) in enumerate(zip(batch.rows, chosen, strict=True)):
            row.tokens.append(token)
            ended = token == self.base.tokenizer.eos_token_id
            if not ended and len(row.tokens) < row.limit:
                on.append(at)
                continue
            text = str(self.base.tokenizer.decode(row.tokens[:-1] if ended else row.tokens))
            failure = None if ended else "truncated"
            written.append(Written(row.request.draw, text, len(row.tokens), failure))
        if written:
            batch.keep(on) if on else batch.rows.clear()
        return written

    def _tensor(self, values: list[Any]) -> Tensor:
        return torch.tensor(values, device=self.device)

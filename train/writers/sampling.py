"""Sampling: the queue of prompts, the rows in progress, and the choice of the next tokens."""

import heapq
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import torch
from torch import Tensor

from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest
from thoughtmill.train.roles.escapes import decoded
from thoughtmill.train.roles.styles import OURS
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.loading import prompted


@dataclass(slots=True)
class ActiveSample:
    """A sample in progress; it ends with a token of `ends`, or after `limit` tokens.

    It has its own random numbers, so its text does not depend on the other rows, except for rounding.
    """

    request: GenerationRequest
    prompt: list[int]
    adapter: str
    limit: int
    random: Random
    ends: frozenset[int]
    tokens: list[int] = field(default_factory=list)

    def add(self, tokens: Sequence[int]) -> bool:
        """Add tokens up to the row's end; return whether it has ended."""
        for token in tokens[: self.limit - len(self.tokens)]:
            self.tokens.append(token)
            if token in self.ends:
                return True
        return len(self.tokens) >= self.limit

    def text(self, tokenizer: Any) -> GeneratedText:
        """Return the text of a row that has ended."""
        stopped = bool(self.tokens) and self.tokens[-1] in self.ends
        text = decoded(tokenizer, self.tokens[:-1] if stopped else self.tokens)
        return GeneratedText(self.request.wanted, text, len(self.tokens), None if stopped else "truncated")


class StudentWriter(ABC):
    """The base of writers with students in memory: it queues prompts, the longest first.

    `adapters` names the loaded adapter of each role; roles may share an adapter. `styles` names the style of
    adapters that are not asked in ours. So neighbours in the queue have similar lengths, and late rounds come
    early.
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
        styles: Mapping[str, str] | None = None,
    ) -> None:
        self.base, self.adapters, self.model = base, adapters, base.model.eval()
        self.max_rows, self.max_new_tokens = rows, max_new_tokens
        self.top_k, self.top_p = top_k, top_p
        self.styles = styles or dict.fromkeys(adapters.values(), OURS)
        self.waiting: list[tuple[int, str, int, ActiveSample]] = []
        self.asked = 0

    def ask(self, requests: Sequence[GenerationRequest]) -> None:
        """Queue requests."""
        two_sided = self.base.start is not None
        asked = prompted(self.base.tokenizer, requests, self.adapters, self.styles, two_sided)
        for request, adapter, prompt in asked:
            used = 0 if two_sided else len(prompt)
            limit = min(self.max_new_tokens, self.base.context - used)
            self.wait(ActiveSample(request, prompt, adapter, limit, Random(request.seed), self.base.ends))

    @abstractmethod
    def write(self) -> list[GeneratedText]:
        """Write on, and return the texts that are finished now; there may be none yet."""

    def wait(self, row: ActiveSample) -> None:
        """Queue a row."""
        heapq.heappush(self.waiting, (-len(row.prompt), row.adapter, self.asked, row))
        self.asked += 1


def pick(
    logits_BV: Tensor, temperatures_B: Tensor, uniforms_B: Tensor, *, top_k: int, top_p: float
) -> Tensor:
    """Return a token per row: the likeliest at temperature 0, else the choice of its uniform number.

    Of the `top_k` likeliest tokens, the fewest that hold `top_p` of the probability are kept. The uniform
    number in [0, 1) selects among them by inverting their cumulative distribution, the likeliest first.
    """
    kept_BK, tokens_BK = logits_BV.topk(min(top_k, logits_BV.shape[1]))
    kept_BK = kept_BK.float()  # after sorting, which is faster in the model's precision
    temperature_B1 = temperatures_B[:, None].clamp(min=1e-6)
    shares_BK = ((kept_BK - kept_BK[:, :1]) / temperature_B1).softmax(1)
    before_BK = shares_BK.cumsum(1) - shares_BK
    shares_BK = shares_BK.masked_fill(before_BK >= top_p, 0.0)
    ends_BK = shares_BK.cumsum(1)
    point_B1 = uniforms_B[:, None] * ends_BK[:, -1:]
    last_B1 = (shares_BK > 0).sum(1, keepdim=True) - 1
    at_B1 = (ends_BK <= point_B1).sum(1, keepdim=True).minimum(last_B1)
    at_B1 = torch.where(temperatures_B[:, None] > 0, at_B1, 0)
    return tokens_BK.gather(1, at_B1)[:, 0]

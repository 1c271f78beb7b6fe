"""Students that write on a GPU: slots for rows, adapters by a mask, and a token of all rows as a CUDA graph.

The same writer runs without graphs on a processor, where tests compare it with `LocalWriter`.
"""

import heapq
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.answering import GeneratedText
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.decoding import FAULTS, THERE, decode_by_kernel
from thoughtmill.train.writers.local import SPARE, LocalWriter
from thoughtmill.train.writers.masked import masked
from thoughtmill.train.writers.mixing import spans_of
from thoughtmill.train.writers.sampling import ActiveSample
from thoughtmill.train.writers.slots import Decode, decode_by_mask
from thoughtmill.train.writers.stepping import ROOM, SlotSteps

TURN = 8
"""Tokens that rows write before anybody looks which of them have ended; what follows an end is dropped."""
FEWEST = 64
"""The least rows for which a graph is made; others are made for twice as many, and so on."""
SHARE = 0.6
"""Of the memory that is free, what slots may take."""
OFF = {torch.float64: 1e-6, torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.1}
"""How far logits in slots may be from those of an uncached pass, by their size."""
FAILURES: tuple[type[Exception], ...] = (
    RuntimeError, TypeError, AttributeError, LookupError, ValueError, ThoughtmillError, *FAULTS,
)  # fmt: skip
"""How models fail whose attention or cache slots do not cover."""


class UncoveredError(Exception):
    """A base cannot write in slots; the message says why."""


def fastest(base: Base, adapters: Mapping[str, str], **how: Any) -> LocalWriter:
    """Return the fastest writer for a base where it is: on a GPU one with slots, if they cover the base."""
    if base.model.device.type == "cuda":
        try:
            return SlotWriter(base, adapters, **how)
        except UncoveredError as error:
            print(f"infer: {error}: students write without slots and CUDA graphs", file=sys.stderr)
    return LocalWriter(base, adapters, **how)


def uncovered(base: Base) -> str | None:
    """Return why slots cannot cover a base, as far as its configuration says."""
    config = base.model.config
    kinds = set(getattr(config.get_text_config(), "layer_types", None) or ()) - {"full_attention"}
    if config.is_encoder_decoder:
        return f"base {base.name} is an encoder-decoder"
    if getattr(base.model, "is_quantized", False):
        return f"base {base.name} is quantised"
    return f"base {base.name} has layers of {', '.join(sorted(kinds))}" if kinds else None


def decoders(device: torch.device) -> list[Decode]:
    """Return the ways to attend from a row's token, the fastest first."""
    return [decode_by_kernel, decode_by_mask] if device.type == "cuda" and THERE else [decode_by_mask]


class SlotWriter(LocalWriter):
    """A `LocalWriter` whose rows lie in slots; raises `UncoveredError` unless its logits are the base's."""

    def __init__(
        self, base: Base, adapters: Mapping[str, str], *, rows: int, fewest: int = FEWEST, **how: Any
    ) -> None:
        if reason := uncovered(base):
            raise UncoveredError(reason)
        super().__init__(base, adapters, rows=rows, **how)
        self.fewest = fewest
        self.rows: dict[int, ActiveSample] = {}
        """The rows by slot."""
        self.begun: Tensor | None = None
        """The tokens that the GPU is writing, by token and row."""
        self.steps: SlotSteps | None = None
        self.off = math.inf
        """How far the logits of slots were from those of an uncached pass, by their size."""
        self.decode, self.bytes = self._proved()

    def _proved(self) -> tuple[Decode, int]:
        """Return the first way to attend whose logits are those of an uncached pass by spans of adapters.

        With it come the bytes of a token in a slot. Two rows are tried, of two adapters where there are two.
        """
        words = self.model.get_input_embeddings().num_embeddings
        ids_BT = torch.randint(words, (2, 12), generator=torch.Generator().manual_seed(1))
        names = sorted(self.adapters.values())
        self.spans[:] = spans_of(pair := [names[0], names[-1]])
        with torch.inference_mode():
            expected_BTV = self.model(input_ids=ids_BT.to(self.model.device), use_cache=False).logits
        self.mask = masked(self.model)
        fault = ""
        for decode in decoders(self.model.device):
            steps = self._steps(2, decode)
            try:
                self.off = apart(steps, ids_BT, pair, expected_BTV)
            except FAILURES as error:
                fault = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
                continue
            if self.off <= OFF[expected_BTV.dtype]:
                held = sum(one.nbytes for pair in steps.slots.held for one in pair)
                return decode, held // (2 * steps.slots.columns)
            fault = f"its logits in slots are off by {self.off:.2g}"
        raise UncoveredError(f"base {self.base.name}: {fault}")

    @torch.inference_mode()
    def write(self) -> list[GeneratedText]:
        """Return what ended in the last turn, after the next one has begun: meanwhile its reader goes on."""
        ended = [] if self.begun is None else self._collect(self.begun)
        self.begun = None
        room = self.max_rows - len(self.rows)
        cut: list[GeneratedText] = []
        if self.waiting and (room >= self.max_rows // SPARE or not self.rows):
            count = min(max(room, 1), len(self.waiting))
            cut = self._join([heapq.heappop(self.waiting)[-1] for _ in range(count)])
        if self.rows:
            self.begun = self._turn()
        return cut + [self._text(row) for row in ended]

    def _join(self, taken: list[ActiveSample]) -> list[GeneratedText]:
        """Let rows enter free slots; one whose prompt fills the context is cut at once."""
        cut = [GeneratedText(row.request.wanted, "", 0, "truncated") for row in taken if row.limit <= 0]
        entering = [row for row in taken if row.limit > 0]
        columns = max((len(row.prompt) + row.limit for row in entering), default=0) + TURN
        if self.steps is None:
            self._open(columns)
        assert self.steps is not None
        self.steps.reserve(columns)
        # Slots may have become fewer than the rows that were taken: memory is known only now.
        while len(entering) > self.max_rows - len(self.rows):
            self._wait(entering.pop())
        free = sorted(set(range(self.max_rows)) - self.rows.keys())[: len(entering)]
        self.rows |= zip(free, entering, strict=True)
        if entering:
            heats = [row.request.temperature for row in entering]
            self.steps.enter(free, [row.prompt for row in entering], [row.adapter for row in entering], heats)
        return cut

    def _wait(self, row: ActiveSample) -> None:
        heapq.heappush(self.waiting, (-len(row.prompt), row.adapter, self.asked, row))
        self.asked += 1

    def _open(self, columns: int) -> None:
        """Make as many slots as rows are wanted and memory holds."""
        if self.model.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info()
            self.max_rows = max(1, min(self.max_rows, int(SHARE * free) // (self.bytes * (columns + ROOM))))
        self.steps = self._steps(self.max_rows, self.decode)

    def _steps(self, rows: int, decode: Decode) -> SlotSteps:
        return SlotSteps(
            self.model, self.mask, decode, rows, longest=self.longest, top_k=self.top_k, top_p=self.top_p,
            last_only=self.last_only,
        )  # fmt: skip

    def _turn(self) -> Tensor:
        """Begin to write some tokens of every row."""
        assert self.steps is not None
        live = self._gather()
        tokens = min(TURN, max(row.limit - len(row.tokens) for row in self.rows.values()))
        uniforms = None
        if any(row.request.temperature > 0 for row in self.rows.values()):
            uniforms = [[0.0] * tokens] * live
            for slot, row in self.rows.items():
                uniforms[slot] = [row.random.random() for _ in range(tokens)]
        return self.steps.turn(live, uniforms, tokens)

    def _collect(self, begun: Tensor) -> list[ActiveSample]:
        """Wait for the tokens of a turn; return the rows that end with them, whose slots are then free."""
        assert self.steps is not None
        written: list[list[int]] = begun.T.tolist()
        ended = {slot: row for slot, row in self.rows.items() if self._ends(row, written[slot])}
        if ended:
            self.steps.leave(list(ended))
        for slot in ended:
            del self.rows[slot]
        return list(ended.values())

    def _gather(self) -> int:
        """Return how many slots a step goes over; rows in others move into free ones among them."""
        live = self.max_rows
        while live // 2 >= max(len(self.rows), self.fewest):
            live //= 2
        beyond = [slot for slot in self.rows if slot >= live]
        if beyond:
            free = [slot for slot in range(live) if slot not in self.rows][: len(beyond)]
            assert self.steps is not None
            self.steps.move(beyond, free)
            for source, target in zip(beyond, free, strict=True):
                self.rows[target] = self.rows.pop(source)
        return live

    def _ends(self, row: ActiveSample, tokens: list[int]) -> bool:
        """Add tokens to a row up to its end and tell whether it came."""
        tokens = tokens[: row.limit - len(row.tokens)]
        end = self.base.tokenizer.eos_token_id
        if end in tokens:
            tokens = tokens[: tokens.index(end) + 1]
        row.tokens += tokens
        row.ended = row.tokens[-1] == end or len(row.tokens) == row.limit
        return row.ended

    def _text(self, row: ActiveSample) -> GeneratedText:
        stopped = row.tokens[-1] == self.base.tokenizer.eos_token_id
        text = str(self.base.tokenizer.decode(row.tokens[:-1] if stopped else row.tokens))
        return GeneratedText(row.request.wanted, text, len(row.tokens), None if stopped else "truncated")


@torch.inference_mode()
def apart(steps: SlotSteps, ids_BT: Tensor, adapters: Sequence[str], expected_BTV: Tensor) -> float:
    """Return how far the logits of two rows of different lengths are from those expected, by their size."""
    captures, steps.captures = steps.captures, False
    steps.reserve(ROOM)
    lengths, slots = (9, 6), [1, 0]
    prompts = [ids[:length].tolist() for ids, length in zip(ids_BT, lengths, strict=True)]
    steps.enter(slots, prompts, adapters, [0.0, 0.0])
    off = 0.0
    for more in range(3):
        logits_BV = steps.write(2, False)[slots].float()
        wanted_BV = torch.stack([expected_BTV[row, at - 1 + more] for row, at in enumerate(lengths)]).float()
        off = max(off, float((logits_BV - wanted_BV).norm() / wanted_BV.norm()))
        for slot, ids, length in zip(slots, ids_BT, lengths, strict=True):
            steps.tokens_S1[slot, 0] = ids[length + more]
    steps.captures = captures
    return off if math.isfinite(off) else math.inf

"""Write with students in memory by continuous batching: rows in slots, masked adapters, a token at a time.

Rows may use different adapters. A row that ends leaves a free slot, and the next prompt is read into it. On a
GPU a token of all rows is one CUDA graph. A base that slots do not cover writes by transformers' `generate`.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.printable import say
from thoughtmill.train.policies.answering import GeneratedText
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.decoding import FAULTS, HAS_TRITON, decode_by_kernel
from thoughtmill.train.writers.generating import GenerateWriter, activate
from thoughtmill.train.writers.masked import UncoveredError, masked, unmasked
from thoughtmill.train.writers.sampling import ActiveSample, StudentWriter
from thoughtmill.train.writers.slots import Decode, decode_by_mask
from thoughtmill.train.writers.stepping import ROOM, SlotSteps

SPARE = 8
"""Prompts are read when 1 / SPARE of the slots are free, so that many are read at a time."""
TURN = 8
"""Tokens written on a GPU between two checks for ended rows; tokens after an end are dropped."""
FEWEST = 64
"""CUDA graphs are made for this number of rows, twice as many, and so on."""
SHARE = 0.6
"""The share of a GPU's free memory that slots may take."""
OFF = {torch.float64: 1e-6, torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.1}
"""The relative error allowed between logits in slots and those of an uncached pass."""
FAILURES: tuple[type[Exception], ...] = (
    RuntimeError, TypeError, AttributeError, LookupError, ValueError, ThoughtmillError, *FAULTS,
)  # fmt: skip
"""The errors of models whose attention or cache slots do not support."""


def local_writer(base: Base, adapters: Mapping[str, str], **how: Any) -> StudentWriter:
    """Return a writer for students in memory: in slots if they cover the base, else by `generate`."""
    try:
        return LocalWriter(base, adapters, **how)
    except UncoveredError as error:
        say(f"infer: {error}: students write by `generate` of transformers, slower")
        return GenerateWriter(base, adapters, **how)


def uncovered(base: Base) -> str | None:
    """Return why slots cannot support a base, by its configuration; None if it names no reason."""
    config = base.model.config
    kinds = set(getattr(config.get_text_config(), "layer_types", None) or ()) - {"full_attention"}
    if config.is_encoder_decoder:
        return f"base {base.name} is an encoder-decoder"
    if getattr(base.model, "is_quantized", False):
        return f"base {base.name} is quantised"
    return f"base {base.name} has layers of {', '.join(sorted(kinds))}" if kinds else None


def decoders(device: torch.device) -> list[Decode]:
    """Return the implementations of decode attention, the fastest first."""
    return [decode_by_kernel, decode_by_mask] if device.type == "cuda" and HAS_TRITON else [decode_by_mask]


class LocalWriter(StudentWriter):
    """A `Writer` whose rows are in slots; raises `UncoveredError` unless its logits are the base's."""

    def __init__(self, base: Base, adapters: Mapping[str, str], **how: Any) -> None:
        if reason := uncovered(base):
            raise UncoveredError(reason)
        super().__init__(base, adapters, **how)
        on_gpu = self.model.device.type == "cuda"
        self.most_rows = self.max_rows
        self.turn, self.fewest = (TURN, FEWEST) if on_gpu else (1, 1)
        self.rows: dict[int, ActiveSample] = {}
        """The rows by slot."""
        self.begun: Tensor | None = None
        """The pending tokens of the last turn, by token and row."""
        self.steps: SlotSteps | None = None
        self.off = math.inf
        """The relative error of the logits in slots against those of an uncached pass."""
        self.decode, self.bytes = self._proved()

    def _proved(self) -> tuple[Decode, int]:
        """Return the first decode attention with the logits of an uncached pass through peft's layers.

        The second result is the bytes of a token in a slot. Two rows are tried, of two adapters if there are.
        """
        words = self.model.get_input_embeddings().num_embeddings
        ids_BT = torch.randint(words, (2, 12), generator=torch.Generator().manual_seed(1))
        names = sorted(self.adapters.values())
        pair = [names[0], names[-1]]
        expected_BTV = torch.stack(
            [self._uncached(ids, name) for ids, name in zip(ids_BT, pair, strict=True)]
        )
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
        unmasked(self.model)
        raise UncoveredError(f"base {self.base.name}: {fault}")

    @torch.inference_mode()
    def _uncached(self, ids_T: Tensor, adapter: str) -> Tensor:
        unmasked(self.model)
        activate(self.model, adapter)
        logits_BTV: Tensor = self.model(input_ids=ids_T[None].to(self.model.device), use_cache=False).logits
        return logits_BTV[0]

    @torch.inference_mode()
    def write(self) -> list[GeneratedText]:
        """Start the next turn, and return the samples that ended in the last while it runs."""
        ended = [] if self.begun is None else self._collect(self.begun)
        self.begun = None
        room = self.max_rows - len(self.rows)
        if self.waiting and (room >= self.max_rows // SPARE or not self.rows):
            count = min(max(room, 1), len(self.waiting))
            ended += self._join([heapq.heappop(self.waiting)[-1] for _ in range(count)])
        if self.rows:
            self.begun = self._turn()
        return [row.text(self.base.tokenizer) for row in ended]

    def _join(self, taken: list[ActiveSample]) -> list[ActiveSample]:
        """Put rows into free slots; return the rows whose prompt fills the context, which are cut at once."""
        taking = [row for row in taken if row.limit > 0]
        steps = self._room(max(map(self._columns, taking), default=0))
        entering: list[ActiveSample] = []
        for row in taking:  # slots may be fewer or shorter than they were to be: memory is known only now
            if self._columns(row) <= steps.slots.columns and len(self.rows) + len(entering) < self.max_rows:
                entering.append(row)
            else:
                self.wait(row)
        free = sorted(set(range(self.max_rows)) - self.rows.keys())[: len(entering)]
        self.rows |= zip(free, entering, strict=True)
        if entering:
            temperatures = [row.request.temperature for row in entering]
            steps.enter(
                free, [row.prompt for row in entering], [row.adapter for row in entering], temperatures
            )
        return [row for row in taken if row.limit <= 0]

    def _columns(self, row: ActiveSample) -> int:
        """Return how many tokens the slot of a row needs."""
        return len(row.prompt) + row.limit + self.turn

    def _room(self, columns: int) -> SlotSteps:
        """Return slots with this number of tokens, or with fewer if memory does not hold them.

        While no row is in them, they are made anew for longer rows, and for more rows of much shorter ones.
        """
        held = 0 if self.steps is None else self.steps.slots.columns
        fewer = self.max_rows < self.most_rows and 2 * columns <= held
        if self.steps is None or (not self.rows and (columns > held or fewer)):
            self._open(columns)
        elif self.bytes * self.max_rows * (columns + ROOM - held) <= self._free():
            self.steps.reserve(columns)
        assert self.steps is not None
        return self.steps

    def _free(self) -> float:
        """Return the bytes that slots may take: a share of a GPU's free memory, or any number elsewhere."""
        if self.model.device.type != "cuda":
            return math.inf
        cached = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        return SHARE * (torch.cuda.mem_get_info()[0] + cached)

    def _open(self, columns: int) -> None:
        """Allocate slots for all rows, or for as many as memory holds."""
        if self.steps is not None:
            self.steps.slots.held.clear()
            self.steps = None
        most = self._free() / (self.bytes * (columns + ROOM))
        self.max_rows = max(1, int(min(self.most_rows, most)))
        self.steps = self._steps(self.max_rows, self.decode)
        self.steps.reserve(columns)

    def _steps(self, rows: int, decode: Decode) -> SlotSteps:
        return SlotSteps(self.base, self.model, self.mask, decode, rows, self.top_k, self.top_p)

    def _turn(self) -> Tensor:
        """Start to write some tokens of every row."""
        assert self.steps is not None
        live = self._gather()
        tokens = min(self.turn, max(row.limit - len(row.tokens) for row in self.rows.values()))
        uniforms = None
        if any(row.request.temperature > 0 for row in self.rows.values()):
            uniforms = [[0.0] * tokens] * live
            for slot, row in self.rows.items():
                uniforms[slot] = [row.random.random() for _ in range(tokens)]
        return self.steps.turn(live, uniforms, tokens)

    def _collect(self, begun: Tensor) -> list[ActiveSample]:
        """Wait for the tokens of a turn; free the slots of rows that ended, and return these rows."""
        assert self.steps is not None
        written: list[list[int]] = begun.T.tolist()
        ended = {slot: row for slot, row in self.rows.items() if row.add(written[slot])}
        if ended:
            self.steps.leave(list(ended))
        for slot in ended:
            del self.rows[slot]
        return list(ended.values())

    def _gather(self) -> int:
        """Return the number of slots in a step, and move rows from other slots into free ones among these."""
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


@torch.inference_mode()
def apart(steps: SlotSteps, ids_BT: Tensor, adapters: Sequence[str], expected_BTV: Tensor) -> float:
    """Return the relative error of the logits of two rows of different lengths against those expected."""
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

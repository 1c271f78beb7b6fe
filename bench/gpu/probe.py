"""Pieces that may be faster, each by itself, on a base of the real shape: which are worth their code.

Training: a pass over one long row whose examples attend by themselves (varlen), LoRA in plain bfloat16,
layers compiled, the pass captured as a CUDA graph, projections that read the same input done as one.
Answering: one token for every row, keys and values in place, all adapters as one masked product, captured.

Every piece prints its line as it is done: one that fails says so, and the next goes on.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention.varlen import varlen_attn
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from bench.gpu.clock import FAILURES, seconds
from bench.gpu.profile import recorded
from thoughtmill.train.training.cuda import captured

SIBLINGS = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"), ("o_proj",), ("down_proj",))
RANK = 64
LENGTH, CAUSAL = 192, (-1, 0)


class Lora(nn.Module):
    """Linear layers that read the same input, each with its LoRA, as one product each way down and up."""

    def __init__(self, parts: list[nn.Linear]) -> None:
        super().__init__()
        self.sizes = [part.out_features for part in parts]
        self.weight = nn.Parameter(torch.cat([part.weight.detach() for part in parts]), requires_grad=False)
        device = self.weight.device
        down_RD = torch.randn(RANK * len(parts), parts[0].in_features, device=device) * 0.02
        self.down = nn.Parameter(down_RD.bfloat16())
        self.ups = nn.ParameterList(
            torch.randn(size, RANK, device=device).bfloat16() * 0.02 for size in self.sizes
        )

    def forward(self, x_1TD: Tensor) -> list[Tensor]:
        """Return what each of the layers makes of its input."""
        x_TD = x_1TD[0] if x_1TD.ndim == 3 else x_1TD
        plain = functional.linear(x_TD, self.weight).split(self.sizes, 1)
        low = functional.linear(x_TD, self.down).split(RANK, 1)
        return [
            torch.addmm(one, part, up.t(), alpha=2.0).unflatten(0, x_1TD.shape[:-1])
            for one, part, up in zip(plain, low, self.ups, strict=True)
        ]


class Masked(nn.Module):
    """The same in answering: the adapters of all roles at once, each row's own chosen by a mask."""

    def __init__(self, parts: list[nn.Linear], mask: list[Tensor], adapters: int) -> None:
        super().__init__()
        self.sizes, self.mask = [part.out_features for part in parts], mask
        self.weight = torch.cat([part.weight.detach() for part in parts])
        wide = RANK * adapters
        device = self.weight.device
        self.down = torch.randn(wide * len(parts), parts[0].in_features, device=device).bfloat16() * 0.02
        self.ups = [torch.randn(wide, size, device=device).bfloat16() * 0.02 for size in self.sizes]

    def forward(self, x_SD: Tensor) -> list[Tensor]:
        """Return what each of the layers makes of its input."""
        flat_SD = x_SD.flatten(0, -2)
        plain = functional.linear(flat_SD, self.weight).split(self.sizes, 1)
        if not self.mask:
            return [one.unflatten(0, x_SD.shape[:-1]) for one in plain]
        low = functional.linear(flat_SD, self.down).split(self.ups[0].shape[0], 1)
        return [
            torch.addmm(one, part * self.mask[0], up).unflatten(0, x_SD.shape[:-1])
            for one, part, up in zip(plain, low, self.ups, strict=True)
        ]


class Member(nn.Module):
    """One of the layers of a group: the first asks the group, the others take what it put by."""

    def __init__(self, group: nn.Module | None, at: int, kept: dict[int, Tensor]) -> None:
        super().__init__()
        self.group, self.at, self.kept = group, at, kept

    def forward(self, x: Tensor) -> Tensor:
        """Return what this layer makes of its input."""
        if self.group is not None:
            for at, made in enumerate(self.group(x)):
                self.kept[at] = made
        return self.kept.pop(self.at)


def fused(model: PreTrainedModel, together: bool, make: Callable[[list[nn.Linear]], nn.Module]) -> None:
    """Put groups in the place of the linear layers of a model, siblings together or each alone."""
    for parent in list(model.modules()):
        for names in SIBLINGS:
            if not hasattr(parent, names[0]):
                continue
            groups = [names] if together else [(name,) for name in names]
            for group in groups:
                made = make([getattr(parent, name) for name in group])
                kept: dict[int, Tensor] = {}
                for at, name in enumerate(group):
                    setattr(parent, name, Member(None if at else made, at, kept))


def main(base: Path, corpus: Path, out: Path, *words: str) -> dict[str, Any]:
    """Try every piece, or those whose names begin with one of `words`."""
    ALL_ATTENTION_FUNCTIONS.register("flat", flat_attention)
    ALL_ATTENTION_FUNCTIONS.register("slots", slot_attention)
    found: dict[str, Any] = {}
    pieces: dict[str, Callable[[], dict[str, Any]]] = {
        "check-varlen": check_varlen,
        "check-slots": check_slots,
        "pick": pick,
        "train-graph-6k": lambda: Training(base, 6144).measured(),
        "train-together-graph-6k": lambda: Training(base, 6144, together=True).measured(out / "graph.txt"),
        "answer-2048": lambda: Answering(base, 2048).measured(out / "answer.txt"),
        "answer-256": lambda: Answering(base, 256).measured(),
        "answer-2048-plain": lambda: Answering(base, 2048, adapters=0).measured(),
        "train-together-compiled-6k": lambda: Training(base, 6144, True, True).measured(out / "compiled.txt"),
        "train-together-graph-24k": lambda: Training(base, 24576, together=True).measured(),
        "train-together-compiled-24k": lambda: Training(base, 24576, True, True).measured(),
        "train-compiled-6k": lambda: Training(base, 6144, compiled=True).measured(),
        "read-32k": lambda: Training(base, 32768, together=True).reading(),
        "answer-2048-compiled": lambda: Answering(base, 2048, compiled=True).measured(),
    }
    for name, piece in pieces.items():
        if [word for word in words if word != "embedded"] and not name.startswith(words):
            continue
        begun = time.perf_counter()
        try:
            found[name] = piece()
        except FAILURES as error:
            found[name] = {"failed": f"{type(error).__name__}: {str(error)[:400]}"}
        found[name]["piece_s"] = round(time.perf_counter() - begun, 1)
        print(json.dumps({name: found[name]}), flush=True)
        torch.cuda.empty_cache()
    return found


def timed(work: Callable[[], object], times: int = 10) -> float:
    """Return the milliseconds of some work on the card, after three times to warm up."""
    return round(1000 * seconds(work, times), 3)


def flat_attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **given: Any
) -> tuple[Tensor, None]:
    """Attend within each example of one long row."""
    q, k, v = (one[0].transpose(0, 1) for one in (query, key, value))
    ends, longest = given["cu_seq_lens_q"], given["max_length_q"]
    found = varlen_attn(q, k, v, ends, ends, longest, longest, window_size=CAUSAL)
    assert isinstance(found, Tensor)
    return found[None], None


class Training:
    """A forward and a backward pass over one row of so many tokens, in variants."""

    def __init__(self, base: Path, tokens: int, together: bool = False, compiled: bool = False) -> None:
        torch.manual_seed(0)
        self.model = AutoModelForCausalLM.from_pretrained(
            base, dtype=torch.bfloat16, attn_implementation="flat"
        )
        self.model.to("cuda").train().requires_grad_(False)
        fused(self.model, together, Lora)
        self.weights = [one for one in self.model.parameters() if one.requires_grad]
        self.compiled = compiled
        if compiled:
            for layer in self.model.model.layers:
                layer.compile(dynamic=False)
        self.tokens = tokens
        ends = torch.arange(0, tokens + 1, LENGTH, dtype=torch.int32, device="cuda")
        self.given = {
            "input_ids": torch.randint(0, 49152, (1, tokens), device="cuda"),
            "position_ids": (torch.arange(tokens, device="cuda") % LENGTH)[None],
            "cu_seq_lens_q": ends, "cu_seq_lens_k": ends,
            "max_length_q": 512, "max_length_k": 512, "use_cache": False,
        }  # fmt: skip
        self.taught = torch.arange(0, tokens, 2, device="cuda")
        self.next = torch.randint(0, 49152, (len(self.taught),), device="cuda")
        self.loss = torch.zeros((), device="cuda")

    def step(self) -> None:
        """Go forward and backward once."""
        for weight in self.weights:
            weight.grad = None
        hidden_1TD = self.model.model(**self.given).last_hidden_state
        logits_NV = self.model.lm_head(hidden_1TD[0].index_select(0, self.taught))
        loss = functional.cross_entropy(logits_NV.float(), self.next)
        loss.backward()
        self.loss.copy_(loss.detach())

    def measured(self, table: Path | None = None) -> dict[str, Any]:
        """Measure it with Python before every kernel, and captured."""
        begun = time.perf_counter()
        self.step()
        torch.cuda.synchronize()
        found: dict[str, Any] = {"first_s": round(time.perf_counter() - begun, 1)}
        found["eager_ms"] = timed(self.step, 5)
        found["loss"] = round(float(self.loss), 4)
        graph = captured(self.step, None)
        found["graph_ms"] = timed(graph.replay)
        found["graph_loss"] = round(float(self.loss), 4)
        found["tokens_per_s"] = round(1000 * self.tokens / found["graph_ms"])
        found["peak_gb"] = round(torch.cuda.max_memory_allocated() / 2**30, 1)
        torch.cuda.reset_peak_memory_stats()
        moments = torch.optim.AdamW(self.weights, lr=1e-4, fused=True)
        found["adamw_ms"] = timed(moments.step)
        found["clip_ms"] = timed(lambda: nn.utils.clip_grad_norm_(self.weights, 1.0, foreach=True))
        if table is not None:
            found |= recorded(lambda: (graph.replay(), graph.replay()), table)
        return found

    def reading(self) -> dict[str, Any]:
        """Measure the forward pass alone: how fast prompts are read."""
        with torch.inference_mode():
            took = timed(lambda: self.model.model(**self.given), 5)
        return {"eager_ms": took, "tokens_per_s": round(1000 * self.tokens / took)}


class Slots:
    """Keys and values of all rows in place, `lengths_S` tokens of each; the cache that a model is given."""

    def __init__(self, rows: int, columns: int, layers: int, heads: int, size: int) -> None:
        shape = (layers, 2, rows, columns, heads, size)
        self.held = torch.randn(shape, device="cuda", dtype=torch.bfloat16)
        self.lengths_S = torch.randint(100, 300, (rows,), device="cuda", dtype=torch.int32)
        self.rows_S = torch.arange(rows, device="cuda")
        self.starts = torch.arange(0, (rows + 1) * columns, columns, device="cuda", dtype=torch.int32)
        self.ones = torch.arange(rows + 1, device="cuda", dtype=torch.int32)
        self.columns = columns

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Put by the keys and values of one more token of every row."""
        at = self.lengths_S.long() - 1
        self.held[layer, 0, self.rows_S, at] = keys[:, :, 0]
        self.held[layer, 1, self.rows_S, at] = values[:, :, 0]
        return keys, values

    def get_seq_length(self, *_: Any) -> int:
        """Say that something is held."""
        return 1


HELD: list[Slots] = []


def slot_attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **given: Any
) -> tuple[Tensor, None]:
    """Attend from one token of every row to what is held of that row."""
    held, layer = HELD[0], int(module.layer_idx)  # type: ignore[arg-type]
    keys, values = (held.held[layer, side].flatten(0, 1) for side in (0, 1))
    found = torch.ops.aten._flash_attention_forward(
        query[:, :, 0], keys, values, held.ones, held.starts, 1, held.columns, 0.0, False, False,
        seqused_k=held.lengths_S,
    )  # fmt: skip
    return found[0][:, None], None


class Answering:
    """One token for each of so many rows, in variants."""

    def __init__(self, base: Path, rows: int, adapters: int = 7, compiled: bool = False) -> None:
        torch.manual_seed(0)
        self.model = AutoModelForCausalLM.from_pretrained(
            base, dtype=torch.bfloat16, attn_implementation="slots"
        )
        self.model.to("cuda").eval().requires_grad_(False)
        config = self.model.config
        playing = torch.arange(rows, device="cuda") % max(adapters, 1)
        mask_SR = functional.one_hot(playing, max(adapters, 1)).repeat_interleave(RANK, 1).bfloat16()
        mask = [mask_SR] if adapters else []
        fused(self.model, True, lambda parts: Masked(parts, mask, max(adapters, 1)))
        if compiled:
            torch._dynamo.config.allow_unspec_int_on_nn_module = True  # else each layer is compiled by itself
            for layer in self.model.model.layers:
                layer.compile(dynamic=False)
        HELD[:] = [Slots(rows, 512, config.num_hidden_layers, config.num_key_value_heads, config.head_dim)]
        self.rows = rows
        self.tokens = torch.randint(0, 49152, (rows, 1), device="cuda")
        self.hot = False

    def step(self) -> None:
        """Write one token of every row."""
        held = HELD[0]
        found = self.model(
            input_ids=self.tokens,
            position_ids=held.lengths_S[:, None] - 1,
            past_key_values=held,
            use_cache=True,
        )
        logits_SV = found.logits[:, -1]
        if self.hot:
            kept, tokens = logits_SV.float().topk(50)
            chosen = tokens.gather(1, kept.softmax(1).cumsum(1).argmax(1, keepdim=True))
        else:
            chosen = logits_SV.argmax(1, keepdim=True)
        self.tokens.copy_(chosen)

    @torch.no_grad()
    def measured(self, table: Path | None = None) -> dict[str, Any]:
        """Measure it with Python before every kernel, and captured."""
        begun = time.perf_counter()
        self.step()
        torch.cuda.synchronize()
        found: dict[str, Any] = {"first_s": round(time.perf_counter() - begun, 1)}
        found["eager_ms"] = timed(self.step, 5)
        graph = captured(self.step, None)
        found["graph_ms"] = timed(graph.replay)
        found["tokens_per_s"] = round(1000 * self.rows / found["graph_ms"])
        if table is not None:
            found |= recorded(lambda: (graph.replay(), graph.replay()), table)
        self.hot = True
        found["graph_hot_ms"] = timed(captured(self.step, None).replay)
        return found


def check_varlen() -> dict[str, Any]:
    """Compare attention in one row, forward and backward, with each example alone; without repeated heads."""
    torch.manual_seed(0)
    q, k, v = (
        torch.randn(300, heads, 64, device="cuda", dtype=torch.bfloat16, requires_grad=True)
        for heads in (9, 3, 3)
    )
    ends = torch.tensor([0, 100, 170, 300], device="cuda", dtype=torch.int32)
    found = varlen_attn(q, k, v, ends, ends, 512, 512, window_size=CAUSAL)
    alone = [
        functional.scaled_dot_product_attention(
            *(one[a:b].float().transpose(0, 1)[None] for one in (q, k, v)), is_causal=True, enable_gqa=True
        )[0].transpose(0, 1)
        for a, b in ((0, 100), (100, 170), (170, 300))
    ]
    wanted = torch.cat(alone)
    assert isinstance(found, Tensor)
    grads = torch.autograd.grad(found.float().square().sum(), (q, k, v))
    right = torch.autograd.grad(wanted.square().sum(), (q, k, v))
    off = [apart(one, other) for one, other in zip(grads, right, strict=True)]
    return {"forward": apart(found, wanted), "backward": off}


def apart(one: Tensor, other: Tensor) -> float:
    """Return how far two tensors are apart, by the size of the second."""
    return float((one.float() - other.float()).norm() / other.float().norm())


def check_slots() -> dict[str, Any]:
    """Compare attention over what is held with attention over each row's own part."""
    torch.manual_seed(0)
    held = Slots(8, 512, 1, 3, 64)
    HELD[:] = [held]
    query = torch.randn(8, 9, 1, 64, device="cuda", dtype=torch.bfloat16)
    layer = nn.Module()
    layer.layer_idx = 0  # type: ignore[assignment]
    found = slot_attention(layer, query, query, query, None)[0][:, 0]
    off = 0.0
    for row, length in enumerate(held.lengths_S.tolist()):
        keys, values = (held.held[0, side, row, :length].float().transpose(0, 1)[None] for side in (0, 1))
        wanted = functional.scaled_dot_product_attention(
            query[row : row + 1].float(), keys, values, enable_gqa=True
        )[0, :, 0]
        off = max(off, apart(found[row], wanted))
    return {"forward": off}


def pick() -> dict[str, Any]:
    """Measure ways to choose the next token of 2,048 rows."""
    logits = torch.randn(2048, 49152, device="cuda", dtype=torch.bfloat16)
    return {
        "argmax_ms": timed(lambda: logits.argmax(1)),
        "topk_ms": timed(lambda: logits.topk(50)),
        "topk_float_ms": timed(lambda: logits.float().topk(50)),
        "topk_of_parts_ms": timed(lambda: logits.view(2048, 48, 1024).topk(50)[0].flatten(1).topk(50)),
        "amax_ms": timed(lambda: logits.amax(1)),
    }

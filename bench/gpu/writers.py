"""Tokens a second in answering on one GPU: Thoughtmill's writers, transformers' `generate`, and vLLM.

Seven adapters of random weights lie on the base. Ours mix the rows of five roles in one batch of 2,048;
`generate` writes with the base alone, as if the adapter of one role were merged into it, in batches padded on
the left. All are asked the same problems, greedily, 160 tokens at most. `answered` is the whole way of the
stage `infer`: policies, prompts, writing, solving. `check` comes first: attention beside a float32 reference,
and the tokens of slots beside those of `generate`. What fails says so in its line, and the next goes on.
"""

import gc
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import Any

import torch

from bench.gpu.clock import FAILURES, finish
from bench.gpu.profile import PEAK, QUESTIONS, ROLES, settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.train import finetune
from thoughtmill.train.infer import asked, solved
from thoughtmill.train.policies import policy
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest, SampleJournal, answer
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.roles import encoding
from thoughtmill.train.students.bases import Base, load_base
from thoughtmill.train.writers.decoding import FAULTS, HAS_TRITON, decode_by_kernel
from thoughtmill.train.writers.generating import GenerateWriter
from thoughtmill.train.writers.local import LocalWriter
from thoughtmill.train.writers.masked import UncoveredError
from thoughtmill.train.writers.sampling import StudentWriter
from thoughtmill.train.writers.settings import InferSettings
from thoughtmill.train.writers.slots import decode_by_mask

NAMES = ("check", "slots", "answered", "generate", "slots-sampled", "slots-256", "vllm")
MORE = ["dr", "gp"]
"""Roles whose adapters are loaded and not asked."""
ON_GPU = torch.cuda.is_available()
ROWS, BATCH, TOKENS, SAMPLES = (2048, 512, 160, 4096) if ON_GPU else (8, 4, 12, 24)


def main(base: Path, corpus: Path, out: Path, *words: str) -> dict[str, Any]:
    """Measure the writers that `words` name, or all; print each result.

    A number among the words is how many adapters there are, instead of seven.
    """
    for number in (int(word) for word in words if word.isdecimal()):
        MORE.extend(f"more-{at}" for at in range(number - len(ROLES) - len(MORE)))
    found: dict[str, Any] = {"base": base.name, "card": torch.cuda.get_device_name() if ON_GPU else "none"}
    questions = open_corpus(str(corpus)).con.execute(QUESTIONS).fetchall()[: SAMPLES // len(ROLES)]
    begun = time.monotonic()
    bench = Bench(students(base), str(base), questions)
    found["loading_s"] = round(time.monotonic() - begun, 1)
    for name in [one for one in NAMES if one in words] or NAMES:
        begun = time.monotonic()
        try:
            found[name] = getattr(bench, name.partition("-")[0])(name)
        except (*FAILURES, *FAULTS, UncoveredError, ImportError) as error:
            found[name] = {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
        found[name]["whole_s"] = round(time.monotonic() - begun, 1)
        if ON_GPU:
            found[name]["peak_gb"] = round(torch.cuda.max_memory_allocated() / 2**30, 1)
            torch.cuda.reset_peak_memory_stats()
        print(json.dumps({name: found[name]}), flush=True)
        gc.collect()
        torch.cuda.empty_cache() if ON_GPU else None
    return found


def students(base: Path, precision: str = "bfloat16" if ON_GPU else "float32") -> Base:
    """Return a base with an adapter of random weights for each role."""
    loaded = load_base(str(base), precision=precision)
    model = finetune.student(loaded, settings(base, 1))
    for role in (*ROLES, *MORE):
        model.add_adapter(role, model.peft_config["default"])
    model.delete_adapter("default")
    torch.manual_seed(0)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.02)
    model.to("cuda" if ON_GPU else "cpu").eval()
    return loaded


class Bench:
    """Students in memory and the problems on which every writer is measured."""

    def __init__(self, loaded: Base, folder: str, questions: Sequence[tuple[str, str]]) -> None:
        self.loaded, self.folder, self.questions = loaded, folder, questions
        named = loaded.model.named_parameters()
        self.weights = sum(one.numel() for name, one in named if "lora_" not in name)

    def writer(
        self, kind: type[StudentWriter], rows: int = ROWS, tokens: int = TOKENS, loaded: Base | None = None
    ) -> StudentWriter:
        """Return a writer of a kind over all students."""
        adapters = {role: role for role in (*ROLES, *MORE)}
        return kind(loaded or self.loaded, adapters, rows=rows, max_new_tokens=tokens, top_k=50, top_p=0.9)

    def requests(self, temperature: float = 0.0) -> list[GenerationRequest]:
        """Return a request of every problem for every role."""
        return [
            GenerationRequest(SampleRequest(one, role, 0), role, text, None, temperature, f"{one}/{role}")
            for one, text in self.questions
            for role in ROLES
        ]

    def figures(self, tokens: int, seconds: float, read: int = 0) -> dict[str, Any]:
        """Return the figures of a run from its tokens and seconds; `read` counts tokens of prompts."""
        flops = 2 * self.weights * (tokens + read)
        return {
            "tokens": tokens,
            "seconds": round(seconds, 2),
            "tokens_per_s": round(tokens / seconds),
            "mfu_2n": round(flops / seconds / PEAK, 4),
        }

    def check(self, name: str) -> dict[str, Any]:
        """Compare attention with float32, and 32 tokens of 64 rows in slots with those of `generate`."""
        found: dict[str, Any] = {"attention_off": attentions()} if ON_GPU and HAS_TRITON else {}
        for precision in ("float32", "bfloat16"):
            loaded = self.loaded if precision == "bfloat16" else students(Path(self.folder), precision)
            slots = self.writer(LocalWriter, 64, 32, loaded)
            assert isinstance(slots, LocalWriter)
            found[precision] = {"by": slots.decode.__name__, "logits_off": round(slots.off, 6)}
            texts, _ = written(slots, self.requests()[:64])
            others, _ = written(self.writer(GenerateWriter, 64, 32, loaded), self.requests()[:64])
            pairs = [(one.text, others[key].text) for key, one in texts.items()]
            found[precision]["equal_rows"] = f"{sum(one == other for one, other in pairs)} of {len(pairs)}"
            shares = [alike(*pair) / max(*map(len, pair), 1) for pair in pairs]
            found[precision]["equal_text"] = round(sum(shares) / len(shares), 3)
        return found

    def slots(self, name: str) -> dict[str, Any]:
        """Measure slots; `slots-sampled` samples at a temperature, `slots-256` writes 256 rows at a time."""
        rows = 256 if name.endswith("256") else ROWS
        writer = self.writer(LocalWriter, rows)
        assert isinstance(writer, LocalWriter)
        hot = name.endswith("sampled")
        requests = self.requests(0.7 if hot else 0.0)[: rows if hot else 4 * rows]
        clock = StepTimer(writer)
        ended, seconds = written(writer, requests)
        parts = clock.seconds()
        kept = {"rows": writer.max_rows, "by": writer.decode.__name__, "seconds_in": parts}
        read = sum(len(one) for one in prompts(self.loaded, requests))
        tokens = sum(one.new_tokens for one in ended.values())
        capturing = parts.get("capturing", {"s": 0.0})["s"]
        more = {"tokens_per_s_after_capturing": round(tokens / (seconds - capturing)), "prompt_tokens": read}
        return self.figures(tokens, seconds, read) | more | kept

    def answered(self, name: str) -> dict[str, Any]:
        """Run the greedy policies of all roles over the problems, with solving."""
        names = [f"greedy/{role}" for role in ROLES if role != "kg"]
        how = InferSettings.model_validate({"policies": names, "max_new_tokens": TOKENS, "rows": ROWS})
        writer, texts = self.writer(LocalWriter), dict(self.questions)
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch, Solvers(Limits(), 5.0) as solvers:
            journal = SampleJournal(Path(scratch, "samples.jsonl"))
            answer(
                {one: policy(one, how.policy) for one in names}, sorted(texts), journal, writer,
                partial(asked, problems=texts, settings=how, seed=1),
                partial(solved, problems=texts, kinds=dict.fromkeys(texts, "number"), solvers=solvers),
                name, rows=ROWS, solver_thread=True,
            )  # fmt: skip
            tokens = sum(sample.new_tokens for sample in journal.stored.values())
            journal.remove()
        more = {"problems": len(texts), "samples": len(journal.stored)}
        return self.figures(tokens, time.monotonic() - begun) | more

    @torch.inference_mode()
    def generate(self, name: str) -> dict[str, Any]:
        """Let transformers write a batch with the base alone, after a few warm-up tokens."""
        plain = load_base(self.folder, precision="bfloat16" if ON_GPU else "float32")
        model: Any = plain.model.to("cuda" if ON_GPU else "cpu").eval()
        asked_for = prompts(plain, [one for one in self.requests() if one.role == ROLES[0]])
        seconds, tokens = 0.0, 0
        for at in (-1, 0):
            chosen = asked_for[:4] if at < 0 else asked_for[at * BATCH : (at + 1) * BATCH]
            width = max(map(len, chosen))
            ids = torch.tensor([[plain.pad] * (width - len(one)) + one for one in chosen])
            mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in chosen])
            finish()
            begun = time.monotonic()
            wrote = model.generate(
                input_ids=ids.to(model.device), attention_mask=mask.to(model.device), do_sample=False,
                max_new_tokens=4 if at < 0 else TOKENS, pad_token_id=plain.pad,
            )  # fmt: skip
            new = wrote[:, width:].tolist()
            if at >= 0:
                seconds += time.monotonic() - begun
                tokens += sum(one.index(plain.pad) + 1 if plain.pad in one else len(one) for one in new)
        return self.figures(tokens, seconds) | {"rows": BATCH}

    def vllm(self, name: str) -> dict[str, Any]:
        """Let vLLM write with the base alone, if it is installed."""
        if find_spec("vllm") is None:
            return {"missing": "vllm is not installed"}
        vllm = import_module("vllm")
        engine = vllm.LLM(model=self.folder, dtype="bfloat16", max_num_seqs=ROWS, gpu_memory_utilization=0.5)
        given = [{"prompt_token_ids": one} for one in prompts(self.loaded, self.requests())]
        begun = time.monotonic()
        wrote = engine.generate(given, vllm.SamplingParams(temperature=0.0, max_tokens=TOKENS))
        tokens = sum(len(one.outputs[0].token_ids) for one in wrote)
        return self.figures(tokens, time.monotonic() - begun) | {"rows": ROWS}


def prompts(loaded: Base, requests: Sequence[GenerationRequest]) -> list[list[int]]:
    """Return the prompts of requests as tokens."""
    return encoding.render_all(loaded.tokenizer, [(one.role, one.problem, one.given) for one in requests])


def alike(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def written(
    writer: StudentWriter, requests: Sequence[GenerationRequest]
) -> tuple[dict[Any, GeneratedText], float]:
    """Write requests; return the texts by request, and the seconds."""
    begun, ended = time.monotonic(), dict[Any, GeneratedText]()
    writer.ask(requests)
    while len(ended) < len(requests):
        ended |= {one.wanted.key: one for one in writer.write()}
    return ended, time.monotonic() - begun


class StepTimer:
    """Times the parts of a writer's steps; turns are timed by CUDA events, without waiting for the GPU."""

    def __init__(self, writer: LocalWriter) -> None:
        self.parts: dict[str, list[float]] = {}
        self.events: list[tuple[str, Any, Any]] = []
        opened = writer._open

        def opening(columns: int) -> None:
            opened(columns)
            steps: Any = writer.steps
            steps.enter, steps._captured = (
                self.waiting("reading", steps.enter),
                self.waiting("capturing", steps._captured),
            )
            steps.turn = self.turning(steps.turn)

        writer._open = opening  # type: ignore[method-assign]

    def waiting(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap some work so that its seconds are noted, with those of its kernels."""

        def watched(*given: Any) -> Any:
            finish()
            begun = time.monotonic()
            made = work(*given)
            finish()
            self.parts.setdefault(part, []).append(time.monotonic() - begun)
            return made

        return watched

    def turning(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a turn so that its seconds on the GPU are noted."""
        if not ON_GPU:
            return work

        def watched(live: int, *given: Any) -> Any:
            ends = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
            ends[0].record()
            made = work(live, *given)
            ends[1].record()
            self.events.append((f"turn of {live}", *ends))
            return made

        return watched

    def seconds(self) -> dict[str, dict[str, float]]:
        """Return for each part its count, its seconds in all and their median."""
        finish()
        for part, begun, ended in self.events:
            self.parts.setdefault(part, []).append(begun.elapsed_time(ended) / 1000)
        return {
            part: {"times": len(took), "s": round(sum(took), 2), "median_ms": round(1000 * median(took), 1)}
            for part, took in self.parts.items()
        }


def attentions() -> dict[str, float]:
    """Return the relative error of both implementations of decode attention against float32."""
    torch.manual_seed(0)
    rows, heads, group, columns, size = 300, 3, 3, 512, 64
    new = (torch.randn(rows, count, size, device="cuda") for count in (heads * group, heads, heads))
    held = (torch.randn(rows, heads, columns, size, device="cuda") for _ in range(2))
    lengths = torch.randint(0, columns, (rows,), dtype=torch.int32, device="cuda")
    lengths[:3] = torch.tensor([0, 63, 64])
    exact = [one.bfloat16() for one in (*new, *held)]
    wanted = decode_by_mask(*[one.float() for one in exact], lengths, size**-0.5)  # type: ignore[call-arg]
    off = {}
    for way in (decode_by_kernel, decode_by_mask):
        found = way(*[one.clone() for one in exact], lengths, size**-0.5)  # type: ignore[call-arg]
        off[way.__name__] = round(float((found.float() - wanted).norm() / wanted.norm()), 5)
    return off

"""What a card waits for in the ordinary ways of training and answering: a table of the profiler for each.

Each is first measured undisturbed, then a few of its steps are recorded. A table says how long the card
worked and how long it waited, how many kernels were started, and which took the longest, on the card and
before it.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.train import finetune, roles
from thoughtmill.train.answering import GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.students.bases import load_base
from thoughtmill.train.training import learning
from thoughtmill.train.training.plan import TrainingPlan, training_plan
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.local import LocalWriter

QUESTIONS = "select problem_id, problem from problems where split = 'test' order by md5(problem_id)"
ROLES = ("ir", "kg", "cot", "pot", "eot")
LINES = 28
PEAK = 989e12
"""The card's matrix products in bfloat16, per second, by its data sheet."""


def main(base: Path, corpus: Path, out: Path, *words: str) -> dict[str, Any]:
    """Profile training, then answering; `words` name one of the two."""
    found: dict[str, Any] = {"base": base.name}
    if torch.cuda.is_available():
        found["card"] = torch.cuda.get_device_name()
    for name, work in (("training", training), ("answering", answering)):
        if name in words or not {"training", "answering"} & set(words):
            found[name] = work(base, corpus, out)
            print(json.dumps({name: found[name]}), flush=True)
    return found


def settings(base: Path, steps: int) -> FinetuneSettings:
    """Return ETD's settings on a base."""
    told = {"preset": "etd", "base": str(base), "steps": steps, "save_every": 10**6, "limit": 700}
    return FinetuneSettings.model_validate(told)


def training(base: Path, corpus: Path, out: Path, steps: int = 16) -> dict[str, Any]:
    """Measure some steps of one role, after three to warm up, then record two."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    learning.fast_steps = lambda *_: None
    loaded = load_base(str(base), precision="bfloat16" if device == "cuda" else "float32")
    loaded.model.to(device)
    student = finetune.student(loaded, settings(base, 1))
    examples = roles.examples(open_corpus(str(corpus)), "cot")

    def learnt(count: int) -> tuple[TrainingPlan, float]:
        chosen = settings(base, count)
        plan, begun = training_plan(loaded, examples, chosen), time.perf_counter()
        learning.learn(loaded, student, plan, chosen, state=out / "no-state", what=f"{count} steps")
        return plan, time.perf_counter() - begun

    learnt(3)
    plan, took = learnt(steps)
    tokens = sum(plan.lengths[one] for step in plan.steps for one in step)
    targets = sum(len(plan.encoded[one][1]) for step in plan.steps for one in step)
    weights = sum(one.numel() for one in student.parameters())
    return {
        "tokens_per_s": round(tokens / took),
        "target_tokens_per_s": round(targets / took),
        "s_per_step": round(took / steps, 3),
        "tokens_per_step": round(tokens / steps),
        "mfu_6n": round(6 * weights * tokens / took / PEAK, 4),
        "peak_gb": round(torch.cuda.max_memory_allocated() / 2**30, 1) if device == "cuda" else None,
        **recorded(lambda: learnt(2), out / "training.txt"),
    }


def answering(base: Path, corpus: Path, out: Path, rows: int = 2048) -> dict[str, Any]:
    """Write greedily for five roles in one batch, measured; then record some tokens of a full batch."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = rows if device == "cuda" else 16
    loaded = load_base(str(base), precision="bfloat16" if device == "cuda" else "float32")
    model = finetune.student(loaded, settings(base, 1))
    for role in ROLES:
        model.add_adapter(role, model.peft_config["default"])
    model.to(device)
    asked = open_corpus(str(corpus)).con.execute(
        QUESTIONS
    ).fetchall()[: rows * 3 // len(ROLES) // 2]  # fmt: skip
    requests = [
        GenerationRequest(SampleRequest(name, role, 0), role, problem, None, 0.0, f"{name}/{role}")
        for name, problem in asked
        for role in ROLES
    ]
    adapters = {role: role for role in ROLES}
    writer = LocalWriter(loaded, adapters, rows=rows, max_new_tokens=96, top_k=50, top_p=0.9)
    begun = time.perf_counter()
    writer.ask(requests)
    asking_s = time.perf_counter() - begun
    found: dict[str, Any] = {"samples": len(requests), "asking_s": round(asking_s, 2)}
    clock = Turns(writer)
    clock.until(lambda: len(clock.turns) >= 40)
    found |= recorded(lambda: clock.until(lambda: clock.since >= 6), out / "answering.txt")
    clock.until(lambda: clock.ended >= len(requests) or clock.spent() > 30)
    reading = [one for one in clock.turns if one[0] == "read"]
    writing = [one for one in clock.turns if one[0] == "write"]
    tokens = sum(one[2] for one in writing)
    took = sum(one[1] for one in clock.turns)
    return found | {
        "tokens_per_s": round((tokens + sum(one[2] for one in reading)) / took),
        "ended": clock.ended,
        "reading_turns": len(reading),
        "reading_s": round(sum(one[1] for one in reading), 2),
        "writing_turns": len(writing),
        "writing_s": round(sum(one[1] for one in writing), 2),
        "writing_ms_of_full_batch": round(1000 * _median([one[1] for one in writing[5:30]]), 1),
        "writing_ms_at_the_end": round(1000 * _median([one[1] for one in writing[-10:]]), 1),
        "rows_at_the_end": writing[-1][2] if writing else 0,
    }


class Turns:
    """A writer's turns one after the other: what each did, its seconds and the tokens it wrote."""

    def __init__(self, writer: LocalWriter) -> None:
        self.writer = writer
        self.turns: list[tuple[str, float, int]] = []
        self.ended = 0
        self.since = 0
        self.begun = time.perf_counter()

    def until(self, enough: Callable[[], bool]) -> None:
        """Take turns until it is enough."""
        self.since = 0
        while not enough() and (self.writer.waiting or self.writer.batch is not None):
            waited = len(self.writer.waiting)
            begun = time.perf_counter()
            self.ended += len(self.writer.write())
            took = time.perf_counter() - begun
            read = waited - len(self.writer.waiting)
            wrote = read or (0 if self.writer.batch is None else len(self.writer.batch.live()))
            self.turns.append(("read" if read else "write", took, wrote))
            self.since += 1

    def spent(self) -> float:
        """Return the seconds since the beginning."""
        return time.perf_counter() - self.begun


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def recorded(work: Callable[[], object], table: Path) -> dict[str, Any]:
    """Record some work; write a table and return the shares of its time."""
    kinds = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * torch.cuda.is_available()
    with profile(activities=kinds) as record:
        begun = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        took = time.perf_counter() - begun
    averages = record.key_averages()
    kernels = [one for one in averages if one.device_type.name == "CUDA"]
    busy = sum(one.self_device_time_total for one in kernels) / 1e6
    waits = {one.key: one.count for one in averages if one.key in WAITS}
    shown = {
        "recorded_s": round(took, 3),
        "card_busy_s": round(busy, 3),
        "kernels": sum(one.count for one in kernels),
        "waits": waits,
    }
    on_card = "self_device_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    parts = [json.dumps(shown)]
    for order in dict.fromkeys([on_card, "self_cpu_time_total"]):
        told = averages.table(sort_by=order, row_limit=LINES, max_name_column_width=60)
        parts.append(f"by {order}\n{told}")
    table.write_text("\n\n".join(parts) + "\n", "utf-8")
    return shown


WAITS = (
    "cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaMemcpyAsync", "cudaLaunchKernel", "aten::item",
    "aten::nonzero", "cuLaunchKernel", "cudaLaunchKernelExC", "cudaGraphLaunch",
)  # fmt: skip

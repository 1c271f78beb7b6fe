"""Profile the ordinary training step on a GPU.

It is first measured undisturbed, then two steps are recorded. The table says how long the card
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
from thoughtmill.train import finetune
from thoughtmill.train.students.bases import load_base
from thoughtmill.train.training import learning
from thoughtmill.train.training.plan import TrainingPlan, plan_of
from thoughtmill.train.training.settings import FinetuneSettings

QUESTIONS = "select problem_id, problem from problems where split = 'test' order by md5(problem_id)"
ROLES = ("ir", "kg", "cot", "pot", "eot")
LINES = 28
PEAK = 989e12
"""The peak operations a second of the GPU in bfloat16, by its data sheet."""


def main(base: Path, corpus: Path, out: Path, *words: str) -> dict[str, Any]:
    """Profile the ordinary step of training."""
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return {"base": base.name, "card": card, "training": training(base, corpus, out)}


def settings(base: Path, steps: int) -> FinetuneSettings:
    """Return ETD's settings on a base."""
    given = {"preset": "etd", "base": str(base), "steps": steps, "save_every": 10**6, "limit": 700}
    return FinetuneSettings.model_validate(given)


def training(base: Path, corpus: Path, out: Path, steps: int = 16) -> dict[str, Any]:
    """Measure some steps of one role, after three warm-up steps, then profile two."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    learning.fast_steps = lambda *_: None
    loaded = load_base(str(base), precision="bfloat16" if device == "cuda" else "float32")
    loaded.model.to(device)
    student = finetune.student(loaded, settings(base, 1))
    opened = open_corpus(str(corpus))

    def learnt(count: int) -> tuple[TrainingPlan, float]:
        chosen = settings(base, count)
        plan, begun = plan_of(loaded, "cot", opened, chosen), time.perf_counter()
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


def recorded(work: Callable[[], object], table: Path) -> dict[str, Any]:
    """Profile some work; write a table and return the shares of its time."""
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
        shares = averages.table(sort_by=order, row_limit=LINES, max_name_column_width=60)
        parts.append(f"by {order}\n{shares}")
    table.write_text("\n\n".join(parts) + "\n", "utf-8")
    return shown


WAITS = (
    "cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaMemcpyAsync", "cudaLaunchKernel", "aten::item",
    "aten::nonzero", "cuLaunchKernel", "cudaLaunchKernelExC", "cudaGraphLaunch",
)  # fmt: skip

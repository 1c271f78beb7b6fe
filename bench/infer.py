"""Measure the engine of inference beside LoRID's released schedule, on the same students, problems and seeds.

    python -m bench.infer                                # as the stage `infer` has it, after `make students`
    python -m bench.infer --splits test_numbers --problems 10
    python -m bench.infer --gpu BASE                     # on a card: `bench.gpu.writers` instead

The released schedule draws all rounds of IR, KG and DR for every problem, from three merged models, through
`generate`; whatever its scorer then looks at, all of it has been paid for. Figures: new tokens (with what was
written ahead, unused), seconds (of the clock and of the processor), bytes of weights, here and by the shape
of LLaMA-2-7B; whether `lorid_released` answers the same over the whole schedule; one mixed batch against a
batch for each role; tokens a second against `generate`.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from bench.gpu import writers
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.train.infer import asked, local, solved
from thoughtmill.train.policies import PolicySettings, policy
from thoughtmill.train.policies.answering import GenerationRequest, SampleJournal, answer
from thoughtmill.train.policies.lorid import lorid_released
from thoughtmill.train.policies.plans import (
    Decision,
    Plan,
    Policy,
    PolicyOutcome,
    Sample,
    SampleKey,
    SampleRequest,
    each,
    replay,
    unanswered,
)
from thoughtmill.train.policies.problems import problems_of
from thoughtmill.train.roles import encoding
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import Base, load_base
from thoughtmill.train.students.settings import section, trained
from thoughtmill.train.training.settings import PRESETS
from thoughtmill.train.writers.loading import LoadedStudents, load_students
from thoughtmill.train.writers.sampling import StudentWriter
from thoughtmill.train.writers.settings import InferSettings

ROLES = ("ir", "kg", "dr")
LLAMA: dict[str, Any] = {
    "vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 11_008,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
}  # fmt: skip
"""The shape of LLaMA-2-7B."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    given_by_stage = section("infer", InferSettings)
    parser.add_argument("--adapters", default=trained(), type=Path)
    parser.add_argument("--corpus", default=given_by_stage.corpus)
    parser.add_argument("--splits", default=list(given_by_stage.splits), nargs="+")
    parser.add_argument("--problems", default=given_by_stage.limit, type=int, help="of each split")
    parser.add_argument("--rounds", default=20, type=int, help="LoRID's")
    parser.add_argument("--rows", default=given_by_stage.rows, type=int)
    parser.add_argument("--temperature", default=given_by_stage.temperature, type=float)
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--gpu", nargs="?", const="train/bases/smollm2-135m-instruct", metavar="BASE")
    given = parser.parse_args()
    if given.gpu is not None:
        writers.main(Path(given.gpu), Path(given.corpus), Path("out"))
        return
    torch.set_num_threads(given.threads)
    shared = {"rows": given.rows, "temperature": given.temperature}
    how = given_by_stage.model_copy(update=shared | {"policy": PolicySettings(max_rounds=given.rounds)})
    problems = problems_of(open_corpus(given.corpus), given.splits, given.problems)
    opened = load_students(given.adapters, ROLES, how.base.model, how.base.revision)
    shown = {"problems": len(problems), "splits": given.splits, "rounds": given.rounds, **shared}
    shown |= {"weights_by_one_base": weights(opened.base.model)}
    shown |= {f"weights_by_llama_2_7b_{preset}": weights_of_llama(preset) for preset in ("etd", "lorid")}
    shown |= schedules(opened, problems, how, given.adapters)
    shown |= batches(opened, problems, how, given.adapters)
    print(json.dumps(shown, indent=1))


def weights(model: torch.nn.Module) -> float:
    """Return the weights in memory as a multiple of one base; three merged models are 3."""
    size = {name: weight.numel() * weight.element_size() for name, weight in model.named_parameters()}
    added = sum(size[name] for name in size if "lora_" in name)
    base = sum(size.values()) - added
    return round(1 + added / base, 3)


def weights_of_llama(preset: str) -> float:
    """Return `weights` of LLaMA-2-7B with the adapters of a preset of `finetune`; they take no memory."""
    chosen = {name: PRESETS[preset][name] for name in ("rank", "alpha", "dropout", "targets")}
    with torch.device("meta"):
        base = LlamaForCausalLM(LlamaConfig(**LLAMA))
        config = adapters.lora(base, **chosen)
        student = get_peft_model(base, config, adapter_name=ROLES[0])
        for role in ROLES[1:]:
            student.add_adapter(role, config)
    return weights(student)


def schedules(
    opened: LoadedStudents, problems: Sequence[tables.Row], how: InferSettings, folder: Path
) -> dict[str, Any]:
    """Run `lorid_released` live, then the whole schedule: in our engine for its answers, and as released."""
    rounds, chosen = how.policy.max_rounds, policy("lorid_released", how.policy)
    with Solvers(Limits(), 5.0) as solvers:
        live, live_cost, _ = run(opened, problems, how, solvers, chosen)
        _, whole_cost, stored = run(opened, problems, how, solvers, each(lambda one: everything(one, rounds)))
    same = replay(chosen, sorted(live.decisions), stored)
    released = timed(lambda: as_released(how, folder, problems, rounds))
    return {
        "same_answers": sum(same.decisions[name] == made for name, made in live.decisions.items()),
        "resolved": sum(decision.resolved for decision in live.decisions.values()),
        "live": live_cost,
        "whole_schedule": whole_cost,
        "released_schedule": released,
        "fewer_new_tokens": round(released["new_tokens"] / live_cost["new_tokens"], 2),
        "less_wall_time": round(released["wall_s"] / live_cost["wall_s"], 2),
        "less_cpu_time": round(released["cpu_s"] / live_cost["cpu_s"], 2),
    }


def run(
    opened: LoadedStudents,
    problems: Sequence[tables.Row],
    how: InferSettings,
    solvers: Solvers,
    chosen: Policy,
) -> tuple[PolicyOutcome, dict[str, float], dict[SampleKey, Sample]]:
    """Run a policy live; return what it decided, cost and drew."""
    texts = {row["problem_id"]: row["problem"] for row in problems}
    kept: dict[str, Any] = {}

    def work() -> int:
        with tempfile.TemporaryDirectory() as scratch:
            journal = SampleJournal(Path(scratch) / "journal")
            kept["decided"] = answer(
                {"": chosen},
                sorted(texts),
                journal,
                local(opened, how),
                lambda draw, given: asked(draw, given, texts, how, 1),
                lambda written: solved(written, texts, dict.fromkeys(texts, "number"), solvers),
                rows=how.rows,
            )[""]
            journal.remove()
        kept["stored"], kept["unused"] = journal.stored, journal.unused
        return sum(sample.new_tokens for sample in (journal.stored | journal.unused).values())

    cost = timed(work)
    cost["of_them_in_vain"] = sum(sample.new_tokens for sample in kept["unused"].values())
    return kept["decided"], cost, kept["stored"]


def everything(problem_id: str, rounds: int) -> Plan[Decision]:
    """Draw IR and KG of all rounds, then DR of all rounds."""
    draws = list(unanswered(lorid_released(problem_id, rounds)))
    yield [draw for draw in draws if draw.given is None]
    yield [draw for draw in draws if draw.given is not None]
    return Decision((), False, rounds)


def as_released(how: InferSettings, folder: Path, problems: Sequence[tables.Row], rounds: int) -> int:
    """Draw every round through `generate` from three merged models; return the new tokens."""
    merged = {role: merge(how, folder, role) for role in ROLES}
    texts = [row["problem"] for row in problems for _ in range(rounds)]
    total = 0
    for role in ("ir", "kg"):
        words, spent = generate(merged[role], role, [(text, None) for text in texts], how)
        total += spent
    _, spent = generate(merged["dr"], "dr", list(zip(texts, words, strict=True)), how)
    return total + spent


def merge(how: InferSettings, folder: Path, role: str) -> Base:
    """Return a base of its own with the adapter of a role merged into it."""
    base = load_base(how.base.model)
    model = adapters.load(base, folder / role, role).merge_and_unload()
    return Base(model.eval(), base.tokenizer, base.name, base.sha)


def generate(
    base: Base,
    role: str,
    prompts: Sequence[tuple[str, str | None]],
    how: InferSettings,
    rows: int | None = None,
) -> tuple[list[str], int]:
    """Write prompts with `generate`, in batches as they come; return texts and new tokens."""
    texts, spent = [], 0
    end, pad = base.tokenizer.eos_token_id, base.pad
    torch.manual_seed(1)
    for at in range(0, len(prompts), rows or how.rows):
        asked = [(role, *one) for one in prompts[at : at + (rows or how.rows)]]
        encoded = encoding.render_all(base.tokenizer, asked)
        width = max(map(len, encoded))
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in encoded])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in encoded])
        with torch.inference_mode():
            wrote = base.model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                temperature=how.temperature,
                top_k=how.top_k,
                top_p=how.top_p,
                max_new_tokens=how.max_new_tokens,
                pad_token_id=pad,
            )
        for row in wrote[:, width:].tolist():
            spent += row.index(end) + 1 if end in row else len(row)
            texts.append(str(base.tokenizer.decode(row[: row.index(end)] if end in row else row)))
    return texts, spent


def batches(
    opened: LoadedStudents, problems: Sequence[tables.Row], how: InferSettings, folder: Path
) -> dict[str, Any]:
    """Return tokens a second of mixed batches, of batches of one role, and of `generate`."""
    texts = {row["problem_id"]: row["problem"] for row in problems}
    draws = [
        SampleRequest(name, role, round_)
        for name in texts
        for role in ("ir", "kg")
        for round_ in (1, 2, 3, 4)
    ]
    requests = [asked(draw, None, texts, how, 1) for draw in draws]
    by_role = [[request for request in requests if request.role == role] for role in ("ir", "kg")]
    intuitive = [(request.problem, None) for request in by_role[0]]
    merged = merge(how, folder, "ir")
    return {
        "mixed": timed(lambda: wrote(local(opened, how), [requests])),
        "role_after_role": timed(lambda: wrote(local(opened, how), by_role)),
        "one_role": timed(lambda: wrote(local(opened, how), by_role[:1])),
        "generate_of_as_many_rows": timed(lambda: generate(merged, "ir", intuitive, how)[1]),
        "generate_of_one_row": timed(lambda: generate(merged, "ir", intuitive[:8], how, 1)[1]),
    }


def wrote(writer: StudentWriter, groups: Sequence[Sequence[GenerationRequest]]) -> int:
    """Write groups of requests, one group after the other; return the new tokens."""
    total = 0
    for group in groups:
        writer.ask(group)
        left = len(group)
        while left:
            written = writer.write()
            left -= len(written)
            total += sum(text.new_tokens for text in written)
    return total


def timed(work: Callable[[], int]) -> dict[str, float]:
    """Return the new tokens of some work and its times."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    new_tokens = work()
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    print(f"{new_tokens} new tokens in {wall_s:.1f} s, {cpu_s:.1f} s of processor", file=sys.stderr)
    return {"new_tokens": new_tokens, "wall_s": round(wall_s, 2), "cpu_s": round(cpu_s, 2),
            "new_tokens_per_cpu_s": round(new_tokens / cpu_s)}  # fmt: skip


if __name__ == "__main__":
    main()

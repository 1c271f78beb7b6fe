"""Target tokens per second and peak memory in training: Thoughtmill against TRL's SFTTrainer with peft.

Run `python -m bench.train [CORPUS] [STEPS]` after `make repro`; CORPUS is `data` unless given. With `--gpu
[BASE] [CORPUS]` it runs `bench.gpu.trainers` instead, on one card. Both train the same LoRA on the same base,
on the records of `etd`, in the same order, batch and precision, each in a process of its own. TRL runs once
as it comes and once without gradient checkpointing, which is faster where memory allows. On a GPU the base
has about half a billion random weights (Qwen2.5's shape) and runs in bfloat16; on a CPU it is the embedded
student's, in float32. TRL comes with the extra `dev`. Last come the seconds of one `etd` student against
three students of one thought each.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

from bench.gpu import trainers
from bench.sft import CLOCK, trl
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.train import roles
from thoughtmill.train.finetune import student
from thoughtmill.train.students.bases import Base, load_base
from thoughtmill.train.training.learning import learn
from thoughtmill.train.training.plan import TrainingPlan, plan_of
from thoughtmill.train.training.settings import FinetuneSettings

KEPT = Path(__file__).parent / ".venvs" / "trl"
"""What trainers write: states, checkpoints, and a base of random weights."""


def main(corpus: str = "data", steps: str = "60") -> None:
    """Print one line per trainer, and one per student of the ensemble's cost."""
    base = random_base() if torch.cuda.is_available() else "train/embedded/base"
    found = {
        name: child(name, corpus, steps, base) for name in ("thoughtmill", "trl", "trl-no-checkpointing")
    }
    for name, run in found.items():
        print(
            f"{name:22}{run['target_tokens_per_s']:9,.0f} target tokens a second, "
            f"{run['peak_mb']:,.0f} MB peak, loss {run['first_loss']:.3f} -> {run['last_loss']:.3f}"
        )
    for peer in ("trl", "trl-no-checkpointing"):
        ratio = found["thoughtmill"]["target_tokens_per_s"] / found[peer]["target_tokens_per_s"]
        print(f"Thoughtmill is {ratio:.2f} times as fast as {peer}")
    ensemble(corpus, base)


def child(name: str, corpus: str, steps: str, base: str) -> dict[str, float]:
    """Run a trainer in a separate process, so that its peak memory is measured alone."""
    words = [sys.executable, "-m", "bench.train", "--only", name, corpus, steps, base]
    given = os.environ | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=given)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def only(name: str, corpus: str, steps: str, base: str) -> None:
    """Train with one trainer and print its measurements as JSON."""
    chosen = settings(base, int(steps))
    loaded, plan = prepared(corpus, chosen)
    if name == "thoughtmill":
        seconds, losses = ours(loaded, plan, chosen)
    else:
        seconds, losses = trl(loaded, plan, chosen, checkpointing=name == "trl", out=KEPT / "out")
    tokens = sum(len(plan.encoded[index][1]) for step in plan.steps for index in step)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    if torch.cuda.is_available():
        peak = torch.cuda.max_memory_allocated() / 2**20
    tail = losses[-10:]
    found = {"target_tokens_per_s": tokens / seconds, "peak_mb": peak}
    print(json.dumps(found | {"first_loss": losses[0], "last_loss": sum(tail) / len(tail)}))


def settings(base: str, steps: int) -> FinetuneSettings:
    """Return what both trainers are given; a schedule without warm-up, which both spell the same way."""
    return FinetuneSettings.model_validate(
        {"base": base, "steps": steps, "batch_records": 16, "warmup": 0.0, "gradient_checkpointing": False,
         "pass_tokens": 65536, "save_every": 10**6}
    )  # fmt: skip


def prepared(corpus: str, chosen: FinetuneSettings) -> tuple[Base, TrainingPlan]:
    """Load the base, on the GPU if there is one, and make the training plan."""
    loaded = load_base(chosen.base.model, precision="bfloat16" if torch.cuda.is_available() else "float32")
    loaded.model.to("cuda" if torch.cuda.is_available() else "cpu")
    return loaded, plan_of(loaded, "etd", open_corpus(corpus), chosen)


def ours(base: Base, plan: TrainingPlan, chosen: FinetuneSettings) -> tuple[float, list[float]]:
    """Train with our loop; return its seconds and its loss curve."""
    model = student(base, chosen)
    begun = CLOCK()
    curve = learn(base, model, plan, chosen, state=KEPT / "no-state", what="thoughtmill")
    return CLOCK() - begun, [point.loss for point in curve]


def ensemble(corpus: str, base: str) -> None:
    """Print what one epoch of `etd` costs against one of each of its parts."""
    opened = open_corpus(corpus)
    seconds = {}
    for role in (*roles.parts_of("etd"), "etd"):
        chosen = FinetuneSettings.model_validate({"base": base, "epochs": 1, "save_every": 10**6})
        loaded = load_base(base)
        plan = plan_of(loaded, role, opened, chosen)
        begun = CLOCK()
        learn(loaded, student(loaded, chosen), plan, chosen, state=KEPT / "no-state", what=role)
        seconds[role] = CLOCK() - begun
        print(f"one epoch of {role}: {seconds[role]:.0f} s, {len(plan.encoded):,} records")
    print(f"etd takes {seconds.pop('etd') / sum(seconds.values()):.2f} times what its three parts take alone")


def random_base() -> str:
    """Write a base of Qwen2.5-0.5B's shape, random weights and the embedded tokenizer."""
    folder = KEPT / "random-base"
    if not folder.exists():
        torch.manual_seed(0)
        config = Qwen2Config(
            vocab_size=151_936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
            num_attention_heads=14, num_key_value_heads=2, tie_word_embeddings=True,
            max_position_embeddings=4096,
            bos_token_id=None, eos_token_id=0, pad_token_id=0,
        )  # fmt: skip
        Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
        AutoTokenizer.from_pretrained("train/embedded/base").save_pretrained(folder)
    return str(folder)


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["--gpu"]:
        base, corpus = [*words[1:], *["train/bases/smollm2-135m-instruct", "data"][len(words) - 1 :]]
        trainers.main(Path(base), Path(corpus), KEPT)
    elif words[:1] == ["--only"]:
        only(*words[1:])
    else:
        main(*words)

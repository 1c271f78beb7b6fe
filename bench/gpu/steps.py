"""The steps of `run.py`, each in its own process: `python -m bench.gpu.steps STEP WORK OUT WORD…`."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

import torch
import yaml
from transformers import AutoConfig, AutoModelForCausalLM

from bench.gpu import planes
from bench.gpu.clock import seconds
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.train import smol
from thoughtmill.train.policies.problems import problems_of

NAME = "smollm2-135m-instruct"
BASES = ("embedded", "large", "shape")
"""Words that name another base than the real one."""
ON_GPU = torch.cuda.is_available()
KNOWN = (266_000, 120, 45_000, 25)
"""What `papers` plans with: tokens a second of one H200 in training twelve students together and seconds to
begin, then both of answering. Measuring them first would compile twice."""
LARGE = {
    "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24, "num_attention_heads": 32,
    "num_key_value_heads": 32, "head_dim": 64,
}  # fmt: skip
"""What differs in the shape of SmolLM2-1.7B from that of the base with 135 million weights."""
ARCHIVE = 15 * 10**6
"""Most bytes of an archive of samples, unless one file has more."""
TINY = (
    "--only", "ir", "eot", "--sets", "multiarith", "--samples", "1", "--seeds", "1", "--epochs", "1",
    "--max-new-tokens", "16", "--where", "md5(problem_id) > 'fe'",
)  # fmt: skip
"""What `papers` does of its work without a GPU."""


def base(work: Path) -> Path:
    """Join the base from its pieces, if that is not done yet; return its folder."""
    folder = work / "bases" / NAME
    if not folder.is_dir():
        size = int((work / "base.size").read_text("utf-8"))
        numbered = sorted((one for one in work.glob("base.[0-9]*")), key=lambda one: int(one.suffix[1:]))
        whole = b"".join(one.read_bytes() for one in numbered)
        if len(whole) != size:
            sys.exit(f"{len(whole):,} of {size:,} bytes of the base are here: bring the other pieces")
        gguf = work / "base.gguf"
        planes.unpack(whole, gguf)
        print(f"{folder}: {smol.make(gguf, folder):,} weights")
    return folder


def shape(work: Path) -> Path:
    """Write a base of the real one's shape with random weights, if need be; return its folder."""
    folder = work / "shape"
    if not (folder / "model.safetensors").exists():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
        config = (folder / "config.json").read_bytes()
        model.to(torch.bfloat16).save_pretrained(folder)
        (folder / "config.json").write_bytes(config)
    return folder


def large(work: Path) -> Path:
    """Write a base of 1.7 billion random weights, of the shape of SmolLM2's largest, if need be."""
    folder = work / "large"
    if not folder.is_dir():
        shutil.copytree(shape(work), folder, ignore=shutil.ignore_patterns("*.safetensors"))
        config = AutoConfig.from_pretrained(folder)
        config.update(LARGE)
        torch.manual_seed(0)
        with torch.device("cuda" if ON_GPU else "cpu"):
            model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
        model.save_pretrained(folder)
    return folder


def chosen(work: Path, words: tuple[str, ...]) -> Path:
    """Return the embedded or the large base if it is named; else the real base, or its shape without it."""
    if "embedded" in words:
        return Path("train/embedded/base").resolve()
    if "large" in words:
        return large(work)
    if "shape" in words:
        return shape(work)
    return base(work) if (work / "bases" / NAME).is_dir() else shape(work)


def card() -> dict[str, object]:
    """Measure the peak of the GPU, or of the processor, on random numbers: bfloat16 products and copies."""
    torch.manual_seed(0)
    size, numbers = (8192, 2**30) if ON_GPU else (512, 2**22)
    given = {"device": "cuda" if ON_GPU else "cpu", "dtype": torch.bfloat16}
    one, other = (torch.randn(size, size, **given) for _ in range(2))
    product_s = seconds(lambda: one @ other, 20)
    whole = torch.randn(numbers, **given)
    copy_s = seconds(whole.clone, 10)
    return {
        "card": torch.cuda.get_device_name() if ON_GPU else "none",
        "torch": torch.__version__,
        "tflops": round(2 * size**3 / product_s / 1e12, 2),
        "copy_tb_s": round(2 * whole.nbytes / copy_s / 1e12, 3),
    }


def smoke(code: Path, work: Path) -> dict[str, object]:
    """Take the embedded base through finetune, infer and evaluate, with a few steps and problems."""
    project = work / "project"
    (project / "data").mkdir(parents=True, exist_ok=True)
    for path in (work / "corpus" / "data").iterdir():
        (project / "data" / path.name).write_bytes(path.read_bytes())
    (project / "dvc.yaml").write_text("", "utf-8")
    base = str((code / "train" / "embedded" / "base").resolve())
    params = {
        "roles": ["cot", "pot"],
        "base": {"model": base},
        "finetune": {"steps": 12, "context": 640},
        "infer": {"limit": 4, "max_new_tokens": 64, "policies": ["greedy/cot", "greedy/pot"]},
    }
    (project / "params.yaml").write_text(yaml.safe_dump(params), "utf-8")
    taken = {}
    for stage, *words in (["finetune", "cot"], ["finetune", "pot"], ["infer"], ["evaluate"]):
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", f"thoughtmill.train.{stage}", *words], cwd=project, check=True)
        taken["-".join([stage, *words])] = round(time.monotonic() - begun, 1)
    return {"seconds": taken}


def papers(base: Path, work: Path, seconds: str = "330", *speeds: str) -> dict[str, object]:
    """Answer the papers' test sets in some seconds; four known speeds may follow, and the most epochs."""
    from bench.papers import __main__ as bench

    os.environ["TOKENIZERS_PARALLELISM"] = "true"  # some hundred thousand texts; no process that forks reads
    words = ["--base", str(base), "--corpus", str(work / "corpus" / "data"), "--folder", str(work / "papers")]
    words += ["--hours", str(int(seconds) / 3600), "--samples-only", "--set", "save_every=1000000"]
    words += ("--samples", "4", "--seeds", "3") if ON_GPU else TINY
    known = list(speeds[:4]) or [str(one) for one in KNOWN] * ON_GPU
    words += ["--epochs", *speeds[4:]] if speeds[4:] else []
    bench.main(*words, *(["--speeds", *known] if known else []))
    return json.loads((work / "papers" / "plan.json").read_text("utf-8"))  # type: ignore[no-any-return]


def samples(work: Path, out: Path) -> dict[str, object]:
    """Write the page of the papers' tables, and the samples as archives, also of a run that was stopped.

    Policies can be replayed on them without a GPU.
    """
    from bench.papers import __main__ as bench

    folder, archives = work / "papers", [list[Path]()]
    each = sorted(folder.glob("predictions/*.parquet"))
    for path in [*folder.glob("p*.json"), *folder.glob("p*.parquet"), *each]:
        if sum(one.stat().st_size for one in [*archives[-1], path]) > ARCHIVE:
            archives.append([])
        archives[-1].append(path)
    for number, paths in enumerate(archives, start=1):
        with tarfile.open(out / f"papers-{number}.tar", "w") as file:
            for path in paths:
                file.add(path, str(path.relative_to(folder)))
    bench.main("--tables", str(folder), "--page", str(out / "papers.md"))
    return {"files": len(each), "archives": len(archives)}


def greedy(base: Path, work: Path) -> dict[str, object]:
    """Have the students of `papers` answer GSM8K's test problems by all greedy policies, with solving.

    The students are loaded before the time is taken.
    """
    from bench.papers.answering import load, possible, settings_of
    from bench.papers.contents import GREEDY, GROUPS, SINGLE
    from bench.papers.students import there
    from thoughtmill.train.infer import infer

    folder = work / "papers"
    held = there(folder, {SINGLE: GROUPS[SINGLE].roles})[SINGLE]
    problems = problems_of(open_corpus(str(work / "corpus" / "data")), ("test",), None)
    chosen = [row for row in problems if row["test_set"].startswith("gsm8k")][: None if ON_GPU else 4]
    policies = possible(GREEDY, held)
    settings = settings_of(str(base), SINGLE, 1, policies, max_new_tokens=256)
    writer, version, sha = load(folder / "adapters" / SINGLE, SINGLE, held, str(base), 256)
    begun = time.monotonic()
    with Solvers(Limits(), 5.0) as solvers:
        rows = list(infer(settings, chosen, writer, version, sha, solvers, work / "greedy"))
    tokens, took_s = sum(row["new_tokens"] for row in rows), time.monotonic() - begun
    right = Counter(row["role"] for row in rows if row["correct"])
    found = {"problems": len(chosen), "policies": policies, "samples": len(rows), "tokens": tokens}
    return found | {"seconds": round(took_s, 1), "tokens_per_s": round(tokens / took_s), "right": right}


def growth(base: Path, work: Path, out: Path, steps: str = "200", *arms: str) -> dict[str, object]:
    """Train arms, by default all, for some steps; write their samples to `predictions.parquet`."""
    from bench import taught

    folder, data = work / "taught", work / "growth" / "data"
    training = {"base": str(base), "preset": "etd", "batch_records": 16, "steps": int(steps)}
    answering = {"limit": 300 if ON_GPU else 8, "max_new_tokens": 256 if ON_GPU else 16, "rows": 2048}
    more = {"pass_tokens": 32768, "save_every": 10**6}
    taught.teach(folder, data, arms or tuple(taught.ARMS), training | more, answering)
    shutil.copy(folder / "predictions.parquet", out)
    shown = taught.table(folder, data)
    (out / "growth.md").write_text(shown + "\n", "utf-8")
    print(shown)
    return training


def main(step: str, work: str, out: str, *words: str) -> None:
    """Run a step and print what it found as a line of JSON."""
    space, code = Path(work), Path.cwd()
    others = [word for word in words if word not in BASES]
    if step in ("base", "shape"):
        print({"base": base, "shape": shape}[step](space))
        return
    if step == "card":
        found = card()
    elif step == "smoke":
        found = smoke(code, space)
    elif step == "papers":
        found = papers(chosen(space, words), space, *others)
    elif step == "samples":
        found = samples(space, Path(out))
    elif step == "greedy":
        found = greedy(chosen(space, words), space)
    elif step == "growth":
        found = growth(chosen(space, words), space, Path(out), *others)
    elif step == "profile":
        from bench.gpu import profile

        found = profile.main(chosen(space, words), space / "corpus" / "data", Path(out), *others)
    else:
        from bench.gpu import trainers, writers

        work = trainers if step == "train" else writers
        found = work.main(chosen(space, words), space / "corpus" / "data", Path(out), *others)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Growths of GSM8K: `python -m bench.growth FOLDER` with GSM8K's `train.jsonl` and `test.jsonl`.

The embedded teacher, without mistakes, writes all thoughts; each growth that needs no teacher then grows
all problems, in a process with one worker. For `repair` it writes programs twice, half of them with a
mistake. A row is a growth: the problems it saw, what it made, the share of its records that verify, records
a CPU second with growing and verifying together, and the peak of the largest process (MiB).

`python -m bench.growth FOLDER 100000` grows about so many problems by `rename` from chains alone, and curates
them: the peaks of both. `python -m bench.growth FOLDER redraw 7` prints what that growth wrote about 50
problems, drawn by the seed 7, to be read; more seeds draw others. `preferences` in place of a growth prints
pairs of chains and of equations, the right one and the wrong one. `--arms`, `--teach` and `--table` are
about what students learn: see `bench.taught`.
"""

import os
import sys
import tempfile
from hashlib import md5
from pathlib import Path
from typing import Any

import duckdb
import yaml

from bench.memory import adopting, ended
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.exports import exported
from thoughtmill.factory.grow import is_rewriting
from thoughtmill.factory.growths import GROWTHS

ROOT = Path(__file__).parents[1]
THOUGHTS = ("knowledge", "cot", "pot", "eot")
MISTAKEN = {"repair": ("pot",), "preferences": ("cot", "eot")}
"""The thoughts of what needs rejected rationales too."""
COUNTS = {"redraw": 4, "fobar": 2, "rename": 1, "permute": 2, "irrelevant": 1}
"""Children of a problem; of every other growth it is 1."""
SHOWN = """
select
    (select count(distinct parent_id) from '{0}/growths.parquet') as parents,
    (select count(distinct parent_id) from '{0}/growths.parquet' where reason is null) as grown,
    (select count(*) from '{0}/growths.parquet' where reason is null) as made,
    (select count(*) from '{0}/records.parquet') as records,
    (select avg((failure is null and correct is distinct from false)::integer)
     from '{0}/records.parquet') as verified
"""
HEADING = """\
| growth | of problems | grown | children | records | verified | records per CPU second | peak, MiB |
|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Print the table."""
    if sys.argv[1].startswith("--"):
        from bench import taught  # it needs torch

        taught.main(*sys.argv[1:])
        return
    source = Path(sys.argv[1]).resolve()
    growth = sys.argv[2] if len(sys.argv) > 2 and not sys.argv[2].isdigit() else None
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 and growth is None else 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, source, growth or "", ("cot",) if wanted else ())
        if growth is not None:
            sample(folder, source, growth, sys.argv[3:] or ["1"])
        elif wanted:
            million(folder, source, wanted)
        else:
            print(HEADING)
            for growth in sorted(filter(_needs_no_teacher, GROWTHS.names()), key="repair".__eq__):
                if growth == "repair":
                    prepare(folder, source, growth)
                print(line(folder, source, growth), flush=True)


def _needs_no_teacher(growth: str) -> bool:
    module = GROWTHS.named(growth)
    return not (is_rewriting(module) or getattr(module, "ASKS", False))


def prepare(folder: Path, source: Path, growth: str = "", thoughts: tuple[str, ...] = ()) -> None:
    """Write a project and run the stages before `grow`, for one growth or for any but `repair`."""
    thoughts = write_params(folder, source, {growth: 0} if growth else {}, thoughts)
    stages = [[stage, thought] for thought in thoughts for stage in ("generate", "verify")]
    for words in [["seed"], *stages]:
        measured(folder, words)


def line(folder: Path, source: Path, growth: str) -> str:
    """Grow all problems by one growth; return its row of the table."""
    write_params(folder, source, {growth: COUNTS.get(growth, 1)})
    seconds, peak = measured(folder, ["grow"])
    if not (folder / "data" / "grown" / "completions.parquet").exists():
        return f"| `{growth}` | 0 | | | | | | |"
    parents, grown, made, records, verified = duckdb.sql(SHOWN.format(folder / "data" / "grown")).fetchall()[
        0
    ]
    return (
        f"| `{growth}` | {parents:,} | {grown / parents:.1%} | {made:,} | {records:,} | {verified:.2%} "
        f"| {records / seconds:,.0f} | {peak:.0f} |"
    )


def sample(folder: Path, source: Path, growth: str, seeds: list[str]) -> None:
    """Print the problems that a growth made, or what it wrote about problems, for 50 drawn by each seed."""
    if growth == "preferences":
        pairs(folder, seeds)
        return
    write_params(folder, source, {growth: COUNTS.get(growth, 1)})
    measured(folder, ["grow"])
    grown = folder / "data" / "grown"
    query = f"select problem_id, problem, answer from '{grown}/problems.parquet'"
    if growth == "repair":
        query = (
            f"select problem_id, concat_ws(e'\\n', problem, completion), answer"
            f" from '{grown}/problems.parquet' join '{grown}/completions.parquet' using (problem_id)"
        )
    elif not (grown / "problems.parquet").exists():
        query = f"select problem_id, completion, null from '{grown}/completions.parquet'"
    with duckdb.connect() as con:
        for seed in seeds:
            found = con.execute(f"{query} order by md5(? || problem_id) limit 50", [seed]).fetchall()
            for number, (name, text, answer) in enumerate(found, 1):
                print(f"{number}. {name}: {text}" + (f" = {answer}" if answer else ""))


def pairs(folder: Path, seeds: list[str]) -> None:
    """Print 50 pairs of a right and a wrong rationale for each seed."""
    for stage in ("grow", "curate", "tabulate"):
        measured(folder, [stage])
    with open_corpus(folder / "data").con as con:
        found = exported(con, "preferences", "train").read_all().to_pylist()
    for seed in seeds:
        drawn = sorted(found, key=lambda pair: md5(f"{seed}{pair['rejected_record_id']}".encode()).digest())
        for number, pair in enumerate(drawn[:50], 1):
            texts = [pair[column][0]["content"] for column in ("prompt", "chosen", "rejected")]
            print("\n".join([f"{number}. {texts[0]}", *texts[1:], pair["why"]]), end="\n\n")


def million(folder: Path, source: Path, wanted: int) -> None:
    """Grow and curate many problems; print the seconds and the peaks of both stages."""
    problems = sum(1 for _ in (source / "train.jsonl").open())
    write_params(folder, source, {"rename": 2 * wanted // problems + 1}, ("cot",))
    for stage in ("grow", "curate"):
        seconds, peak = measured(folder, [stage])
        print(f"{stage:8} {seconds:8.0f} CPU s {peak:8.0f} MiB", flush=True)
    (made,) = duckdb.sql(f"select count(*) from '{folder}/data/grown/problems.parquet'").fetchall()[0]
    print(f"{made:,} grown problems")


def write_params(
    folder: Path, source: Path, budgets: dict[str, int], thoughts: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Write a project of both splits of GSM8K with one worker and some growths; return its thoughts."""
    mistaken = next((MISTAKEN[name] for name in budgets if name in MISTAKEN), ())
    thoughts = thoughts or mistaken or THOUGHTS
    sources = [
        {"set": "gsm8k", "split": split, "file": str(source / f"{split}.jsonl")}
        for split in ("train", "test")
    ]
    params: dict[str, Any] = {
        "thoughts": list(thoughts),
        "seed": {"sources": sources},
        "generate": {
            "embedded": {"error_rate": 0.5 if mistaken else 0.0},
            "samples": 2 if mistaken else 1,
        },
        "verify": {"workers": 1},
        "curate": {"redraw": False},
        "grow": {name: count for name, count in budgets.items() if count},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    (folder / "dvc.yaml").touch()
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "exemplars.jsonl").write_bytes((ROOT / "data" / "exemplars.jsonl").read_bytes())
    return thoughts


def measured(folder: Path, words: list[str]) -> tuple[float, float]:
    """Return the CPU seconds of a stage with its workers, and the peak of its largest process, in MiB."""
    command = [sys.executable, "-m", f"thoughtmill.factory.{words[0]}", *words[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "THOUGHTMILL_LEDGER": str(folder / "ledger")}
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    here = Path.cwd()
    os.chdir(folder)
    before = adopting()
    process = os.posix_spawn(sys.executable, command, environment, file_actions=quiet)
    os.chdir(here)
    status, cpu_s, peak_mib = ended(process, before)
    if status != 0:
        raise SystemExit(f"{' '.join(words)} failed")
    return cpu_s, peak_mib


if __name__ == "__main__":
    main()

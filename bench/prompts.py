"""Measure how many rationales of a small model parse and solve, with and without help to keep to the form.

    make teacher                                                                   # in another terminal
    thoughtmill init local --params params/local.yaml && (cd local && dvc repro seed)
    python -m bench.prompts local

asks for each thought about the first problems, with each help, and prints a row as soon as it is known.
Answers go to the ledger. `reminders` is `generate.reminders`, `dry` llama.cpp's sampler against repetitions.
"""

import argparse
from contextlib import chdir
from pathlib import Path
from typing import Any

from thoughtmill.factory.commands.verified_samples import verified_samples
from thoughtmill.factory.core import params, tables
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.schemas import Problems

Changes = dict[str, Any]
HELPS: dict[str, tuple[Changes, Changes]] = {  # of the section `generate`, and of the sampling of a thought
    "plain": ({}, {}),
    "reminders": ({"reminders": True}, {}),
    "dry": ({}, {"dry_multiplier": 0.8, "dry_allowed_length": 6}),
}


def settings_with(help_: str, thought: str) -> GenerateSettings:
    """Return the section `generate` of the project in this folder with a help."""
    section, sampling = HELPS[help_]
    given = params.load()["generate"]
    own = {**(given.get("sampling") or {}).get(thought, {}), **sampling}
    return params.validated({**given, **section, "sampling": {thought: own}}, GenerateSettings, "generate")


def usable(thought: str, help_: str, problems: list[tables.Row]) -> int:
    """Return how many of the rationales have no failure."""
    settings = settings_with(help_, thought)
    (chosen,) = settings.chosen(thought)
    found = verified_samples(Path.cwd(), thought, settings, chosen, problems)
    return sum(sample.verdict[0]["failure"] is None for sample in found)


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    words.add_argument("project", type=Path)
    words.add_argument("--problems", type=int, default=24)
    words.add_argument("--thoughts", nargs="*", default=["knowledge", "pot", "eot"])
    words.add_argument("--helps", nargs="*", default=[*HELPS], choices=[*HELPS])
    chosen = words.parse_args()
    with chdir(chosen.project):
        every = tables.TableReader(Path("data") / "problems.parquet", Problems)
        first = sorted(every, key=lambda row: int(row["problem_id"].rpartition("-")[2]))[: chosen.problems]
        problems = sorted(first, key=lambda row: str(row["problem_id"]))
        print(f"| thought, of {len(problems)} | {' | '.join(chosen.helps)} |")
        print(f"|{'---|' * (len(chosen.helps) + 1)}")
        for thought in chosen.thoughts:
            counts = (str(usable(thought, each, problems)) for each in chosen.helps)
            print(f"| {thought} | {' | '.join(counts)} |", flush=True)


if __name__ == "__main__":
    main()

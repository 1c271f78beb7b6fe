"""What each role adds to its base: right answers of the students beside those of the untrained base.

Run `python -m bench.roles` after `make repro`. The base is asked in the very words of each role, through an
adapter that has learnt nothing, on the problems that the stage `infer` drew; it takes the most likely token.
"""

import tempfile
from collections import defaultdict
from pathlib import Path

from tabulate import tabulate

from factory import params, tables
from factory.solvers.solvers import Solvers
from factory.verdicts import Settings as VerifySettings
from train import adapters, finetune
from train.infer import InferSettings, infer, opened, problems_of
from train.pinned import Corpus, open_corpus
from train.settings import FinetuneSettings

ROLES = ("ir", "kg", "dr", "cot", "pot", "eot")

Shares = dict[tuple[str, str], str]
"""Right answers by role and test set, as shown."""


def main() -> None:
    """Print a table: a row per role, two columns per test set."""
    settings = params.section("infer", InferSettings)
    policies = tuple(f"greedy/{role}" for role in ROLES if role != "kg")
    settings = settings.model_copy(update={"policies": policies, "seeds": settings.seeds[:1]})
    corpus = open_corpus(settings.corpus, settings.corpus_revision)
    problems = problems_of(corpus, settings.splits, settings.limit)
    sets = {row["problem_id"]: str(row["test_set"]) for row in problems}
    with tempfile.TemporaryDirectory() as folder:
        untrained(Path(folder, "untrained"), corpus)
        found = [
            answered(where, settings, problems, sets, corpus, Path(folder))
            for where in (Path(folder, "untrained"), Path("data/adapters"))
        ]
    names = sorted(set(sets.values()))
    rows = [
        [role, *(" -> ".join(shares[role, name] for shares in found) for name in names)]
        for role in ROLES
        if role != "kg"
    ]
    print(tabulate(rows, ["untrained base -> student", *names], "pipe", disable_numparse=True))


def untrained(folder: Path, corpus: Corpus) -> None:
    """Save an adapter of every role that writes what the base writes."""
    settings = params.section("finetune", FinetuneSettings)
    for role in ROLES:
        base, model, plan = finetune.prepare(role, corpus, settings)
        adapters.save(model, folder / role, finetune.origin(role, corpus, settings, base, plan))


def answered(
    adapters_at: Path,
    settings: InferSettings,
    problems: list[tables.Row],
    sets: dict[str, str],
    corpus: Corpus,
    journals: Path,
) -> Shares:
    """Return the share of right answers of each role on each test set."""
    verify = params.section("verify", VerifySettings)
    writer, version, sha = opened(settings, adapters_at, ROLES, corpus)
    with Solvers(verify.limits, verify.equations_timeout_s) as solvers:
        rows = list(infer(settings, problems, writer, version, sha, solvers, journals))
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row in rows:
        right[row["role"], sets[row["problem_id"]]].append(bool(row["correct"]))
    return {key: f"{100 * sum(marks) / len(marks):.0f}" for key, marks in right.items()}


if __name__ == "__main__":
    main()

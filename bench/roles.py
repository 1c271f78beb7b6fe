"""What each role adds to its base: right answers of the students beside those of the untrained base.

    python -m bench.roles        # after `make students`: 200 problems of each test set
    python -m bench.roles 40

The base is asked with the prompt of each role, through an untrained adapter. Both take the most likely token.
`kg` is right where it writes a list of rules exactly as in the corpus.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from thoughtmill.factory.core import params
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.tables import Row
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.train import finetune
from thoughtmill.train.evaluate import evaluate
from thoughtmill.train.infer import infer, open_writer
from thoughtmill.train.policies.problems import problems_of
from thoughtmill.train.students import adapters
from thoughtmill.train.students.settings import section, trained
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.settings import InferSettings

ASKED = ("ir", "dr", "cot", "pot", "eot")
ROLES = ("kg", *ASKED)
"""`kg` writes what `dr` is given."""

PROBLEMS = 200
RULES = """
select problem_id, rationale from records
where thought = 'knowledge' and sample = 0 and drop_reason = 'held_out'
"""

Shares = dict[tuple[str, str], float]
"""The share of right answers by role and test set."""


def main(limit: int) -> None:
    """Print a table: a row per role, a column per test set."""
    settings = section("infer", InferSettings)
    corpus = open_corpus(settings.corpus, settings.corpus_revision)
    students = greedy(root() / trained(), ROLES, ASKED, corpus, limit=limit)
    with tempfile.TemporaryDirectory() as scratch:
        untrained(Path(scratch), corpus)
        bases = greedy(Path(scratch), ROLES, ASKED, corpus, limit=limit)
    names = sorted({name for _, name in bases})
    rows = [
        [role, *(f"{100 * bases[role, name]:.0f} -> {100 * students[role, name]:.0f}" for name in names)]
        for role in ROLES
    ]
    print(tabulate(rows, ["untrained base -> student", *names], "pipe", disable_numparse=True))


def greedy(
    folder: Path, trained: Sequence[str], asked: Sequence[str], corpus: Corpus, **given: object
) -> Shares:
    """Return the shares of right greedy answers of the adapters in `folder`, asked as some roles."""
    shown, exactly = answered(folder, trained, asked, corpus, **given)
    return shares(shown) | exactly


def answered(
    folder: Path, trained: Sequence[str], asked: Sequence[str], corpus: Corpus, **given: object
) -> tuple[dict[str, Any], Shares]:
    """Return what `evaluate` shows of greedy answers, and how many lists of rules are exactly right.

    All else is as `infer` says, but for what is `given`.
    """
    settings, verify = section("infer", InferSettings), params.section("verify", VerifySettings)
    alone = {"backend": "students", "policies": tuple(f"greedy/{role}" for role in asked)}
    settings = settings.model_copy(update=alone | {"seeds": settings.seeds[:1]} | given)
    problems = problems_of(corpus, settings.splits, settings.limit)
    writer, version, sha = open_writer(settings, folder, trained, corpus)
    with (
        Solvers(verify.limits, verify.equations_timeout_s) as solvers,
        tempfile.TemporaryDirectory() as state,
    ):
        predictions = list(infer(settings, problems, writer, version, sha, solvers, Path(state)))
    _, shown = evaluate(predictions, problems, settings)
    return shown, exact(predictions, problems, corpus)


def exact(predictions: Sequence[Row], problems: Sequence[Row], corpus: Corpus) -> Shares:
    """Return what share of a corpus's rule lists `kg` writes exactly; those it dropped do not count."""
    rules = dict(corpus.con.execute(RULES).fetchall())
    sets = {row["problem_id"]: row["test_set"] for row in problems}
    right: dict[str, list[bool]] = {}
    for row in predictions:
        if row["role"] == "kg" and row["problem_id"] in rules:
            right.setdefault(sets[row["problem_id"]], []).append(row["text"] == rules[row["problem_id"]])
    return {("kg", name): sum(each) / len(each) for name, each in right.items()}


def shares(shown: Mapping[str, Any]) -> Shares:
    """Return what greedy students get right, from what `evaluate` shows."""
    return {
        (row["policy"].removeprefix("greedy/"), row["test_set"]): row["accuracy"] for row in shown["policies"]
    }


def untrained(folder: Path, corpus: Corpus) -> None:
    """Save an adapter of every role that writes what the base writes."""
    settings = section("finetune", FinetuneSettings)
    for role in ROLES:
        base, model, plan = finetune.prepare(role, corpus, settings)
        adapters.save(base, model, folder / role, finetune.origin(role, corpus, settings, base, plan))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PROBLEMS)

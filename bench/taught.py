"""What growths and dialects teach: students that differ in their corpus alone, at equal steps.

    python -m bench.growth --arms FOLDER ../shared/data    # the corpus of GSM8K and four test sets
    python -m bench.growth --teach FOLDER [ARM…]           # the embedded base, on embedded problems, here
    python -m bench.growth --table FOLDER                  # what the students in FOLDER answered

All students have the same base, steps, batch, rate and rank, and answer the same problems greedily. The step
`growth` of `bench.gpu` does the same with a real base.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from bench.arms import ARMS, build, register
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.schemas import Predictions
from thoughtmill.train.finetune import TrainingJob, train_all
from thoughtmill.train.infer import infer, open_writer
from thoughtmill.train.measuring.scores import difference, holm, wilson
from thoughtmill.train.policies.problems import problems_of
from thoughtmill.train.roles import examples
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.settings import InferSettings

EMBEDDED = {"base": "train/embedded/base", "preset": "embedded", "steps": 150}
ANSWERED = {"limit": 120, "max_new_tokens": 160}

Right = dict[str, dict[str, float]]
"""Whether each arm is right, by problem."""


def main(option: str, folder: str, *words: str) -> None:
    """Build the arms, teach them on the embedded base, or print their table."""
    place = Path(folder)
    if option == "--arms":
        build(place, Path(words[0]))
    if option == "--teach":
        if not (place / "data" / "manifest.json").is_file():
            build(place)
        teach(place, place / "data", words or tuple(ARMS), EMBEDDED, ANSWERED)
    if option in ("--teach", "--table"):
        print(table(place, place / "data"))


def teach(
    folder: Path, data: Path, names: Sequence[str], training: Mapping[str, Any], answering: Mapping[str, Any]
) -> None:
    """Train arms on the corpus in `data`, and write what they answer into `folder`, beside their adapters.

    Of an arm with more records than its steps read, so many are drawn, and only these are made tokens.
    """
    register()
    corpus, settings = open_corpus(data), FinetuneSettings.model_validate(training)
    settings = settings.model_copy(update={"limit": settings.batch_records * (settings.steps or 1)})
    train_all(
        [
            TrainingJob(
                name,
                corpus,
                settings.model_copy(update={"where": ARMS[name].where, "seed": ARMS[name].seed}),
                folder / "adapters" / name,
                folder / "states" / f"{name}.pt",
            )
            for name in names
        ]
    )
    asked = tuple(f"greedy/{ARMS[name].answers_as}" for name in names)
    how = InferSettings.model_validate({"base": training["base"], "policies": asked, **answering})
    writer = open_writer(how, folder / "adapters", names, corpus)
    with Solvers(Limits(), equations_timeout_s=5.0) as solvers:
        problems = problems_of(corpus, how.splits, how.limit)
        rows = infer(how, problems, *writer, solvers, folder / "states")
        tables.write(folder / "predictions.parquet", Predictions, rows)


def table(folder: Path, data: Path) -> str:
    """Return a row for each arm: its records, its right answers by test set, its gain over its partner.

    The interval of a share is Wilson's. That of a gain is of pairs of answers to the same problems, and its p
    is corrected for the number of gains (Holm).
    """
    register()
    corpus = open_corpus(data)
    sets = dict(corpus.con.execute("select problem_id, source || ', ' || split from problems").fetchall())
    right = answers(folder / "predictions.parquet")
    pairs = {name: ARMS[name].against or "" for name in right}
    gains = {name: difference(right[name], right[one]) for name, one in pairs.items() if one in right}
    chances = dict(zip(gains, holm([gain["p"] for gain in gains.values()]), strict=True))
    names = sorted({sets[problem_id] for each in right.values() for problem_id in each})
    rows = [
        [
            f"`{name}`",
            f"{len(examples(corpus, name, ARMS[name].where)):,}",
            *(percent([share for one, share in each.items() if sets[one] == part]) for part in names),
            interval([*each.values()]),
            gained(pairs[name], gains[name], chances[name]) if name in gains else "",
        ]
        for name, each in right.items()
    ]
    return tabulate(rows, ["arm", "records", *names, "all", "gain"], "pipe", disable_numparse=True)


def answers(predictions: Path) -> Right:
    """Return whether each arm that answered is right, by problem, in the order of `ARMS`."""
    of_role: Right = {}
    for row in tables.TableReader(predictions, Predictions):
        of_role.setdefault(row["role"], {})[row["problem_id"]] = float(bool(row["correct"]))
    return {name: of_role[arm.answers_as] for name, arm in ARMS.items() if arm.answers_as in of_role}


def percent(right: Sequence[float]) -> str:
    """Return a share as text."""
    return f"{sum(right) / len(right):.1%}"


def interval(right: Sequence[float]) -> str:
    """Return a share with its interval."""
    low, high = wilson(sum(right) / len(right), len(right))
    return f"{percent(right)} ({low:.1%} to {high:.1%}, n = {len(right):,})"


def gained(other: str, gain: Mapping[str, float], p: float) -> str:
    """Return a gain over another arm with its interval, in points, and its corrected p."""
    low, high = (f"{100 * gain[end]:+.1f}" for end in ("low", "high"))
    return f"{100 * gain['gain']:+.1f} over `{other}` ({low} to {high}, p = {p:.3f})"

"""The command `python -m bench.papers`; the package says what it does."""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

import bench.papers
from bench.papers import fitting, students
from bench.papers.answering import SEEDS, Answering, held_out, load, ordered, settings_of
from bench.papers.clock import TimeUp
from bench.papers.contents import SINGLE
from bench.papers.page import page
from thoughtmill.factory.core import stage, tables
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.corpus import Corpus, open_corpus, quoted
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, write_json
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.train.finetune import TrainingJob
from thoughtmill.train.infer import infer
from thoughtmill.train.students.bases import sha256_of

ANSWERED = 512 if torch.cuda.is_available() else 16
"""Problems that are answered by each role before the work is planned."""
LONGEST_SHARE, KEPT_SHARE = 0.65, 0.15
"""Of the time: after the first, students that are slower than planned are trained for fewer steps; the second
is kept for answering whatever happens."""


def main(*words: str) -> None:
    """Run what the words say."""
    given = _parsed(words)
    if given.tables:
        write_page(given.tables, given.page)
        return
    if not given.base or not given.hours:
        raise ThoughtmillError("give --base and --hours, or --tables with a folder of stored samples")
    Run(given).go()


def _parsed(words: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.papers",
        description=bench.papers.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--base", help="a folder with a pretrained model")
    parser.add_argument("--hours", type=float, help="all the work fits into them, this page too")
    parser.add_argument("--corpus", default="data", help="a data folder or a release: `train` and test sets")
    parser.add_argument("--folder", default="data/papers", type=Path, help="where a killed run goes on")
    parser.add_argument("--page", default="docs/papers.md", type=Path)
    parser.add_argument("--only", nargs="+", help="roles of single students, `union`, `mixed`: no others")
    parser.add_argument("--sets", nargs="+", help="problem sets whose test problems are asked: no others")
    parser.add_argument("--samples", type=int, help="of each role and problem, instead of what fits")
    parser.add_argument(
        "--seeds", type=int, choices=range(1, len(SEEDS) + 1), help="of sampling, instead of what fits"
    )
    parser.add_argument("--epochs", type=float, help="at most")
    parser.add_argument("--where", help="SQL condition: the records to learn from, among those that are kept")
    parser.add_argument("--preset", default="etd", help="of finetune")
    parser.add_argument(
        "--set", action="append", default=[], dest="changed", metavar="NAME=VALUE",
        help="another setting of finetune than the preset's, such as rank=8; `precision` is answering's too",
    )  # fmt: skip
    parser.add_argument("--seed", default=1, type=int, help="of training and of the choice of problems")
    parser.add_argument("--max-new-tokens", default=256, type=int)
    parser.add_argument("--samples-only", action="store_true", help="leave the page to --tables")
    parser.add_argument("--dry", action="store_true", help="only say what will fit")
    parser.add_argument(
        "--speeds", nargs=4, type=float, metavar=("TRAINING", "START", "ANSWERING", "START"),
        help="tokens a second and seconds to begin of both, if they are known: nothing is measured then",
    )  # fmt: skip
    parser.add_argument("--tables", type=Path, metavar="FOLDER", help="write the page from stored samples")
    return parser.parse_args(words)


@dataclass
class Run:
    """A run over a folder: it plans, trains, answers and writes the page, and goes on with what is done."""

    given: argparse.Namespace

    def __post_init__(self) -> None:
        self.begun = time.monotonic()
        self.seconds = 3600 * float(self.given.hours)
        self.ends = self.begun + self.seconds - fitting.page_s(self.seconds)
        self.folder: Path = self.given.folder
        self.base = str(self.given.base)
        self.told: dict[str, Any] = {}

    @cached_property
    def corpus(self) -> Corpus:
        """The corpus of the students."""
        return open_corpus(self.given.corpus)

    def go(self) -> None:
        """Do all that fits into the time."""
        validation, where = held_out(self.corpus)
        where = f"{where} and ({self.given.where})" if self.given.where else where
        self.groups = students.trainable(self.corpus, where, self.given.only)
        self.problems = ordered(self.corpus, validation, self.given.seed, self.given.sets)
        more = dict(students.setting(words) for words in self.given.changed)
        settings = students.settings_of(self.base, self.given.preset, self.given.seed, where, **more)
        self.precision = settings.precision
        todo = students.jobs(self.folder, self.corpus, self.groups, settings)
        self.told = self.noted(todo)
        plan, work, speeds = (
            kind.model_validate(self.told[name])
            for name, kind in (("plan", fitting.Plan), ("work", fitting.Workload), ("speeds", fitting.Speeds))
        )
        print(fitting.told(plan, work, speeds), flush=True)
        if self.given.dry:
            return
        self.note({})
        write_problems(self.corpus, self.problems, self.folder / "problems.parquet")
        self.trained(todo, plan)
        self.answered(plan)
        if not self.given.samples_only:
            write_page(self.folder, self.given.page)
        print(f"{time.monotonic() - self.begun:.0f} of {self.seconds:.0f} s", flush=True)

    def noted(self, todo: dict[str, TrainingJob]) -> dict[str, Any]:
        """Return the notes of a run that goes on, or those of a new one: what is fixed, and its plan."""
        path, base = self.folder / "plan.json", Path(self.base)
        fixed = {
            "base": "/".join(base.parts[-2:]),
            "base_sha": sha256_of(base) if base.is_dir() else self.base,
            "data_version": self.corpus.data_version,
            "preset": self.given.preset,
            "seed": self.given.seed,
            "max_new_tokens": self.given.max_new_tokens,
            "trained": sorted(todo),
        }
        names = ("sets", "samples", "seeds", "epochs", "where", "changed")
        fixed |= {name: getattr(self.given, name) for name in names if getattr(self.given, name)}
        if path.exists():
            told: dict[str, Any] = json.loads(path.read_text("utf-8"))
            if told["fixed"] != fixed:
                raise ThoughtmillError(f"{self.folder} is another run's: name another --folder, or remove it")
            return told
        counts = {name: len(rows) for name, rows in self.problems.items()}
        work = students.work_of(todo, counts, self.groups)
        speeds = self.speeds(todo)
        left = self.seconds - (time.monotonic() - self.begun)
        rungs = fitting.ladder(self.given.samples, self.given.seeds)
        plan = fitting.fitted(work, speeds, left, rungs, self.given.epochs)
        kinds = {"plan": plan, "work": work, "speeds": speeds}
        return {"fixed": fixed, "seconds": {}, "epochs": {}} | {
            name: one.model_dump() for name, one in kinds.items()
        }

    def speeds(self, todo: dict[str, TrainingJob]) -> fitting.Speeds:
        """Return the speeds that are given, or measure them."""
        if self.given.speeds:
            return fitting.Speeds(**dict(zip(fitting.Speeds.model_fields, self.given.speeds, strict=True)))
        return students.measured(todo, self.rate)

    def rate(self, folder: Path, roles: tuple[str, ...]) -> float:
        """Return the tokens a second that some students answer."""
        rows = [row for rows in self.problems.values() for row in rows[:ANSWERED]][:ANSWERED]
        names = [f"greedy/{role}" for role in roles if role in ("ir", "cot", "pot")]
        settings = settings_of(self.base, SINGLE, 1, names, max_new_tokens=self.given.max_new_tokens)
        how = (self.base, self.given.max_new_tokens, self.precision)
        writer, version, sha = load(folder, SINGLE, roles, *how)
        begun = time.monotonic()
        with Solvers(Limits(), 5.0) as solvers:
            found = list(infer(settings, rows, writer, version, sha, solvers, folder / "journals"))
        return sum(row["new_tokens"] for row in found) / (time.monotonic() - begun)

    def note(self, seconds: Mapping[str, float]) -> None:
        """Keep the notes of this run, with the seconds that a part of it took."""
        for part, took in seconds.items():
            self.told["seconds"][part] = round(self.told["seconds"].get(part, 0.0) + took, 1)
        write_json(self.folder / "plan.json", self.told)

    def trained(self, todo: dict[str, TrainingJob], plan: fitting.Plan) -> None:
        """Train what is not trained; where the time does not suffice, those that are done answer alone.

        What they answered alone is answered again once all are trained.
        """
        begun = time.monotonic()
        students.link(self.folder, self.groups)
        work = fitting.Workload.model_validate(self.told["work"])
        soft = max(begun + plan.training_s, self.begun + LONGEST_SHARE * self.seconds)
        ends = self.ends - KEPT_SHARE * self.seconds

        def noted(name: str, epochs: float) -> None:
            self.told["epochs"][name] = epochs
            self.note({})

        done = students.train(todo, work, plan.epochs, min(soft, ends), ends, noted)
        if self.told.pop("partly", False):
            for path in (*self.folder.glob("predictions/*"), *self.folder.glob("blocks-*")):
                path.unlink()
        self.groups = students.there(self.folder, self.groups)
        self.told |= {"students": students.shown(todo)} | ({} if done else {"partly": True})
        self.note({"training": time.monotonic() - begun})
        if not done:
            print("training is not done: run the same command again, it goes on", flush=True)

    def answered(self, plan: fitting.Plan) -> None:
        """Answer what fits."""
        begun = time.monotonic()
        work = Answering(
            self.folder,
            self.base,
            self.groups,
            self.problems,
            self.ends,
            self.given.max_new_tokens,
            SEEDS[: self.given.seeds],
            self.precision,
        )
        try:
            done = work.all(plan)
        except TimeUp:
            done = False
        finally:  # of a run that ends in an error, the samples are there too
            self.note({"answering": time.monotonic() - begun})
        if not done:
            print("the time is up: run the same command again for what is missing", flush=True)


def write_problems(corpus: Corpus, problems: Mapping[str, list[tables.Row]], path: Path) -> None:
    """Write the problems that may be asked, as the corpus has them; those for validation have that split."""
    ids = [row["problem_id"] for rows in problems.values() for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    split = "case split when 'train' then 'validation' else split end as split"
    chosen = "where list_contains($ids, problem_id) order by problem_id"
    sql = f"copy (select * replace ({split}) from problems {chosen}) to {quoted(str(path))}"
    corpus.con.execute(sql, {"ids": ids})


def write_page(folder: Path, target: Path) -> None:
    """Write the page of a folder's samples."""
    told = json.loads(existing(folder / "plan.json", "name the --folder of a run").read_text("utf-8"))
    path = existing(folder / "problems.parquet", "name the --folder of a run")
    query = (
        "select problem_id, answer, answer_kind, source || ', ' || split as test_set from read_parquet($file)"
    )
    rows = connect().execute(query, {"file": str(path)}).fetchall()
    names = ("problem_id", "answer", "answer_kind", "test_set")
    text = page(folder, [dict(zip(names, row, strict=True)) for row in rows], told)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    print(f"{target}: written", flush=True)


if __name__ == "__main__":
    stage.leave(lambda: main(*sys.argv[1:]))

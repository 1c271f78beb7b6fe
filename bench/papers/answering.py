"""Have all students answer block after block of problems, until all is done or the time is up.

A block has the same number of problems of each test set, in an order that a seed draws. Each block of a group
and seed is a Parquet file of `predictions`; a killed block goes on from its journal.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any

from bench.papers.clock import TimeUp
from bench.papers.contents import GROUPS, LOOPS, SINGLE, sampled
from bench.papers.fitting import Plan
from bench.papers.students import ON_GPU
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.corpus import Corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.schemas import Predictions
from thoughtmill.train.infer import infer, local
from thoughtmill.train.policies import PolicySettings, roles_of
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest, Writer
from thoughtmill.train.policies.problems import DecisionSettings, problems_of
from thoughtmill.train.roles import ROLES, parts_of
from thoughtmill.train.writers.loading import load_students
from thoughtmill.train.writers.settings import InferSettings

HELD_OUT = "md5(problem_id) < '0d'"
"""The 5 % of train problems that are held out where a corpus has none for validation."""
FIRST, BLOCK = 8, 100
"""Problems of each set in the first block, which shows how long they take, and in the largest."""
MARGIN = 0.9
"""Of the time that is left, as much is planned with."""
FEWEST = 2
"""Problems of each set that a block has at least, unless fewer are left."""
ROWS = 2048 if ON_GPU else 128
SEEDS = (1, 2, 3)

Loaded = tuple[Writer, str, str]
"""Students in memory, and the data version and digest that identify them."""


class TimedWriter:
    """A `Writer` that writes until the time is up; what was written by then is in the journal."""

    def __init__(self, writer: Writer, ends: float) -> None:
        self.writer, self.ends = writer, ends

    def ask(self, requests: Sequence[GenerationRequest]) -> None:
        """Queue requests."""
        self.writer.ask(requests)

    def write(self) -> list[GeneratedText]:
        """Write on, or raise `TimeUp`."""
        if time.monotonic() > self.ends:
            raise TimeUp
        return self.writer.write()


def held_out(corpus: Corpus) -> tuple[list[str], str]:
    """Return the problems for validation, and which records are learnt from.

    Students answer them too: verifiers are fitted on them. No table shows them.
    """
    query = "select distinct problem_id from records where split = 'validation' order by problem_id"
    if found := corpus.con.execute(query).fetchall():
        return [problem_id for (problem_id,) in found], "kept"
    query = f"select problem_id from problems where split = 'train' and {HELD_OUT} order by problem_id"
    found = corpus.con.execute(query).fetchall()
    return [problem_id for (problem_id,) in found], f"kept and not ({HELD_OUT})"


def ordered(
    corpus: Corpus, validation: Sequence[str], seed: int, only: Sequence[str] | None = None
) -> dict[str, list[tables.Row]]:
    """Return the problems with a gold answer by test set, each in an order that the seed draws.

    `only` names the problem sets to take, by default all.
    """
    found: dict[str, list[tables.Row]] = {}
    for row in problems_of(corpus, DecisionSettings().splits, None):
        found.setdefault(row["test_set"], []).append(row)
    chosen = set(validation)
    for row in problems_of(corpus, ("train", "validation"), None):
        if row["problem_id"] in chosen:
            name = f"{row['test_set'].partition(', ')[0]}, validation"
            found.setdefault(name, []).append(row | {"test_set": name})
    if only:
        asked = {name: name.partition(", ")[0] for name in found}
        if missing := sorted(set(only) - set(asked.values())):
            there = ", ".join(sorted(set(asked.values())))
            raise ThoughtmillError(f"--sets: the corpus has no problems of {missing[0]}; it has: {there}")
        found = {name: rows for name, rows in found.items() if asked[name] in only}
    for rows in found.values():
        rows.sort(key=lambda row: md5(f"{seed}/{row['problem_id']}".encode()).hexdigest())
    return found


def policies_of(group: str, samples: int, seed: int) -> tuple[str, ...]:
    """Return what a group is asked with a seed: with the first all, with others only what `single` draws."""
    first, asked = seed == SEEDS[0], GROUPS[group]
    drawn = sampled(samples) if group == SINGLE else asked.drawn if first else ()
    return (*(asked.greedy if first else ()), *drawn)


def settings_of(base: str, group: str, samples: int, policies: Sequence[str], **more: Any) -> InferSettings:
    """Return the settings of a group that some policies ask."""
    told = {
        "base": {"name": group, "model": base},
        "policies": policies,
        "policy": {"max_rounds": samples, "loops": LOOPS},
        "temperature": 0.7,
        "rows": ROWS if group == SINGLE else ROWS // 4,  # all groups share the memory of one GPU
    }
    return InferSettings.model_validate(told | more)


def possible(policies: Sequence[str], there: Sequence[str]) -> list[str]:
    """Return the policies all of whose roles have an adapter."""
    roles = {name: roles_of(name, PolicySettings()) for name in policies}
    return [
        name
        for name, asked in roles.items()
        if {ROLES.named(role).variant_of or role for role in asked} <= set(there)
    ]


@dataclass
class Answering:
    """The blocks of a folder: those that are done, and students that answer more until `ends`."""

    folder: Path
    base: str
    groups: Mapping[str, tuple[str, ...]]
    problems: Mapping[str, list[tables.Row]]
    ends: float
    tokens: int
    seeds: tuple[int, ...] = SEEDS
    precision: str = "auto"
    writers: dict[str, Loaded] = field(default_factory=dict)

    def all(self, plan: Plan) -> bool:
        """Answer as many problems as fit, with one seed after the other; return whether those planned did.

        With the first seed more than planned are answered, as long as the other seeds have time for as many.
        """
        most = max(map(len, self.problems.values()))
        whole, before = min(plan.problems, most), 0
        problem_s = dict.fromkeys(self.seeds, plan.answering_s / whole)
        while whole > before:
            before = whole
            for seed in self.seeds:
                at = self.answered(seed, plan.samples)
                while size := self.next_size(seed, at, whole, most, problem_s[seed]):
                    self.begin(seed, size)
                    begun = time.monotonic()
                    self.block(seed, plan.samples, at, size)
                    problem_s[seed], at = (time.monotonic() - begun) / size, at + size
                    print(f"answered: {at} problems of each set, seed {seed}", flush=True)
                if at < whole:
                    return False
                whole = at
        return True

    def answered(self, seed: int, samples: int) -> int:
        """Answer the blocks that were begun, as far as they are not done; return their problems of a set."""
        blocks = self.begun(seed)
        for first, size in blocks:
            self.block(seed, samples, first, size)
        return sum(size for _, size in blocks)

    def next_size(self, seed: int, at: int, whole: int, most: int, problem_s: float) -> int:
        """Return how many problems of each set the next block has; 0 where a seed is done, or no more fit."""
        fitting = MARGIN * (self.ends - time.monotonic()) / problem_s
        last = whole
        if at >= whole:
            if seed != SEEDS[0]:
                return 0
            others = len(self.seeds) - 1
            fitting, last = (fitting - others * at) / (1 + others), most
        largest = BLOCK if at or seed != SEEDS[0] else FIRST
        return min(int(fitting), last - at, largest) if fitting >= min(FEWEST, last - at) else 0

    def begun(self, seed: int) -> list[tuple[int, int]]:
        """Return the blocks of a seed that this call or one before began: their first problem and size."""
        path = self.folder / f"blocks-{seed}.txt"
        sizes = [int(word) for word in path.read_text("utf-8").split()] if path.exists() else []
        return [(sum(sizes[:number]), size) for number, size in enumerate(sizes)]

    def begin(self, seed: int, size: int) -> None:
        """Note the size of the next block: a killed one is begun again as it was."""
        with (self.folder / f"blocks-{seed}.txt").open("a", encoding="utf-8") as file:
            file.write(f"{size}\n")

    def block(self, seed: int, samples: int, first: int, size: int) -> None:
        """Have all groups answer some problems of each set, as far as that is not done."""
        chosen = [row for rows in self.problems.values() for row in rows[first : first + size]]
        chosen.sort(key=lambda row: str(row["problem_id"]))
        for group in self.groups:
            path = self.folder / "predictions" / f"{group}-{seed}-{first:05}.parquet"
            policies = policies_of(group, samples, seed)
            if path.exists() or not policies:
                continue
            there = [part for role in self.groups[group] for part in parts_of(role)]
            if not (policies_there := possible(policies, there)):
                continue
            writer, version, sha = self.loaded(group)
            settings = settings_of(
                self.base, group, samples, policies_there, seeds=(seed,), max_new_tokens=self.tokens
            )
            timed, journals = TimedWriter(writer, self.ends), self.folder / "journals"
            with Solvers(Limits(), 5.0) as solvers:
                found = list(infer(settings, chosen, timed, version, sha, solvers, journals))
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = sorted((row | {"run": f"{group}-{seed}"} for row in found), key=_key)
            tables.write(path, Predictions, rows)

    def loaded(self, group: str) -> Loaded:
        """Return the students of a group, in memory from now on."""
        if group not in self.writers:
            how = (self.base, self.tokens, self.precision)
            self.writers[group] = load(self.folder / "adapters" / group, group, self.groups[group], *how)
        return self.writers[group]


def load(
    folder: Path, group: str, roles: Sequence[str], base: str, tokens: int, precision: str = "auto"
) -> Loaded:
    """Load the adapters of a folder, and what writes with them."""
    settings = settings_of(base, group, 1, ["greedy/ir"], max_new_tokens=tokens)
    found = load_students(folder, roles, base, precision=precision)
    return local(found, settings), found.data_version, found.sha


def _key(row: tables.Row) -> tuple[str, str, int, int]:
    return row["problem_id"], row["role"], row["round"], row["sample"]

"""Write the page of the papers' tables from stored samples: `docs/papers.md`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tabulate import tabulate

from bench.papers.contents import GROUPS, LOOPS, SINGLE, PaperTable, TableRow, tables
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core.tables import TableReader
from thoughtmill.schemas import Predictions
from thoughtmill.train.claims import CLAIMS, judged, table, votes_for
from thoughtmill.train.measuring.scores import PolicyScore, ScoredRun, result, scored_runs, wilson
from thoughtmill.train.policies import PolicySettings, policy
from thoughtmill.train.policies.plans import Sample, SampleKey, of_predictions

LADDER = (1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21, 24, 30, 36, 42, 48, 60)
"""Numbers of votes of IR between which equal tokens are interpolated."""
SETS = ("gsm8k", "svamp", "asdiv", "multiarith", "math")
"""The papers' test sets, in the order of their tables."""
NONE = "-"
ALL = "all sets"

Stored = dict[tuple[str, int], dict[SampleKey, Sample]]
"""Samples by group and seed."""


def stored_in(folder: Path) -> Stored:
    """Read the samples of a folder."""
    found: Stored = {}
    for path in sorted((folder / "predictions").glob("*.parquet")):
        group, seed, _ = path.stem.rsplit("-", 2)
        found.setdefault((group, int(seed)), {}).update(of_predictions(TableReader(path, Predictions)))
    return found


@dataclass
class Scores:
    """The scores of policies on stored samples, replayed once each; `sets` holds problems by test set."""

    stored: Stored
    gold: Mapping[str, Answer]
    sets: Mapping[str, list[str]]
    settings: PolicySettings
    known: dict[str, dict[str, PolicyScore]] = field(default_factory=dict)

    def of(self, row: TableRow) -> dict[str, PolicyScore]:
        """Return the score of a row by test set, over all seeds that answered every problem of it."""
        settings = self.settings.model_copy(update=dict(row.settings))
        name = f"{row.group} {row.policy} {settings!r}"
        if name not in self.known:
            self.known[name] = self._replayed(row, settings)
        return self.known[name]

    def _replayed(self, row: TableRow, settings: PolicySettings) -> dict[str, PolicyScore]:
        chosen = {row.policy: policy(row.policy, settings)}
        runs: dict[str, list[ScoredRun]] = {}
        for (group, _), samples in sorted(self.stored.items()):
            if group == row.group:
                for _, name, run in scored_runs(chosen, samples, self.sets, self.gold):
                    runs.setdefault(name, []).append(run)
        return {name: result(found) for name, found in runs.items()}


def of_folder(folder: Path, problems: Sequence[Mapping[str, Any]], settings: PolicySettings) -> Scores:
    """Return the scores of the problems that all groups answered with the first seed."""
    stored = stored_in(folder)
    answered = [{key[0] for key in samples} for (_, seed), samples in stored.items() if seed == 1]
    ids = set.intersection(*answered) if answered else set()
    stored = {name: samples for name, samples in stored.items() if ids <= {key[0] for key in samples}}
    rows = [row for row in problems if row["problem_id"] in ids]
    sets: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: (_place(row["test_set"]), row["problem_id"])):
        if not row["test_set"].endswith(", validation"):
            sets.setdefault(row["test_set"], []).append(row["problem_id"])
    shown = {one for members in sets.values() for one in members}
    gold = {
        row["problem_id"]: Answer(row["answer"], row["answer_kind"])
        for row in rows
        if row["problem_id"] in shown
    }
    if len(sets) > 1:
        sets[ALL] = sorted(shown)
    return Scores(stored, gold, sets, settings)


def _place(test_set: str) -> tuple[int, str]:
    """Return the place of a test set: in the papers' order, then others."""
    source = test_set.partition(", ")[0]
    return (SETS.index(source) if source in SETS else len(SETS), test_set)


def page(folder: Path, problems: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> str:
    """Return the page; `told` says how the students were trained and asked."""
    samples = int(told["plan"]["samples"])
    scores = of_folder(folder, problems, PolicySettings(max_rounds=samples, loops=LOOPS))
    if not scores.gold:
        return f"{HEAD}\n\nNo problem has been answered yet.\n"
    ladder = _ladder(scores)
    parts = [HEAD, _about(told), _numbers(scores)]
    left_out = []
    for one in tables(samples):
        rows = [row for row in one.rows if scores.of(row)]
        if missing := [row.title for row in one.rows if row not in rows]:
            left_out.append(one.title.lower() + (f" ({', '.join(missing)})" if rows else ""))
        if rows:
            shown = replace(one, rows=tuple(rows))
            parts += [f"## {one.title}", one.says, _table(shown, scores, ladder), one.reported]
    if left_out:
        parts.append(f"Not asked of these students: {'; '.join(left_out)}.")
    return "\n\n".join([*parts, *_claims(scores, ladder)]) + "\n"


HEAD = """# The papers' tables, measured

`python -m bench.papers --base BASE --hours HOURS` trains the students of three papers on a corpus and asks
them the papers' test sets. It wrote this page; `--tables FOLDER` writes it again from the stored samples."""


def _about(told: Mapping[str, Any]) -> str:
    """Say how the students were trained and asked."""
    fixed, students, seconds = (told[name] for name in ("fixed", "students", "seconds"))
    records = ", ".join(
        f"{name.removeprefix('single/')} {count:,}" for name, count in students["records"].items()
    )
    epochs = sorted({told["epochs"][name] for name in students["records"]})
    long = " to ".join(f"{one:g}" for one in dict.fromkeys([*epochs[:1], *epochs[-1:]]))
    where = f" where `{fixed['where']}`" if "where" in fixed else ""
    plain = ", without a chat template" if students.get("turns") == ["plain"] else ""
    thrice = " (the union's: as many of each thought)" if "union/etd" in students["records"] else ""
    half = ", in bfloat16" if students.get("precision") == "bfloat16" else ""
    took = ", ".join(
        f"{seconds[part]:,.0f} s of {part}" for part in ("training", "answering") if part in seconds
    )
    return (
        f"Base: {fixed['base']}{plain}. Corpus: data version `{fixed['data_version'][:12]}`. Each student "
        f"is an adapter of rank {students['rank']} on {students['targets']} layers, trained for {long} "
        f"epochs of its records{where} ({records}) in batches of {students['batch_records']}{thrice} at a "
        f"rate of {students['learning_rate']:g}. They wrote {fixed['max_new_tokens']} tokens at most, "
        f"samples at temperature 0.7. On {students['device']}{half}: {took}."
    )


Ladder = Mapping[str, Mapping[str, PolicyScore]]


def _ladder(scores: Scores) -> Ladder:
    """Return the scores of votes of IR by test set and name, as far as samples reach."""
    found: dict[str, dict[str, PolicyScore]] = {name: {} for name in scores.sets}
    for count in LADDER:
        of = scores.of(TableRow("", f"majority@{count}/ir"))
        for name, score in of.items():
            found[name][f"majority@{count}/ir"] = score
    return found


def _numbers(scores: Scores) -> str:
    sizes = {name: len(members) for name, members in scores.sets.items() if name != ALL}
    counted = ", ".join(f"{size} of {name}" for name, size in sizes.items())
    return (
        f"Problems: {counted}. Cells are right answers in per cent with their 95 % interval (Wilson, over "
        f"problems). Those of policies that draw samples are means over the seeds {seeds_of(scores.stored)}, "
        "which answered all of them; greedy texts are written once. `tokens` are those that a policy writes "
        "for a problem, on average over all sets. Equal tokens are as many votes of IR as a policy's own "
        "tokens buy, interpolated between numbers of votes, or all that were drawn. A dash means not asked, "
        "or fewer tokens than a vote takes."
        + (f" In `{ALL}` every problem counts alike." if ALL in scores.sets else "")
    )


def seeds_of(stored: Iterable[tuple[str, int]]) -> str:
    """Say which seeds drew samples, also of other students than `single` where they drew with fewer."""
    by_group: dict[str, list[int]] = {}
    for group, seed in sorted(stored):
        by_group.setdefault(group, []).append(seed)
    single = by_group.get(SINGLE, [])
    others = (
        f" (`{name}`: {', '.join(map(str, seeds))})"
        for name, seeds in by_group.items()
        if GROUPS[name].drawn and seeds != single
    )
    return ", ".join(map(str, single)) + "".join(others)


def _table(one: PaperTable, scores: Scores, ladder: Ladder) -> str:
    lines = []
    for row in one.rows:
        found = scores.of(row)
        lines.append(_line(row.title, found, scores))
        if row.votes:
            equal = {}
            for name, score in found.items():
                if votes := votes_for(ladder[name], score.mean_new_tokens):
                    equal[name] = votes[1]
            lines.append(_line("... votes of IR at equal tokens", equal, scores))
    heads = [f"{name}, n = {len(members)}" for name, members in scores.sets.items()]
    return tabulate(lines, ["", *heads, "tokens"], "pipe", disable_numparse=True)


def _line(title: str, found: Mapping[str, PolicyScore], scores: Scores) -> list[str]:
    cells = [cell(found[name]) if name in found else NONE for name in scores.sets]
    sizes = {name: len(members) for name, members in scores.sets.items() if name in found}
    tokens = sum(found[name].mean_new_tokens * size for name, size in sizes.items())
    return [title, *cells, f"{tokens / sum(sizes.values()):,.0f}" if sizes else NONE]


def cell(score: PolicyScore) -> str:
    """Return a share with its interval, in per cent.

    >>> cell(PolicyScore({"one": 1.0, "other": 0.0}, 9.0))
    '50.0 (9.5 to 90.5)'
    """
    low, high = wilson(sum(score.right.values()) / len(score.right), len(score.right))
    return f"{100 * score.accuracy:.1f} ({100 * low:.1f} to {100 * high:.1f})"


MORE = {
    "the union's student beats those of single thoughts": ("union: etd", ("etd",)),
    "DR of mixed knowledge beats DR of right knowledge": ("mixed: greedy/dr", ("greedy/dr",)),
    "knowledge helps DR of mixed knowledge": ("mixed: greedy/dr", ("mixed: greedy/dr_bare",)),
    "consistency gains by mixed knowledge": ("mixed: lorid", ("lorid",)),
}
"""Claims beside those of `thoughtmill.train.claims`; `GROUP: POLICY` is of other students than `single`."""


def _claims(scores: Scores, ladder: Ladder) -> list[str]:
    """Return what shows and what does not: the paired differences of the papers' claims."""
    claims = CLAIMS | MORE
    names = sorted({name for first, others in claims.values() for name in (first, *others)})
    by_set = {("", name): dict(ladder[name]) for name in scores.sets}
    for name in names:
        group, _, rest = name.rpartition(": ")
        if (group or SINGLE) not in GROUPS:
            continue
        for test_set, score in scores.of(TableRow("", rest, group or SINGLE)).items():
            by_set["", test_set][name] = score
    rows = judged(by_set, claims)
    if not rows:
        return ["## What shows and what does not", "Too little was answered for any claim."]
    return ["## What shows and what does not", showing(rows), table(rows)]


def showing(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say how many comparisons show a gain or a loss, and of which claims none shows a gain.

    Each row has a `claim`, and `shows`: `yes`, `no` or `unclear`.
    """
    gained, lost = (sum(row["shows"] == word for row in rows) for word in ("yes", "no"))
    counted = (
        f"Of {len(rows)} comparisons {gained} show a gain, {lost} show a loss, and "
        f"{len(rows) - gained - lost} do not show which."
        if gained or lost
        else f"None of {len(rows)} comparisons shows a gain or a loss."
    )
    words = (
        f"{counted} A gain is a difference on the same problems, in points; **yes** and **no** hold at 5 % "
        "after Holm's correction for all comparisons of the first table. Intervals are not corrected."
    )
    yes = {row["claim"] for row in rows if row["shows"] == "yes"}
    silent = [claim for claim in dict.fromkeys(row["claim"] for row in rows) if claim not in yes]
    some = bool(yes and silent)
    return words + (f"\n\nOn no set does it show that {'; that '.join(silent)}." if some else "")

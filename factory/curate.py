"""Stage `curate`: compare the records of all thoughts: agreement, duplicates, contamination, splits."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from thoughtmill.factory.answers import equal, predicted_answer, without_gold
from thoughtmill.factory.core import corpus, params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.scratch import stream
from thoughtmill.factory.problems import SourceSettings, kept_out, repeating
from thoughtmill.factory.problems.kept_out import KeptOutSettings
from thoughtmill.factory.problems.placing import Placement, PlacingSettings, placed
from thoughtmill.factory.solvers.checks import redrawing
from thoughtmill.factory.solvers.outcome import Check
from thoughtmill.factory.solvers.steps import calculations
from thoughtmill.factory.thoughts import THOUGHTS
from thoughtmill.factory.thoughts.solving import VerifySettings, executor
from thoughtmill.schemas import Checks, Contamination, Problems, Records
from thoughtmill.schemas.fields import DROP_REASONS


class WithoutGoldSettings(Section):
    """When a record of a problem without a gold answer is kept: its answer has `agree` votes, and most votes.

    Each thought and each sample with other words is a vote.
    """

    agree: int = Field(2, ge=2, description="votes for its answer")


class CurateSettings(PlacingSettings, KeptOutSettings):
    """The section `curate` of `params.yaml`."""

    redraw: bool = Field(True, description="whether to redraw the numbers of programs and equations")
    benchmarks: tuple[str | SourceSettings, ...] = Field(
        (),
        description="problem sets to keep out of train: names, or entries as in seed.sources",
    )
    without_gold: WithoutGoldSettings | None = Field(
        None, description="keep records of problems without a gold answer on whose answer others agree"
    )
    drop: tuple[Literal["impure", "leaks_answer", "names", "right_by_chance", "unsupported"], ...] = Field(
        ("impure", "leaks_answer", "names", "right_by_chance", "unsupported"),
        description="reasons for which a right record is not kept either",
    )
    same_calculations: Literal["keep", "drop"] = Field(
        "keep",
        description="what happens to a right chain that calculates as an earlier one of its problem does",
    )


FAULTS = {
    "pure": "impure",
    "leaks_answer": "leaks_answer",
    "names": "names",
    "no_error_in_answer": "right_by_chance",
}
"""The checks that keep a record from being kept when it does not pass them, and the drop reason of each."""


class RecordFault(NamedTuple):
    """A drop reason that a check of a record gives."""

    problem_id: str
    record_id: str
    reason: str


def curate(
    problems: Iterable[tables.Row],
    records: Iterable[tables.Row],
    settings: CurateSettings,
    faults: Iterable[RecordFault] = (),
    repeats: Iterable[str] = (),
    goldless: Iterable[str] = (),
) -> Iterator[tuple[tables.Row, list[tables.Row]]]:
    """Yield every record with its split, `kept` and `drop_reason`, and its new rows of `checks`.

    `records` holds all thoughts. `faults` are those of `faults_of`, `repeats` the problems that repeat a
    benchmark, and `goldless` those that are decided by agreement. All are in the order of problems, and are
    read once, in flat memory. The drop reason is the first of `schemas.fields.DROP_REASONS` that applies.
    """
    with placed(problems, settings, repeats) as placements:
        faults_in = tables.in_step((fault.problem_id, fault) for fault in faults)
        goldless_in = tables.in_step((name, name) for name in goldless)
        for problem_id, group in groupby(records, key=lambda record: record["problem_id"]):
            placement = next(each for name, each in placements if name == problem_id)
            siblings = list(group)
            found: dict[str, frozenset[str]] = {}
            for _, record_id, reason in faults_in(problem_id):
                found[record_id] = found.get(record_id, frozenset()) | {reason}
            agreed = _agreed(siblings, settings) if goldless_in(problem_id) else {}
            yield from _curated(siblings, placement, settings, found, agreed)


def _curated(
    siblings: list[tables.Row],
    placement: Placement,
    settings: CurateSettings,
    faults: Mapping[str, frozenset[str]],
    agreed: Mapping[str, without_gold.Agreement],
) -> Iterator[tuple[tables.Row, list[tables.Row]]]:
    """Yield the records of a problem, and their new checks."""
    seen: set[tuple[str, str | None]] = set()
    calculated: set[tuple[str, ...]] = set()
    doubts = dict(_doubts(siblings, settings, faults, agreed))
    for record in siblings:
        reason = drop_reason(record, placement, seen, doubts.get(record["record_id"]), agreed)
        if reason in (None, "held_out") and settings.same_calculations == "drop":
            reason = "same_calculations" if _repeats(record, calculated) else reason
        curated = {**record, "split": placement.split, "kept": reason is None, "drop_reason": reason}
        marked = agreed.get(record["record_id"])
        checks = [] if marked is None else [Check(without_gold.CHECK, *marked).row(record["record_id"])]
        yield curated, [agreement(record, siblings), *checks]


def _agreed(siblings: list[tables.Row], settings: CurateSettings) -> dict[str, without_gold.Agreement]:
    """Return for each record of a problem without a gold answer whether others agree with it."""
    if settings.without_gold is None:
        return {}
    return dict(without_gold.verdicts(siblings, settings.without_gold.agree))


def _repeats(record: tables.Row, calculated: set[tuple[str, ...]]) -> bool:
    """Return whether an earlier chain has the same calculations, whatever its words (RFT, arXiv 2308.01825).

    `calculated` collects the calculations so far.
    """
    if THOUGHTS.named(record["thought"]).KIND != "chain":
        return False
    found = calculations(record["rationale"])
    key = record["thought"], *found
    repeats = bool(found) and key in calculated
    calculated.add(key)
    return repeats


def _doubts(
    siblings: list[tables.Row],
    settings: CurateSettings,
    faults: Mapping[str, frozenset[str]],
    agreed: Mapping[str, without_gold.Agreement],
) -> Iterator[tuple[str, str]]:
    """Yield the records of a problem that passed and are still not kept, each with the reason."""
    own = {record["record_id"]: faults.get(record["record_id"], frozenset()) for record in siblings}
    verified = any(
        (record["correct"] or _passed(record, agreed)) and "right_by_chance" not in own[record["record_id"]]
        for record in siblings
        if record["predicted_answer"] is not None
    )
    refuted = not verified and len({record["thought"] for record in siblings}) > 1
    for record in siblings:
        found = own[record["record_id"]].intersection(settings.drop)
        if found:
            yield record["record_id"], min(found, key=[*DROP_REASONS].index)
        elif record["predicted_answer"] is None and refuted and "unsupported" in settings.drop:
            yield record["record_id"], "unsupported"


def _passed(record: tables.Row, agreed: Mapping[str, without_gold.Agreement]) -> bool:
    found = agreed.get(record["record_id"])
    return found is not None and found.passed


def drop_reason(
    record: tables.Row,
    placement: Placement,
    seen: set[tuple[str, str | None]],
    doubt: str | None = None,
    agreed: Mapping[str, without_gold.Agreement] | None = None,
) -> str | None:
    """Return why a record is not kept, or None; `seen` collects the rationales so far."""
    if record["failure"] is not None:
        return "failed"
    if record["correct"] is False:
        return "incorrect"
    unknown = record["correct"] is None and record["predicted_answer"] is not None
    if unknown and not _passed(record, agreed or {}):
        return "unverified"
    if doubt is not None:
        return doubt
    if placement.drop_reason is not None:
        return placement.drop_reason
    said = (record["thought"], record["rationale"])
    if said in seen:
        return "duplicate_rationale"
    seen.add(said)
    return None if placement.split == "train" else "held_out"


def agreement(record: tables.Row, siblings: list[tables.Row]) -> tables.Row:
    """Check whether the first sample of another thought has the same answer."""
    answers = {
        sibling["thought"]: answer
        for sibling in reversed(siblings)
        if sibling["thought"] != record["thought"] and (answer := predicted_answer(sibling)) is not None
    }
    mine = predicted_answer(record)
    agreeing = sorted(thought for thought, answer in answers.items() if mine and equal(mine, answer))
    return Check(
        "agreement",
        bool(agreeing) if mine is not None and answers else None,
        f"{len(agreeing)} of {len(answers)} other thoughts: {', '.join(agreeing)}".rstrip(": "),
    ).row(record["record_id"])


FOUND = """
select regexp_extract(record_id, '^(.*)/[^/]*/[^/]*$', 1, 's') as problem_id, record_id, "check"
from read_parquet($files) where list_contains($checks, "check") and not passed order by all
"""


def faults_of(checks: Iterable[Path]) -> Iterator[RecordFault]:
    """Yield the faults of records from files of the table `checks`, in the order of their problems."""
    with tables.connect() as con:
        rows = stream(con, FOUND, files=[*map(str, checks)], checks=[*FAULTS])
        for problem_id, record_id, check in rows:
            yield RecordFault(problem_id, record_id, FAULTS[check])


GOLDLESS = """
select problem_id from read_parquet($problems) where answer is null
{except} order by problem_id
"""
REJECTED = "except select problem_id from read_parquet($growths) where reason is not null"


def goldless(data: Path) -> Iterator[str]:
    """Yield the problems without a gold answer, except those that a growth made and then rejected."""
    found = corpus.files(data, ())
    given = {name: [str(path) for path in found[name]] for name in ("problems", "growths") if found[name]}
    query = GOLDLESS.replace("{except}", REJECTED if "growths" in given else "")
    with tables.connect() as con:
        for (problem_id,) in stream(con, query, **given):
            yield problem_id


def contamination(data: Path, settings: CurateSettings) -> Iterator[tables.Row]:
    """Yield a row of `contamination` for every problem of train that repeats a benchmark."""
    named = (SourceSettings(set=entry) if isinstance(entry, str) else entry for entry in settings.benchmarks)
    problems = track(corpus.problems(data), "keep out")
    trained = (problem for problem in problems if problem["split"] == "train")
    for name, finding in repeating.repeats(trained, kept_out.read(named, data.parent), settings):
        yield {"problem_id": name, **finding._asdict()}


def _refuse_strays(folders: tuple[Path, ...], thoughts: tuple[str, ...]) -> None:
    """Refuse files of thoughts that are no longer listed: later stages read these folders whole."""
    strays = sorted(path for folder in folders for path in folder.iterdir() if path.stem not in thoughts)
    if strays:
        named = " ".join(str(path.relative_to(path.parents[2])) for path in strays)
        raise ThoughtmillError(
            f"params.yaml no longer lists the thoughts of: {named}; remove them: rm -r {named}"
        )


def main() -> None:
    """Read the problems and the verdicts of each thought, write the corpus's records and checks."""
    data = root() / "data"
    settings = params.section("curate", CurateSettings)
    thoughts = params.thoughts()
    originals = tables.TableReader(data / "problems.parquet", Problems)
    verified, grown = data / "verified", data / "grown"
    _refuse_strays((verified, data / "completions"), thoughts)
    folders = [*(verified / thought for thought in thoughts), grown]
    checks = [tables.TableReader(folder / "checks.parquet", Checks) for folder in folders]
    solving = params.section("verify", VerifySettings)
    kinds = {thought: THOUGHTS.named(thought).KIND for thought in thoughts}
    records = corpus.verified(data, thoughts)
    found = redrawing.pairs(originals, records, kinds, settings.seed) if settings.redraw else ()
    pool = executor(solving, redrawing.redraw, redrawing.lost)
    with (
        tables.writer(data / "records.parquet", Records) as add_record,
        tables.writer(data / "checks.parquet", Checks) as add_check,
    ):
        for check in chain(*checks, redrawing.rows(track(found, "redraw numbers"), pool.spread)):
            add_check(check)
        contaminated = data / "contamination.parquet"
        tables.write(
            contaminated, Contamination, contamination(data, settings) if settings.benchmarks else ()
        )
        repeated = (row["problem_id"] for row in tables.TableReader(contaminated, Contamination))
        faults = faults_of(part for source in checks for part in source.parts)
        every = tables.merged(Records, *(folder / "records.parquet" for folder in folders))
        undecided = goldless(data) if settings.without_gold else ()
        curated = curate(corpus.problems(data), every, settings, faults, repeated, undecided)
        for record, more in track(curated, "curate"):
            add_record(record)
            for check in more:
                add_check(check)


if __name__ == "__main__":
    stage.run(main)

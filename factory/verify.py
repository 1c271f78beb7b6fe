"""Stage `verify`: every completion of a thought is parsed, solved and compared with the gold answer."""

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import tee
from pathlib import Path

from thoughtmill.factory.answers import Answer, Comparison, compared, gold_answer
from thoughtmill.factory.core import params, sharding, stage, tables
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.journal import fingerprint
from thoughtmill.factory.core.kept import KeptWork, gather
from thoughtmill.factory.core.partitions import NAME, keys_of
from thoughtmill.factory.core.printable import say
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.factory.solvers.checks.rules import leaks_answer
from thoughtmill.factory.solvers.outcome import Check
from thoughtmill.factory.thoughts import THOUGHTS
from thoughtmill.factory.thoughts.solving import Job, Solved, Solving, VerifySettings, solving, source_digest
from thoughtmill.schemas import Checks, Completions, Problems, Records, Timings

STAGE = "verify"
RECORDS, CHECKS, TIMINGS = "records.parquet", "checks.parquet", "timings.parquet"
NEEDED = ("problem_id", "problem", "answer", "answer_kind", "split")
"""The columns of a problem that a verdict depends on."""
FEW_RECORDS = 5
SCARCE = 0.05
"""The share of right records up to which a thought of at least `FEW_RECORDS` records gets a remark."""

Verdict = tuple[tables.Row, list[tables.Row]]
"""A row of `records` and its rows of `checks`."""


def verify(
    completions: Iterable[tables.Row],
    problems: Iterable[tables.Row],
    solving: Solving,
    shard: Shard | None = None,
) -> Iterator[Verdict]:
    """Yield a verdict for every completion that the shard holds: good, broken or missing.

    Both tables are in primary-key order, and are joined in flat memory.
    """
    pairs = tables.joined(completions, problems)
    rows, ahead = tee(pair for pair in pairs if shard is None or shard.holds(pair[1]["problem"]))
    jobs = (_job(completion, problem) for completion, problem in ahead)
    for (completion, problem), solved in zip(rows, solving(jobs), strict=True):
        yield verdict(completion, problem, solved)


def _job(completion: tables.Row, problem: tables.Row) -> Job:
    given = (completion[name] for name in ("completion", "failure", "detail", "reasoning"))
    return Job(completion["thought"], problem["problem"], problem["answer_kind"], *given)


def verdict(completion: tables.Row, problem: tables.Row, solved: Solved) -> Verdict:
    """Compare the answer of a rationale with the gold answer; unknown is None, never False.

    `kept` is false until `curate` has seen the records of all thoughts.
    """
    outcome, answer = solved.outcome, solved.outcome.answer
    correct, beside_gold = judged(solved, completion["thought"], problem["problem"], gold_answer(problem))
    record_id = f"{completion['problem_id']}/{completion['thought']}/{completion['sample']}"
    record = {
        "record_id": record_id,
        "problem_id": completion["problem_id"],
        "thought": completion["thought"],
        "sample": completion["sample"],
        "completion_id": completion["completion_id"],
        "rationale": solved.rationale,
        "predicted_answer": answer and answer.text,
        "predicted_kind": answer and answer.kind,
        "failure": outcome.failure,
        "correct": correct,
        "fence": outcome.fence,
        "split": problem["split"],
        "kept": False,
        "drop_reason": None,
    }
    found = [Check("solved", outcome.failure is None, outcome.detail), *outcome.checks, *beside_gold]
    return record, [check.row(record_id) for check in sorted(found, key=lambda check: check.check)]


def judged(
    solved: Solved, thought: str, problem: str, gold: Answer | None
) -> tuple[bool | None, list[Check]]:
    """Return whether an answer is the gold answer, and the checks that need it.

    These are `equal_by` of an answer, and `leaks_answer` of rules.
    """
    answer = solved.outcome.answer
    comparison = None if answer is None or gold is None else compared(answer, gold)
    correct = None if comparison is None else comparison.equal
    if comparison is not None and _is_telling(comparison, answer, gold):
        return correct, [Check("equal_by", correct, comparison.by)]
    if gold is None or solved.rationale is None or THOUGHTS.named(thought).KIND != "rules":
        return correct, []
    return correct, [leaks_answer(solved.rationale, problem, gold)]


def _is_telling(comparison: Comparison, *answers: Answer | None) -> bool:
    """Return whether the rule of a comparison is worth a row: plain numbers are mostly compared at sight."""
    plain = all(answer and answer.kind == "number" for answer in answers)
    return not plain or (comparison.by != "text" and comparison.equal is not False)


def verify_table(
    what: str,
    completions: Path,
    problems: Sequence[Path],
    target: Path,
    settings: VerifySettings,
    shard: Shard | None = None,
) -> Counter[str | None]:
    """Verify a table of completions, or what a shard holds of it; write records and checks to `target`.

    Returns how many records have each fault; None counts those without. After `kill -9` the next call goes on
    from the journal, which is in the current project under `.dvc/tmp`. A table in parts is verified part by
    part; parts that did not change since the last run are not verified again. How long each record took is
    written to `data/local/timings/`, which is no output of a stage.
    """
    asked, every = tables.TableReader(completions, Completions), tables.merged(Problems, *problems)
    if len(asked.parts) > 1 and shard is None:
        return _verify_parts(what, asked, every, target, settings)
    depends = fingerprint((completions, *problems), settings.model_dump_json(), source_digest())
    name = f"{what}-{depends}" + (f"-{shard.name}" if shard else "")
    shown = track(asked, f"verify {what}" + (f", {shard.words}" if shard else ""))
    elapsed_s: deque[float] = deque()
    solve = _timed(solving(settings, _journal(name)), elapsed_s)
    timings = _timings(f"{shard.name}/{what}" if shard else what)
    return _write(verify(shown, every, solve, shard), elapsed_s, target, timings)


def _verify_parts(
    what: str,
    asked: tables.TableReader,
    problems: tables.MergedRows,
    target: Path,
    settings: VerifySettings,
) -> Counter[str | None]:
    """Verify the parts of a table that changed, and gather what was made of all its parts."""
    kept, folders = KeptWork(f"verified-{what}"), []
    made_with = settings.model_dump_json(exclude={"workers"}), source_digest()
    for number, part in enumerate(asked.parts, start=1):
        ids = list(keys_of(part, "problem_id"))
        mine = partial(problems.between, ids[0], ids[-1])
        depends = fingerprint([part], _digest(mine()), *made_with)
        work = partial(_verify_part, part, mine, f"{what}, part {number}", _journal(f"{what}-{depends}"))
        folders.append(kept.take(depends, partial(work, settings)))
    for name in (RECORDS, CHECKS):
        gather((folder / name for folder in folders), target / name, NAME)
    gather((folder / TIMINGS for folder in folders), _timings(what), NAME)
    kept.forget_others()
    wrong = {check["record_id"] for check in tables.rows_of(target / CHECKS) if is_wrong_step(check)}
    return Counter(fault(row, row["record_id"] in wrong) for row in tables.rows_of(target / RECORDS))


def _digest(problems: Iterable[tables.Row]) -> str:
    """Return a digest of what the verdicts on some problems depend on."""
    content = hashlib.sha256()
    for row in problems:
        content.update(json.dumps([row[name] for name in NEEDED]).encode())
    return content.hexdigest()


def _verify_part(
    part: Path,
    problems: Callable[[], Iterable[tables.Row]],
    what: str,
    journal: Path,
    settings: VerifySettings,
    target: Path,
) -> None:
    rows = track(tables.TableReader(part, Completions), f"verify {what}")
    elapsed_s: deque[float] = deque()
    solve = _timed(solving(settings, journal), elapsed_s)
    _write(verify(rows, problems(), solve), elapsed_s, target, target / TIMINGS, whole=True)


def _journal(name: str) -> Path:
    return root() / ".dvc" / "tmp" / "thoughtmill" / f"verify-{name}.jsonl"


def _timings(name: str) -> Path:
    return root() / "data" / "local" / "timings" / f"{name}.parquet"


def _timed(solving: Solving, elapsed_s: deque[float]) -> Solving:
    """Return a function that solves jobs, and appends the seconds that each took."""

    def solved(jobs: Iterable[Job]) -> Iterator[Solved]:
        for each in solving(jobs):
            elapsed_s.append(each.elapsed_s)
            yield each

    return solved


def _write(
    verdicts: Iterable[Verdict], elapsed_s: deque[float], target: Path, timings: Path, whole: bool = False
) -> Counter[str | None]:
    """Write records, checks and timings; return how many records have each fault.

    `elapsed_s` holds the seconds of each verdict that has come.
    """
    outcomes: Counter[str | None] = Counter()
    with (
        tables.writer(target / RECORDS, Records, whole) as add_record,
        tables.writer(target / CHECKS, Checks, whole) as add_check,
        tables.writer(timings, Timings, whole) as add_timing,
    ):
        for record, checks in verdicts:
            outcomes[fault(record, any(map(is_wrong_step, checks)))] += 1
            add_record(record)
            named = {name: record[name] for name in ("record_id", "completion_id")}
            add_timing({**named, "elapsed_s": elapsed_s.popleft()})
            for check in checks:
                add_check(check)
    return outcomes


def main(thought: str, *, shard: str | None = None) -> None:
    """Read the completions of a thought, write `data/verified/<thought>/` records and checks.

    A shard, such as `2/3`, writes its part for `thoughtmill merge`. It reads the completions of the same
    shard of `generate` if they are not merged yet.
    """
    data = root() / "data"
    settings = params.section("verify", VerifySettings)
    THOUGHTS.named(thought)
    completions, problems = data / "completions" / f"{thought}.parquet", [data / "problems.parquet"]
    if shard is None:
        outcomes = verify_table(thought, completions, problems, data / "verified" / thought, settings)
    else:
        mine = sharding.shard(shard)
        own = sharding.part_of(data, "generate", thought, mine) / "completions.parquet"
        target = sharding.part_of(data, STAGE, thought, mine)
        with sharding.writing(target, origin(data, settings)) as part:
            outcomes = verify_table(
                thought, own if own.exists() else completions, problems, part, settings, mine
            )
    if line := remark(thought, outcomes):
        say(line)


def origin(data: Path, settings: VerifySettings) -> str:
    """Return a fingerprint of what all shards of a run depend on; `merge` compares the completions."""
    return fingerprint([data / "problems.parquet"], settings.model_dump_json(), source_digest())


def fault(record: tables.Row, by_wrong_steps: bool) -> str | None:
    """Return why a record is not right: its failure, `incorrect`, or `right_by_chance`."""
    if record["failure"] or record["correct"] is False:
        return record["failure"] or "incorrect"
    return "right_by_chance" if record["correct"] and by_wrong_steps else None


def is_wrong_step(check: tables.Row) -> bool:
    """Say whether a check found a wrong step that gives the answer."""
    return check["check"] == "no_error_in_answer" and check["passed"] is False


def remark(thought: str, outcomes: Counter[str | None]) -> str | None:
    """Return what to do about a thought that is hardly ever right; None counts the records without a fault.

    >>> print(remark("pot", Counter({"unparsable": 30, None: 1})))
    pot: 1 of 31 records are right, 30 are `unparsable`; try another model, or read some: `thoughtmill show`
    """
    total = outcomes.total()
    if total < FEW_RECORDS or outcomes[None] > SCARCE * total:
        return None
    ((often, count),) = Counter({word: count for word, count in outcomes.items() if word}).most_common(1)
    return (
        f"{thought}: {outcomes[None]} of {total} records are right, {count} are `{often}`; "
        "try another model, or read some: `thoughtmill show`"
    )


if __name__ == "__main__":
    stage.run(main)

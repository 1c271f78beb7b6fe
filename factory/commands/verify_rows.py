"""Verify completions that you have: read rows, and write the same rows with their verdicts.

Rows come from files (CSV, TSV, JSON Lines, JSON, Parquet; also compressed), patterns, folders, a release,
standard input (`-`) or a data set on the Hub (`OWNER/NAME`). A row has `problem`, `completion` and `answer`,
the gold answer, which is null if it is unknown. Other keys pass through; a key `thought` is that of the row,
and `reasoning` is what its model thought before, if that is not in the completion between tags.

The verdict adds `rationale`, `predicted_answer`, `predicted_kind`, `failure`, `detail`, `correct`, `fence`,
`elapsed_s` and `checks`. If the rows already use such a key, the verdict's key is `verdict_<key>`. A row that
cannot be verified is written with the failure `corrupt` and the reason. A gold answer may be of any kind: a
number, mathematics as in MATH (`2\\sqrt{3}`), a choice, words; a key `answer_kind` says which, else it is the
first kind that reads it. The check `equal_by` names the rule that compared it.
"""

import argparse
import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import tee
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from thoughtmill.factory.answers import ANY, KINDS, Answer, answer_of
from thoughtmill.factory.commands.inputs import InputPart, InputSettings, parts_of, survey
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside
from thoughtmill.factory.core.journal import cache_folder, fingerprint
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.rows import suffixes
from thoughtmill.factory.core.rows.texts import written
from thoughtmill.factory.problems.fields import says_nothing
from thoughtmill.factory.thoughts import THOUGHTS
from thoughtmill.factory.thoughts.solving import (
    Job,
    Solved,
    Solving,
    VerifySettings,
    configured,
    solving,
    source_digest,
)
from thoughtmill.factory.verify import judged

NEEDED: dict[str, tuple[type, ...]] = {
    "problem": (str,),
    "answer": (str, int, float, type(None)),
    "completion": (str,),
}
OPTIONAL = ("thought", "reasoning")
VERDICT = (
    "rationale", "predicted_answer", "predicted_kind", "failure", "detail", "correct", "fence", "elapsed_s",
    "checks",
)  # fmt: skip
SHOWN_FAULTS = 5
CORRUPT = "corrupt"
"""The failure of a row that cannot be verified."""

NO_ANSWER = "no answer to compare"
"""The outcome of rules, which have no answer."""

UNREADABLE = "unreadable"
"""The key that holds the text of a row that cannot be read."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where rows come from, how they are read, and where verdicts go."""
    parser.add_argument("rows", nargs="+", help="files, patterns, folders, a release, `-`, or OWNER/NAME")
    parser.add_argument("--thought", help="cot, pot or eot, for rows without a key `thought`")
    parser.add_argument(
        "-o", "--out", type=Path, help="write the rows with their verdicts here, as JSON Lines"
    )
    parser.add_argument(
        "--columns", nargs="+", type=_column, default=[], metavar="OURS=YOURS",
        help="names of your columns: problem=question answer=gold",
    )  # fmt: skip
    parser.add_argument("--strict", action="store_true", help="stop at a row that cannot be verified")
    parser.add_argument(
        "--encoding", help="of files that are not UTF-8, such as cp1252; the default is a guess"
    )
    parser.add_argument("--config", help="the config of a data set on the Hub; of a release, a thought")
    parser.add_argument("--split", default="train", help="its split (default: train)")
    parser.add_argument("--revision", help="its revision (default: the newest)")
    parser.add_argument(
        "--skip-bad", action="store_true", help=argparse.SUPPRESS
    )  # its effect is the default now


def _column(word: str) -> tuple[str, str]:
    ours, _, yours = word.partition("=")
    if ours not in (*NEEDED, *OPTIONAL) or not yours:
        raise argparse.ArgumentTypeError(
            f"`{word}` is not OURS=YOURS, where ours is {', '.join((*NEEDED, *OPTIONAL))}"
        )
    return ours, yours


def call(words: argparse.Namespace) -> str:
    """Verify the given rows."""
    given = InputSettings(words.encoding, words.config, words.split, words.revision, dict(words.columns))
    return verify_rows(words.rows, words.thought, configured(), words.out, words.strict, given)


class Line(NamedTuple):
    """A given row, why it cannot be verified, and the thought, columns and form of its part."""

    row: dict[str, Any]
    fault: str | None = None
    thought: str | None = None
    columns: Mapping[str, str] = {}
    parsed: bool = False

    def value(self, name: str) -> Any:
        """Return the value of a column by our name; None when the row lacks it, or has no gold answer."""
        found = self.row.get(self.columns.get(name, name))
        return None if name == "answer" and says_nothing(found) else found


def verified(
    lines: Iterable[Line], thought: str | None, solving: Solving
) -> Iterator[tuple[Line, dict[str, Any]]]:
    """Yield every line with its verdict, in order and in flat memory."""
    lines, ahead = tee(lines)
    for line, solved in zip(lines, solving(_job(line, thought) for line in ahead), strict=True):
        yield line, _verdict(line, thought, solved)


def _job(line: Line, thought: str | None) -> Job:
    if line.fault is not None:
        return Job("", "", "number", None, CORRUPT, line.fault)
    gold, thinking = _gold(line), line.value("reasoning")
    return Job(
        _thought(line, thought),
        line.value("problem"),
        gold.kind if gold else "number",
        line.value("completion"),
        reasoning=thinking if isinstance(thinking, str) else None,
        parsed=line.parsed,
    )


def _thought(line: Line, thought: str | None) -> str:
    return str(line.value("thought") or line.thought or thought)


def _gold(line: Line) -> Answer | None:
    value, kind = line.value("answer"), line.row.get("answer_kind")
    return None if value is None else answer_of(str(value), (str(kind),) if kind in KINDS else ANY)


def _verdict(line: Line, thought: str | None, solved: Solved) -> dict[str, Any]:
    outcome, answer = solved.outcome, solved.outcome.answer
    gold = None if line.fault else _gold(line)
    correct, beside_gold = judged(solved, _thought(line, thought), line.value("problem"), gold)
    checks = [*outcome.checks, *beside_gold]
    return {
        "rationale": solved.rationale,
        "predicted_answer": answer and answer.text,
        "predicted_kind": answer and answer.kind,
        "failure": outcome.failure,
        "detail": None if outcome.failure is None else outcome.detail,
        "correct": correct,
        "fence": outcome.fence,
        "elapsed_s": round(solved.elapsed_s, 6),
        "checks": {check.check: {"passed": check.passed, "detail": check.detail} for check in checks},
    }


def fault_of(line: Line, thought: str | None) -> str | None:
    """Return why a row cannot be verified, or None; `thought` is for rows that name none."""
    for name, types in NEEDED.items():
        key = line.columns.get(name, name)
        if key not in line.row or not isinstance(line.row[key], types):
            return f"`{key}` is {line.row[key]!r}" if key in line.row else f"`{key}` is missing"
    named = line.value("thought") or line.thought or thought
    if named is None:
        return "`thought` is missing: add it, or give --thought"
    if named not in THOUGHTS.names():
        return f"unknown thought {named!r}; there are: {', '.join(THOUGHTS.names())}"
    if line.value("answer") is None or _gold(line) is not None:
        return None
    return f"the answer {str(line.value('answer'))!r} is neither a number nor mathematics nor words"


class Lines:
    """The given rows as lines; iterate as often as you like. With `strict`, a faulty line is an error."""

    def __init__(self, parts: Sequence[InputPart], thought: str | None, strict: bool, rows: int) -> None:
        self.parts, self.thought, self.strict, self.rows = parts, thought, strict, rows

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[Line]:
        for part in self.parts:
            for row in part.rows():
                values = {UNREADABLE: row.shown()} if row.fault else row.values
                line = Line(values, row.fault, part.thought, part.columns, part.parsed)
                fault = row.fault or fault_of(line, self.thought)
                if fault is not None and self.strict:
                    raise ThoughtmillError(
                        f"{row.place}: {fault}; without --strict such rows get the failure `corrupt`"
                    )
                yield line._replace(fault=f"{row.place}: {fault}" if fault else None)


def verify_rows(
    named: Sequence[str],
    thought: str | None,
    settings: VerifySettings,
    out: Path | None = None,
    strict: bool = False,
    given: InputSettings | None = None,
) -> str:
    """Verify given rows, write them with their verdicts to `out`, if given; return a summary.

    Memory is flat. After a kill, the same call continues from its journal.
    """
    if thought is not None:
        THOUGHTS.named(thought)
    with TemporaryDirectory(prefix="thoughtmill-") as spool:
        parts = list(parts_of(named, given or InputSettings(), Path(spool)))
        _spare(out, parts)
        found = survey(parts, [*NEEDED], thought)
        code = (settings.model_dump_json(), source_digest())
        depends = fingerprint((), found.digest, str(thought), str(strict), *code)
        name = Path(named[0]).name.replace("*", "_") if named[0] != "-" else "stdin"
        solve = solving(settings, cache_folder() / f"{name}.{depends}.jsonl")
        lines = Lines(parts, thought, strict, found.rows)
        return _written(lines, thought, solve, out, names(found.keys))


def _written(
    lines: Lines,
    thought: str | None,
    solve: Solving,
    out: Path | None,
    keys: dict[str, str],
) -> str:
    """Write every line with its verdict to `out`, if given, under these keys; return a summary."""
    summary = Summary()
    with (
        aside(out) if out else nullcontext() as part,
        written(part, out.suffix) if out and part else nullcontext() as file,
    ):
        for line, verdict in verified(track(lines, "verify"), thought, solve):
            summary.count(line, verdict)
            if file:
                named = {keys[key]: value for key, value in verdict.items()}
                file.write(json.dumps(line.row | named, ensure_ascii=False, default=str) + "\n")
    return summary.text([name for key, name in keys.items() if key != name])


def names(taken: Container[str]) -> dict[str, str]:
    """Return a name for each key of the verdict that no row uses.

    >>> names({"correct", "verdict_correct"})["correct"]
    'verdict_verdict_correct'
    """
    found = {key: key for key in VERDICT}
    for key in VERDICT:
        while found[key] in taken:
            found[key] = f"verdict_{found[key]}"
    return found


def _spare(out: Path | None, parts: Iterable[InputPart]) -> None:
    """Raise an error if the verdicts would replace a file that is read, or have a name of another format."""
    if out is None:
        return
    if any(part.path is not None and out.resolve() == part.path.resolve() for part in parts):
        raise ThoughtmillError(f"{out} is a file to verify: give another name for the verdicts")
    if suffixes(out)[0] in (".csv", ".tsv", ".parquet"):
        raise ThoughtmillError(f"{out}: verdicts are JSON Lines: give a name that ends in .jsonl")


def _outcome(line: Line, verdict: dict[str, Any]) -> str:
    """Return in words how an answer without a failure compares with the gold answer."""
    if verdict["correct"] is not None:
        return "correct" if verdict["correct"] else "incorrect"
    if verdict["predicted_answer"] is None:
        return NO_ANSWER
    return "no gold answer" if line.value("answer") is None else "unverified"


class Summary:
    """Counts outcomes, rows with a key `thought`, and rows that cannot be verified."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.thoughts: Counter[str] = Counter()
        self.faults: list[str] = []

    def count(self, line: Line, verdict: dict[str, Any]) -> None:
        """Count a line with its verdict."""
        self.outcomes[verdict["failure"] or _outcome(line, verdict)] += 1
        if line.fault is not None and len(self.faults) < SHOWN_FAULTS:
            self.faults.append(line.fault)
        elif own := line.value("thought"):
            self.thoughts[own] += 1

    def text(self, renamed: list[str]) -> str:
        """Return the summary; `renamed` are the keys under which verdicts are, where rows had such keys."""
        outcomes, corrupt = self.outcomes, self.outcomes.pop(CORRUPT, 0)
        rows = outcomes.total()
        lines = [f"{rows:,} rows" + (f", and {corrupt} that cannot be verified" if corrupt else "")]
        for outcome, count in sorted(outcomes.items(), key=lambda pair: (-pair[1], pair[0])):
            lines.append(f"  {outcome:20} {count:9,}  {count / rows:8.2%}")
        if answered := outcomes["correct"] + outcomes["incorrect"]:
            asked = rows - outcomes[NO_ANSWER]
            lines.append(f"yield {answered / asked:.2%}, accuracy {outcomes['correct'] / asked:.2%}")
        if self.thoughts:
            each = ", ".join(f"{count} {thought}" for thought, count in self.thoughts.most_common())
            lines.append(f"rows that name their thought themselves: {each}")
        if renamed:
            lines.append(f"the rows already had such keys, so the verdicts are under {', '.join(renamed)}")
        return "\n".join([*lines, *(f"not verified: {fault}" for fault in self.faults)])

"""Verify your completions: read rows of a JSONL file, and write the same rows with their verdicts.

A row has `problem`, `answer` (the gold answer) and `completion`. Other keys, such as `problem_id`, pass
through; a key `thought` overrides `--thought` for its row. The verdict adds `rationale`, `predicted_answer`,
`failure`, `detail`, `correct`, `fence`, `elapsed_s` and `checks`. If the file already uses one of these keys,
the verdict's key is `verdict_<key>`. A gold answer in LaTeX, as in MATH (`2\\sqrt{3}`), is compared with the
chain's `\\boxed` answer.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from itertools import tee
from pathlib import Path
from typing import Any, NamedTuple

from thoughtmill.factory.answers.number import canonical, equal
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside, existing, json_objects
from thoughtmill.factory.core.journal import cache_folder, fingerprint
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.solvers.latex import Latex, boxed, is_expression
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

NEEDED: dict[str, tuple[type, ...]] = {"problem": (str,), "answer": (str, int, float), "completion": (str,)}
VERDICT = (
    "rationale", "predicted_answer", "failure", "detail", "correct", "fence", "elapsed_s", "checks",
)  # fmt: skip
CORRUPT = "corrupt"
"""The failure of a line that cannot be verified."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the file, its thought, and what to do with its rows."""
    parser.add_argument("file", type=Path, help="JSONL rows of problem, answer, completion")
    parser.add_argument("--thought", help="cot, pot or eot, for rows without a key `thought`")
    parser.add_argument("-o", "--out", type=Path, help="write the rows with their verdicts here")
    parser.add_argument(
        "--skip-bad", action="store_true", help="write corrupt lines with the reason instead of stopping"
    )


def call(words: argparse.Namespace) -> str:
    """Verify one file."""
    return verify_file(words.file, words.thought, configured(), words.out, words.skip_bad)


class Line(NamedTuple):
    """A row of the file, and why it cannot be verified, if it cannot."""

    row: dict[str, Any]
    fault: str | None = None


def verified(
    lines: Iterable[Line], thought: str | None, solving: Solving, latex: Latex
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield every row with its verdict, in order and in flat memory."""
    lines, ahead = tee(lines)
    for line, solved in zip(lines, solving(_job(line, thought) for line in ahead), strict=True):
        yield line.row, _verdict(line, solved, latex)


def _job(line: Line, thought: str | None) -> Job:
    if line.fault is not None:
        return Job("", "", "number", None, CORRUPT, line.fault)
    return Job(str(line.row.get("thought", thought)), line.row["problem"], "number", line.row["completion"])


def _verdict(line: Line, solved: Solved, latex: Latex) -> dict[str, Any]:
    outcome = solved.outcome
    answer = None if outcome.answer is None else outcome.answer.text
    failure, correct = outcome.failure, None
    if line.fault is None:
        gold = str(line.row["answer"])
        number = canonical(gold)
        if number is None and failure == "no_answer" and (answer := boxed(solved.rationale or "")):
            failure = None  # neither the gold answer nor the boxed answer is a number
        if answer is not None:
            correct = latex.equal(answer, gold) if number is None else equal(answer, number)
    return {
        "rationale": solved.rationale,
        "predicted_answer": answer,
        "failure": failure,
        "detail": None if failure is None else outcome.detail,
        "correct": correct,
        "fence": outcome.fence,
        "elapsed_s": round(solved.elapsed_s, 6),
        "checks": {check.check: {"passed": check.passed, "detail": check.detail} for check in outcome.checks},
    }


def fault_of(row: Mapping[str, Any], thought: str | None) -> str | None:
    """Return why a row cannot be verified, or None; `thought` is the default of the key `thought`."""
    for key, types in NEEDED.items():
        if not isinstance(row.get(key), types):
            return f"`{key}` is missing" if key not in row else f"`{key}` is {row[key]!r}"
    named = row.get("thought", thought)
    if named is None:
        return "`thought` is missing: add it, or give --thought"
    if named not in THOUGHTS.names():
        return f"unknown thought {named!r}; there are: {', '.join(THOUGHTS.names())}"
    answer = str(row["answer"])
    return None if canonical(answer) or is_expression(answer) else f"the answer {answer!r} is not a number"


class Reader:
    """Yields the lines of a file; iterate as often as you like.

    A line is faulty if it is not a JSON object, lacks a key, or has a gold answer that is neither a number
    nor LaTeX. A `ThoughtmillError` names the line; with `skip_bad`, the line is yielded with its fault.
    """

    def __init__(self, path: Path, thought: str | None, skip_bad: bool) -> None:
        self.path, self.thought, self.skip_bad = path, thought, skip_bad
        if not existing(path, "give the path of a JSONL file").is_file():
            raise ThoughtmillError(f"{path} is not a regular file, which can be read twice")

    def __iter__(self) -> Iterator[Line]:
        for number, row, broken in json_objects(self.path):
            fault = broken or fault_of(row, self.thought)
            if fault is not None and not self.skip_bad:
                raise ThoughtmillError(
                    f"{self.path}, line {number}: {fault}; --skip-bad goes on after such lines"
                )
            yield Line(row, None if fault is None else f"line {number}: {fault}")

    def names(self) -> dict[str, str]:
        """Return a name for each key of the verdict that no row of the file uses."""
        taken = {key for _, row, _ in json_objects(self.path) for key in row}
        names = {key: key for key in VERDICT}
        for key in VERDICT:
            while names[key] in taken:
                names[key] = f"verdict_{names[key]}"
        return names


def verify_file(
    path: Path, thought: str | None, settings: VerifySettings, out: Path | None, skip_bad: bool
) -> str:
    """Verify a file of completions, write the rows with their verdicts to `out`, if given; return a summary.

    Memory is flat. After a kill, the same call continues from its journal.
    """
    if thought is not None:
        THOUGHTS.named(thought)
    reader = Reader(path, thought, skip_bad)
    names = reader.names()
    depends = fingerprint((path,), str(thought), settings.model_dump_json(), source_digest(), str(skip_bad))
    journal = cache_folder() / f"{path.name}.{depends}.jsonl"
    outcomes: Counter[str] = Counter()
    with (
        aside(out) if out else nullcontext() as part,
        part.open("w", encoding="utf-8") if part else nullcontext() as file,
        Latex(settings.equations_timeout_s) as latex,
    ):
        lines = track(reader, f"verify {path.name}")
        for row, verdict in verified(lines, thought, solving(settings, journal), latex):
            outcomes[_outcome(verdict)] += 1
            if file:
                named = {names[key]: value for key, value in verdict.items()}
                file.write(json.dumps(row | named, ensure_ascii=False) + "\n")
    return _summary(outcomes, [name for key, name in names.items() if key != name])


def _outcome(verdict: dict[str, Any]) -> str:
    return verdict["failure"] or {True: "correct", False: "incorrect", None: "no answer"}[verdict["correct"]]


def _summary(outcomes: Counter[str], renamed: list[str]) -> str:
    skipped = outcomes.pop(CORRUPT, 0)
    rows = outcomes.total()
    answered = outcomes["correct"] + outcomes["incorrect"]
    lines = [f"{rows} rows" + (f", {skipped} corrupt lines skipped" if skipped else "")]
    for outcome, count in sorted(outcomes.items(), key=lambda pair: (-pair[1], pair[0])):
        lines.append(f"  {outcome:16} {count:9}  {count / rows:8.2%}")
    if answered:
        lines.append(f"yield {answered / rows:.2%}, accuracy {outcomes['correct'] / rows:.2%}")
    if renamed:
        lines.append(f"the rows already had such keys, so the verdicts are under {', '.join(renamed)}")
    return "\n".join(lines)

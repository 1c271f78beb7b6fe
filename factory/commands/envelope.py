"""Completions of your own: a JSONL file of them in, the same rows with their verdicts out.

A row is the envelope `problem_id`, `problem`, `answer`, `completion`; more keys pass through. Each comes back
with `rationale`, `predicted_answer`, `failure`, `correct`, `fence`, `elapsed_s` and `checks` as well. A gold
answer that is no number but mathematics, as in MATH (`2\\sqrt{3}`), is compared with what a chain boxes.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from itertools import tee
from pathlib import Path
from typing import Any

from thoughtmill.factory.answers import canonical, equal
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

NEEDED = {"problem_id": (str, int), "problem": str, "answer": (str, int, float), "completion": str}


HELP = "verify completions of your own"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the file, its thought, and what to do with its rows."""
    parser.add_argument("file", type=Path, help="JSONL rows of problem_id, problem, answer, completion")
    parser.add_argument("--thought", required=True, help="what they are: cot, pot, eot")
    parser.add_argument("-o", "--out", type=Path, help="write the rows with their verdicts here")
    parser.add_argument("--skip-bad", action="store_true", help="count corrupt lines instead of stopping")


def call(words: argparse.Namespace) -> str:
    """Verify one file."""
    return verify_file(words.file, words.thought, configured(), words.out, words.skip_bad)


def verified(
    rows: Iterable[dict[str, Any]], thought: str, solving: Solving, latex: Latex
) -> Iterator[dict[str, Any]]:
    """Yield every row of an envelope with its verdict, in order and in flat memory."""
    rows, ahead = tee(rows)
    jobs = (Job(thought, row["problem"], row["completion"]) for row in ahead)
    for row, solved in zip(rows, solving(jobs), strict=True):
        yield _with_verdict(row, solved, latex)


def _with_verdict(row: dict[str, Any], solved: Solved, latex: Latex) -> dict[str, Any]:
    outcome, gold = solved.outcome, str(row["answer"])
    answer, failure = outcome.answer, outcome.failure
    number = canonical(gold)
    if number is None and failure == "no_answer" and (answer := boxed(solved.rationale or "")):
        failure = None  # what is asked for is no number, and what is boxed is none
    correct = None
    if answer is not None:
        correct = latex.equal(answer, gold) if number is None else equal(answer, number)
    checks = {check.check: {"passed": check.passed, "detail": check.detail} for check in outcome.checks}
    return {
        **row,
        "rationale": solved.rationale,
        "predicted_answer": answer,
        "failure": failure,
        "correct": correct,
        "fence": outcome.fence,
        "elapsed_s": round(solved.elapsed_s, 6),
        "checks": checks,
    }


class Reader:
    """The rows of an envelope, and how many lines were no rows.

    A line that is no JSON object, lacks a key, or has a gold answer that is neither a number nor mathematics
    is a `ThoughtmillError` that names it; with `skip_bad` it is counted in `skipped` and passed over.
    """

    def __init__(self, path: Path, skip_bad: bool) -> None:
        self.path, self.skip_bad, self.skipped = existing(path, "give the path of a JSONL file"), skip_bad, 0
        if not path.is_file():
            raise ThoughtmillError(f"{path} is no regular file, which can be read twice: give one")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number, row, fault in json_objects(self.path):
            said = fault or _fault(row)
            if said is None:
                yield row
            elif self.skip_bad:
                self.skipped += 1
            else:
                raise ThoughtmillError(
                    f"{self.path}, line {number}: {said}; --skip-bad passes over such lines"
                )


def _fault(row: dict[str, Any]) -> str | None:
    for key, types in NEEDED.items():
        if not isinstance(row.get(key), types):  # type: ignore[arg-type]
            return f"`{key}` is missing" if key not in row else f"`{key}` is {row[key]!r}"
    answer = str(row["answer"])
    return None if canonical(answer) or is_expression(answer) else f"the answer {answer!r} is no number"


def verify_file(path: Path, thought: str, settings: VerifySettings, out: Path | None, skip_bad: bool) -> str:
    """Verify a file of completions, write `out` where it is given, and return what it came to, in lines.

    A million rows pass in flat memory. When it is killed, the same call goes on where it was.
    """
    THOUGHTS.named(thought)
    reader = Reader(path, skip_bad)
    depends = fingerprint((path,), thought, settings.model_dump_json(), source_digest(), str(skip_bad))
    journal = cache_folder() / f"{path.name}.{depends}.jsonl"
    outcomes: Counter[str] = Counter()
    with (
        aside(out) if out else nullcontext() as part,
        part.open("w", encoding="utf-8") if part else nullcontext() as file,
        Latex(settings.equations_timeout_s) as latex,
    ):
        rows = track(reader, f"verify {path.name}")
        for row in verified(rows, thought, solving(settings, journal), latex):
            outcomes[
                row["failure"] or {True: "correct", False: "incorrect", None: "no answer"}[row["correct"]]
            ] += 1
            if file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return _summary(outcomes, reader.skipped)


def _summary(outcomes: Counter[str], skipped: int) -> str:
    rows = outcomes.total()
    answered = outcomes["correct"] + outcomes["incorrect"]
    lines = [f"{rows} rows" + (f", {skipped} corrupt lines passed over" if skipped else "")]
    for outcome, count in sorted(outcomes.items(), key=lambda pair: (-pair[1], pair[0])):
        lines.append(f"  {outcome:16} {count:9}  {count / rows:8.2%}")
    if answered:
        lines.append(f"yield {answered / rows:.2%}, accuracy {outcomes['correct'] / rows:.2%}")
    return "\n".join(lines)

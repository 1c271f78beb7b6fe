"""How often records are right that are kept by agreement: `python -m bench.without_gold FOLDER`.

The folder holds `gsm8k/test.jsonl`, and chains and programs of its problems in `replay/`. The gold
answers are hidden from the rule of `curate.without_gold`, and used only to count. The embedded corpus is
measured beside them, with one and three samples of each thought and 15 % mistakes. A row is a corpus and a
number of votes: the problems with an agreed answer, the records of that answer, and which of both are right.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from thoughtmill.factory import generate, seed, verify
from thoughtmill.factory.answers.without_gold import verdicts
from thoughtmill.factory.core import corpus, tables

ROOT = Path(__file__).parents[1]
VOTES = (2, 3)
HEADING = """\
| corpus | `agree` | problems decided | right | records that agree | right | right records that do not |
|---|---|---|---|---|---|---|"""


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1]).resolve()
    print(HEADING)
    for name, given, votes in corpora(folder):
        with tempfile.TemporaryDirectory() as place, chdir(place):
            records = list(built(Path(place), given))
        for least in votes:
            print(line(name, records, least), flush=True)


def corpora(folder: Path) -> Iterator[tuple[str, dict[str, Any], tuple[int, ...]]]:
    """Yield the name of each corpus, its parameters, and the numbers of votes to try."""
    test = {"set": "gsm8k", "split": "test", "file": str(folder / "gsm8k" / "test.jsonl")}
    files = [str(folder / "replay" / f"{thought}.jsonl") for thought in ("cot", "pot")]
    replayed = {"teacher": "replay", "replay": {"files": files}}
    yield (
        "GSM8K test, chains and programs of others",
        {"thoughts": ["cot", "pot"], "seed": {"sources": [test]}, "generate": replayed},
        VOTES[:1],
    )
    for samples in (1, 3):
        yield (
            f"embedded, three thoughts, {samples} sample{'s' if samples > 1 else ''}",
            {
                "thoughts": ["cot", "pot", "eot"],
                "seed": {"sources": [{"set": "embedded"}]},
                "generate": {"teacher": "embedded", "samples": samples},
            },
            VOTES,
        )


def built(project: Path, given: dict[str, Any]) -> Iterator[tables.Row]:
    """Yield the verified records of a corpus, in the order of problems."""
    (project / "data").mkdir()
    (project / "dvc.yaml").touch()
    (project / "params.yaml").write_text(yaml.safe_dump(given))
    (project / "data" / "exemplars.jsonl").write_bytes((ROOT / "data" / "exemplars.jsonl").read_bytes())
    seed.main()
    for thought in given["thoughts"]:
        generate.main(thought)
        verify.main(thought)
    yield from corpus.verified(project / "data", tuple(given["thoughts"]))


def line(name: str, records: list[tables.Row], least: int) -> str:
    """Return a row of the table."""
    decided = decided_right = kept = kept_right = 0
    for _, group in groupby(records, key=lambda record: record["problem_id"]):
        siblings = list(group)
        passed = {name for name, found in verdicts(siblings, least) if found.passed}
        marks = [record["correct"] is True for record in siblings if record["record_id"] in passed]
        decided, decided_right = decided + bool(marks), decided_right + any(marks)
        kept, kept_right = kept + len(marks), kept_right + sum(marks)
    right = sum(record["correct"] is True for record in records)
    return (
        f"| {name} | {least} | {decided:,} | {decided_right / decided:.1%} | {kept:,} "
        f"| {kept_right / kept:.1%} | {(right - kept_right) / right:.1%} |"
    )


if __name__ == "__main__":
    main()

"""What the embedded teacher makes of GSM8K: `python -m bench.gsm8k FILE` with GSM8K's `train.jsonl`.

Every problem goes through seed, generate (error rate 0) and verify, for every thought, on all cores. A
problem has *usable annotations* when its solution has calculator marks, all of them compute, and one comes to
the gold answer. The table counts problems; what was not compiled is counted by its reason.
"""

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from thoughtmill.factory import generate, seed, verify
from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.core import tables
from thoughtmill.factory.growths.inheritance import is_verified
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.factory.teachers.thought_requests import ThoughtRequests
from thoughtmill.factory.thoughts import THOUGHTS
from thoughtmill.factory.thoughts import solving as verdicts
from thoughtmill.factory.thoughts.prompts import load

ROOT = Path(__file__).parents[1]
MARK = re.compile(r"<<([^<>]*)=([^<>=]*)>>")


def main() -> None:
    """Print the table."""
    entry = {"set": "gsm8k", "split": "train", "file": str(Path(sys.argv[1]).resolve())}
    problems = list(seed.seed(seed.SeedSettings.model_validate({"sources": [entry]}), ROOT))
    problems.sort(key=lambda problem: problem["problem_id"])
    usable = {problem["problem_id"] for problem in problems if is_usable(problem)}
    print(f"{len(problems)} problems, {len(usable)} with usable annotations")
    for thought in THOUGHTS.names():
        good: set[str] = set()
        failures: Counter[str] = Counter()
        for record, checks in verified(problems, thought):
            if is_verified(record):
                good.add(record["problem_id"])
            else:
                said = next(str(check["detail"]) for check in checks if check["check"] == "solved")
                failures[f"{record['failure'] or 'incorrect'}: {re.sub(r'[-0-9./]+', 'N', said)}"] += 1
        share = len(good & usable) / len(usable)
        print(f"{thought:10} verified {len(good)} of all, {len(good & usable)} ({share:.1%}) of usable")
        for failure, count in sorted(failures.items()):
            print(f"{'':10} {count:5} {failure}")


def verified(problems: list[tables.Row], thought: str) -> Iterator[verify.Verdict]:
    """Yield the verdict of every problem's completion of one thought."""
    settings = GenerateSettings.model_validate({"embedded": {"error_rate": 0.0}})
    requests = ThoughtRequests(problems, thought, load(thought, ROOT / "data" / "exemplars.jsonl"), settings)
    completions = generate.generate(requests, generate.make_teacher(settings, ROOT), "embedded")
    with tempfile.TemporaryDirectory() as folder:
        solving = verdicts.solving(verdicts.VerifySettings(), Path(folder) / "journal")
        yield from verify.verify(completions, problems, solving)


def is_usable(problem: tables.Row) -> bool:
    """Say whether a problem's annotations can be compiled at all."""
    marks = [(evaluate(left), answers.value(right)) for left, right in MARK.findall(problem["solution"])]
    gold = answers.value(problem["answer"])
    computed = all(left is not None and left == right for left, right in marks)
    return bool(marks) and computed and any(right == gold for _, right in marks)


if __name__ == "__main__":
    main()

"""Verify completions that you have: read, solve and compare each with its gold answer.

    python examples/verify_file.py [FILE.jsonl THOUGHT]      default: four programs, three of them bad

A row has `problem`, `answer` and `completion`. `thoughtmill verify` does the same for files of any size.
"""

import json
import sys
from pathlib import Path

from thoughtmill.factory.answers import canonical, equal
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts.solving import Job, solve

PROBLEM = {"problem": "Mo has 3 bags of 4 nuts. How many nuts?", "answer": "12"}
COMPLETIONS = (
    "```python\nans = 3 * 4\n```",
    "bags = 3\nans = bags + 4",
    "print(open('/etc/passwd').read())\nans = 12",
    "while True:\n    pass",
)


def main(rows: list[dict[str, str]], thought: str) -> None:
    """Print a verdict for each row."""
    jobs = [Job(thought, row["problem"], row["completion"]) for row in rows]
    with Solvers(Limits(cpu_s=1.0), equations_timeout_s=5.0) as solvers:
        for row, solved in zip(rows, solve(jobs, solvers), strict=True):
            answer, gold = solved.outcome.answer, canonical(row["answer"])
            verdict = solved.outcome.failure
            if answer is not None and gold is not None:
                verdict = "correct" if equal(answer, gold) else "incorrect"
            print(f"{verdict:10} {answer or '-':4} {' / '.join(row['completion'].split(chr(10)))}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        lines = Path(sys.argv[1]).read_text("utf-8").splitlines()
        main([json.loads(line) for line in lines], sys.argv[2])
    else:
        main([{**PROBLEM, "completion": completion} for completion in COMPLETIONS], "pot")

"""Verify completions that you have: read, solve and compare each with its gold answer.

    python examples/verify_file.py [FILE.jsonl THOUGHT]      default: four programs, three of them bad

A row has `problem`, `answer` and `completion`. `thoughtmill verify` does the same for files of any size.
"""

import json
import sys
from pathlib import Path
from typing import Any

import thoughtmill

COMPLETIONS = (
    "```python\nans = 3 * 4\n```",
    "bags = 3\nans = bags + 4",
    "print(open('/etc/passwd').read())\nans = 12",
    "ans = bags * nuts",
)
ROWS = [
    {"problem": "Mo has 3 bags of 4 nuts. How many nuts?", "answer": "12", "completion": completion}
    for completion in COMPLETIONS
]


def main(rows: list[dict[str, Any]], thought: str) -> None:
    """Print a verdict for each row."""
    for row in thoughtmill.verify(rows, thought):
        verdict = row["failure"] or ("correct" if row["correct"] else "incorrect")
        print(f"{verdict:10} {row['predicted_answer'] or '-':4} {' / '.join(row['completion'].splitlines())}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main([json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()], sys.argv[2])
    else:
        main(ROWS, "pot")

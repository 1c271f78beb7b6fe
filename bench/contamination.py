"""How surely reworded benchmark problems are found: `python -m bench.contamination FOLDER` with GSM8K.

GSM8K test is the benchmark. Its problems are reworded by the growths `rename` and `permute`, by other words
of the same meaning, and by other numbers; GSM8K train holds the problems that are no rewordings. A row is a
threshold of `curate.near`: the share of each kind that is found, and the share of train that is taken for a
rewording.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from thoughtmill.factory.growths import Child, Parent, permute, rename
from thoughtmill.factory.problems.kept_out import Benchmark, KeptOut, KeptOutSettings
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
SYNONYMS = {
    "each": "every", "buys": "purchases", "bought": "purchased", "big": "large", "gets": "receives",
    "also": "in addition", "needs": "requires", "wants": "would like", "makes": "earns", "friends": "pals",
    "total": "overall", "altogether": "in all", "uses": "takes", "gave": "handed", "kids": "children",
    "starts": "begins", "has": "owns", "had": "owned", "if": "when", "then": "after that",
}  # fmt: skip


def main() -> None:
    """Print the table."""
    test, train = (problems(Path(sys.argv[1]) / f"{split}.jsonl") for split in ("test", "train"))
    kinds = {
        "rename": list(grown(test, rename.grow)),
        "permute": list(grown(test, permute.grow)),
        "synonyms": [text for text in map(synonyms, test) if text not in test],
        "other numbers": [re.sub(r"\d+", lambda number: str(int(number[0]) + 7), text) for text in test],
    }
    print("| near | " + " | ".join(f"{kind} ({len(texts)})" for kind, texts in kinds.items()) + " | train |")
    print("|---" * (len(kinds) + 2) + "|")
    for near in THRESHOLDS:
        kept = KeptOut((Benchmark("gsm8k", text) for text in test), KeptOutSettings(near=near))
        shares = [
            sum(kept.find(text) is not None for text in texts) / len(texts)
            for texts in (*kinds.values(), train)
        ]
        print(f"| {near} | " + " | ".join(f"{share:.2%}" for share in shares) + " |", flush=True)


def problems(path: Path) -> list[str]:
    """Return the problems of a file of GSM8K."""
    return [json.loads(line)["question"] for line in path.open(encoding="utf-8")]


def grown(test: list[str], grow: Callable[..., Iterator[object]]) -> Iterator[str]:
    """Yield the problems that a growth makes of others."""
    solvers = Solvers(Limits(), 5.0)
    for number, text in enumerate(test):
        row = {"problem_id": str(number), "problem": text, "answer": "1", "answer_kind": "number"}
        for child in grow(Parent(row, {}), 1, Random(number), solvers):
            if isinstance(child, Child) and child.problem is not None:
                yield child.problem
    solvers.close()


def synonyms(text: str) -> str:
    """Return a problem in which common words are others of their meaning."""
    return re.sub(r"[a-z]+", lambda word: SYNONYMS.get(word[0], word[0]), text)


if __name__ == "__main__":
    main()

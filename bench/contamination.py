"""How surely reworded benchmark problems are found: `python -m bench.contamination FOLDER` with GSM8K.

GSM8K test is the benchmark, with problems of our own. GSM8K's are reworded by the growths `rename` and
`permute`, by other words of the same meaning, and by other numbers; ours are rephrased by hand
(`rewordings.jsonl`), as a model would. GSM8K train holds the problems that are no rewordings. A row is a
threshold, first of `curate.near` alone and then of `curate.same_numbers`: the share of each kind that is
found (recall), the share of train that is taken for a rewording, and the precision over all of them.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from random import Random

from thoughtmill.factory.growths import Child, Parent, permute, rename
from thoughtmill.factory.problems.kept_out import Benchmark, KeptOutSettings
from thoughtmill.factory.problems.repeating import repeats
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers

REWORDINGS = Path(__file__).with_name("rewordings.jsonl")
NEAR = (0.3, 0.4, 0.5, 0.6)
SAME_NUMBERS = (0.15, 0.2, 0.25, 0.3, 0.4)
SYNONYMS = {
    "each": "every", "buys": "purchases", "bought": "purchased", "big": "large", "gets": "receives",
    "also": "in addition", "needs": "requires", "wants": "would like", "makes": "earns", "friends": "pals",
    "total": "overall", "altogether": "in all", "uses": "takes", "gave": "handed", "kids": "children",
    "starts": "begins", "has": "owns", "had": "owned", "if": "when", "then": "after that",
}  # fmt: skip


def main() -> None:
    """Print the table."""
    test, train = (problems(Path(sys.argv[1]) / f"{split}.jsonl") for split in ("test", "train"))
    ours = [json.loads(line) for line in REWORDINGS.open(encoding="utf-8")]
    kinds = {
        "rename": list(grown(test, rename.grow)),
        "permute": list(grown(test, permute.grow)),
        "rephrased": [row["reworded"] for row in ours],
        "synonyms": [text for text in map(synonyms, test) if text not in test],
        "other numbers": [re.sub(r"\d+", lambda number: str(int(number[0]) + 7), text) for text in test],
    }
    texts = [*test, *(row["problem"] for row in ours)]
    heading = " | ".join(f"{kind} ({len(reworded)})" for kind, reworded in kinds.items())
    for name, thresholds in (("near", NEAR), ("same_numbers", SAME_NUMBERS)):
        print(f"| {name} | {heading} | train | precision |")
        print("|---" * (len(kinds) + 3) + "|")
        for threshold in thresholds:
            settings = KeptOutSettings(**{"same_numbers": 1.0, name: threshold})
            benchmarks = [Benchmark("gsm8k", text) for text in texts]
            cells = row_of(benchmarks, settings, kinds.values(), train)
            print(f"| {threshold} | {cells} |", flush=True)


def row_of(
    benchmarks: list[Benchmark], settings: KeptOutSettings, kinds: Iterable[list[str]], train: list[str]
) -> str:
    """Return the cells of a threshold: recall of each kind, false alarms, and precision."""
    asked = [{"problem_id": str(at), "problem": text} for at, text in enumerate(chain(*kinds, train))]
    repeated = {int(name) for name, _ in repeats(asked, benchmarks, settings)}
    at = count()
    *found, false = [[next(at) in repeated for _ in texts] for texts in (*kinds, train)]
    right = sum(map(sum, found))
    shares = [*(sum(each) / len(each) for each in (*found, false)), right / (right + sum(false))]
    return " | ".join(f"{share:.2%}" for share in shares)


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

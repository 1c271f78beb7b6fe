"""Compare the tokens of the table `lengths` with those of a tokenizer.

`python -m bench.lengths TOKENIZER FILE:KEY ...`: `TOKENIZER` is the folder of a base, such as the one that
`make base` makes, or its `tokenizer.json`. Each file of JSON lines gives its first 1,300 texts under a key.
Printed are the ratio of all tokens, and the error of one text.
"""

import json
import statistics
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb
from tabulate import tabulate
from tokenizers import Tokenizer

from thoughtmill.factory.derived.lengths import TOKEN

TEXTS = 1_300


def main() -> None:
    """Read the files, count both ways, and print a row per file."""
    path, *sources = sys.argv[1:]
    found = Path(path)
    tokenizer = Tokenizer.from_file(str(found / "tokenizer.json" if found.is_dir() else found))
    rows = []
    for source in sources:
        file, _, key = source.rpartition(":")
        said = list(islice(texts(Path(file), key), TEXTS))
        theirs = [len(counted.ids) for counted in tokenizer.encode_batch(said, add_special_tokens=False)]
        rows.append((source, len(said), *compared(ours(said), theirs)))
    print(tabulate(rows, headers=("texts", "number", "ratio", "median error", "90 % below"), floatfmt=".3f"))


def texts(path: Path, key: str) -> Iterator[str]:
    """Yield the texts of a file; a list of texts is one, a line each."""
    for line in path.read_text("utf-8").splitlines():
        value = json.loads(line).get(key)
        if value:
            yield "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def ours(said: list[str]) -> list[int]:
    """Return the tokens of each text as `lengths` counts them."""
    query = f"select len(regexp_extract_all(text, '{TOKEN}')) from (select unnest($said) as text)"
    return [row[0] for row in duckdb.execute(query, {"said": said}).fetchall()]


def compared(counted: list[int], theirs: list[int]) -> tuple[float, float, float]:
    """Return the ratio of the sums, and the median and the ninth decile of the relative error."""
    errors = sorted(abs(mine - real) / real for mine, real in zip(counted, theirs, strict=True))
    return sum(counted) / sum(theirs), statistics.median(errors), errors[len(errors) * 9 // 10]


if __name__ == "__main__":
    main()

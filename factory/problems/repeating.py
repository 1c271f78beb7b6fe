"""Which problems repeat one of a benchmark, and how that shows, in bounded memory.

Five signs are looked for, the surest first: the same words (`exact`), the same words with other numbers
(`masked`), most n-grams of words (`ngram`), most shingles of three words by MinHash (`near`), and the same
numbers with many of the same words in any order (`numbers`), as in a problem that a model rephrased.

>>> benchmark = Benchmark("b", "Ann has 4 pens and buys 3 more pens today. How many has she?")
>>> texts = ["ann has 4 pens, and buys 3 more pens today! How many has she?",
...     "Ann has 9 pens and buys 2 more pens today. How many has she?", "A train leaves at noon."]
>>> rows = [{"problem_id": str(number), "problem": text} for number, text in enumerate(texts)]
>>> [(name, found.how) for name, found in repeats(rows, [benchmark], KeptOutSettings())]
[('0', 'exact'), ('1', 'masked')]
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import duckdb
import pyarrow as pa

from thoughtmill.factory.core.scratch import fill, run, scratch, stream
from thoughtmill.factory.problems.kept_out import (
    PERMUTATIONS,
    Benchmark,
    Finding,
    KeptOutSettings,
    digest,
    masked,
    ngrams,
    numbers,
    signature,
    stems,
    words,
)

LEAST_WORDS = 8
"""Shorter texts are alike by chance, once their numbers are masked."""
LEAST_NUMBERS = 2
"""Problems with fewer different numbers have them in common by chance."""
BAND = 4
"""Numbers of a MinHash in a row that two texts must share to be compared at all."""

TEXTS = pa.schema(
    {
        "number": pa.int64(),
        "name": pa.string(),
        "problem": pa.string(),
        "exact": pa.uint64(),
        "masked": pa.uint64(),
        "grams": pa.list_(pa.uint64()),
        "bands": pa.list_(pa.uint64()),
        "signature": pa.list_(pa.uint32()),
        "numbers": pa.uint64(),
        "stems": pa.list_(pa.string()),
    }
)

FOUND = """
create table found as
select asked.number, min(known.number) as other, 'exact' as how, 1.0::double as score
from asked join known using (exact) group by asked.number;

insert into found
select asked.number, min(known.number), 'masked', 1.0
from asked anti join found using (number) join known on asked.masked = known.masked group by asked.number;

insert into found
with first as (
    select gram, min(number) as other from (select number, unnest(grams) as gram from known) group by gram
), shared as (
    select number, other, count(*) as times
    from (select number, unnest(grams) as gram from asked anti join found using (number))
    join first using (gram) group by all
)
select number, arg_min(other, (-times, other)), 'ngram', sum(times) / any_value(len(grams))
from shared join asked using (number) group by number
having sum(times) >= $max_overlap * any_value(len(grams));

insert into found
with pair as (
    select distinct number, other
    from (select number, unnest(bands) as band from asked anti join found using (number))
    join (select number as other, unnest(bands) as band from known) using (band)
), compared as (
    select number, other, len(list_filter(
        range(1, $permutations + 1), lambda place: asked.signature[place] = known.signature[place]
    )) / $permutations as score
    from pair join asked using (number) join known on known.number = other
)
select number, arg_min(other, (-score, other)), 'near', max(score)
from compared group by number having max(score) >= $near;

insert into found
with compared as (
    select asked.number, known.number as other, len(list_intersect(asked.stems, known.stems))
        / greatest(1, len(list_distinct(asked.stems || known.stems))) as score
    from asked anti join found using (number) join known using (numbers)
)
select number, arg_min(other, (-score, other)), 'numbers', max(score)
from compared group by number having max(score) >= $same_numbers
"""
"""Fill `found` with a row for each problem that repeats one, by the surest sign.

Of several that are equally alike it is the first.
"""
REPEATS = """
select asked.name, known.name, known.problem, how, score
from found join asked using (number) join known on known.number = other order by found.number
"""


def repeats(
    problems: Iterable[Mapping[str, Any]], benchmarks: Iterable[Benchmark], settings: KeptOutSettings
) -> Iterator[tuple[str, Finding]]:
    """Yield the problems that repeat a benchmark's, in their order; both are read once."""
    with scratch() as con:
        known = (_facts(number, *each, settings) for number, each in enumerate(benchmarks))
        fill(con, "known", TEXTS, ({**row, "problem": text} for row, text in known))
        named = ((row["problem_id"], row["problem"]) for row in problems)
        asked = (_facts(number, *each, settings) for number, each in enumerate(named))
        fill(con, "asked", TEXTS, (row for row, _ in asked))
        _find(con, settings)
        for name, benchmark, problem, how, score in stream(con, REPEATS):
            yield name, Finding(benchmark, problem, how, round(score, 4))


def _facts(number: int, name: str, problem: str, settings: KeptOutSettings) -> tuple[dict[str, Any], str]:
    """Return the row of a text in `known` or `asked`, and the text itself."""
    text = words(problem)
    told, hashes = numbers(problem), signature(text)
    return {
        "number": number,
        "name": name,
        "problem": None,
        "exact": digest(text),
        "masked": digest(masked(text)) if len(text) >= LEAST_WORDS else None,
        "grams": list(ngrams(text, settings.ngram)),
        "bands": [_band(at, hashes) for at in range(0, PERMUTATIONS, BAND)],
        "signature": hashes,
        "numbers": digest(sorted(map(str, told))) if len(told) >= LEAST_NUMBERS else None,
        "stems": sorted(stems(text)),
    }, problem


def _band(at: int, hashes: list[int]) -> int:
    """Return a number of 64 bits that names a band of a MinHash and what it holds."""
    content = b"".join(each.to_bytes(4) for each in (at, *hashes[at : at + BAND]))
    return int.from_bytes(sha256(content).digest()[:8])


def _find(con: duckdb.DuckDBPyConnection, settings: KeptOutSettings) -> None:
    given = settings.model_dump(include={"max_overlap", "near", "same_numbers"})
    run(con, FOUND, permutations=PERMUTATIONS, **given)

"""Benchmarks that are kept out: where their problems are, and what of a text is compared with them."""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pydantic import Field
from rensa import RMinHash

from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.problems import SourceSettings, chosen
from thoughtmill.factory.problems.fields import fields_of
from thoughtmill.factory.problems.sources import UnusableRow, rows_by_split

PERMUTATIONS = 128
SHINGLE = 3
COMMON = frozenset(
    "about after again also before cost costs does each every from have having high long many more most much "
    "must need needs number only other still than that their them then there these they this those total "
    "what when which will with would".split()
)
"""Words of any problem."""


class OverlapSettings(Section):
    """How n-grams of words are compared, with benchmarks and with held-out problems."""

    ngram: int = Field(13, ge=1, description="words in a row that are one n-gram")
    max_overlap: float = Field(
        0.8,
        gt=0,
        le=1,
        description="drop a problem if at least this share of its n-grams is in held-out problems",
    )


class KeptOutSettings(OverlapSettings):
    """How a problem is compared with benchmarks."""

    near: float = Field(
        0.4, gt=0, le=1, description="similarity by MinHash from which a problem repeats a benchmark's"
    )
    same_numbers: float = Field(
        0.25, gt=0, le=1, description="share of words in common that repeats a problem of the same numbers"
    )


class Benchmark(NamedTuple):
    """A problem of a benchmark that is kept out."""

    benchmark: str
    problem: str


class Finding(NamedTuple):
    """The problem of a benchmark that a problem repeats, how that shows, and how similar the two are."""

    benchmark: str
    benchmark_problem: str
    how: str
    score: float


def read(sources: Iterable[SourceSettings], folder: Path) -> Iterator[Benchmark]:
    """Yield the problems of benchmarks: their test splits, unless a source names another.

    A row needs a text only; its answer may be anything.
    """
    for entry in sources:
        try:
            yield from _of_set(entry, folder)
        except ThoughtmillError as error:
            raise ThoughtmillError(f"params.yaml: curate.benchmarks: {error}") from error


def _of_set(entry: SourceSettings, folder: Path) -> Iterator[Benchmark]:
    problem_set = chosen(entry)
    tests = entry.split is None and "test" in {ours for ours, _ in problem_set.splits}
    source = entry.model_copy(update={"split": "test"}) if tests else entry
    for _, rows in rows_by_split(source, problem_set, None, folder):
        for row in islice(rows, source.limit):
            try:
                problem = fields_of(row, problem_set)["problem"]
            except UnusableRow:
                continue
            if isinstance(problem, str) and problem.strip():
                yield Benchmark(source.name or source.set, problem.strip())


def words(problem: str) -> list[str]:
    """Return the words, numbers and signs of arithmetic of a problem in lower case, without punctuation.

    >>> words("Ann has 2.5 kg - Bob's got none!")
    ['ann', 'has', '2.5', 'kg', '-', 'bob', 's', 'got', 'none']
    """
    return re.findall(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[-+*/^=%<>×÷−]", problem.casefold())


def masked(text: list[str]) -> list[str]:
    """Return words with every number as the same sign.

    >>> masked(["2.5", "kg", "and", "3"])
    ['#', 'kg', 'and', '#']
    """
    return ["#" if word[0].isdigit() else word for word in text]


def numbers(problem: str) -> frozenset[Fraction]:
    """Return the numbers of a problem, in figures or in words; small ones have other words (`half`, `both`).

    >>> numbers("Two of 5 pens cost nine dollars.") == {5, 9}
    True
    """
    return frozenset(number.value for number in find(problem) if number.value > 2)


def stems(text: list[str]) -> frozenset[str]:
    """Return the beginnings of the words that say what a problem is about.

    >>> sorted(stems(["each", "baker", "bakes", "48", "rolls"]))
    ['bake', 'roll']
    """
    return frozenset(word[:4] for word in text if len(word) > 3 and word.isalpha() and word not in COMMON)


def ngrams(text: list[str], length: int) -> set[int]:
    """Return the digests of every `length` words in a row; a shorter text is one n-gram.

    >>> len(ngrams(["one", "two", "three", "four"], 3)), len(ngrams(["one", "two"], 3))
    (2, 1)
    """
    return {digest(text[i : i + length]) for i in range(max(1, len(text) - length + 1))}


def signature(text: list[str]) -> list[int]:
    """Return the MinHash of a text's shingles; as many of two are equal as the texts are alike."""
    found = RMinHash(num_perm=PERMUTATIONS, seed=1)
    found.update([" ".join(text[i : i + SHINGLE]) for i in range(max(1, len(text) - SHINGLE + 1))])
    digest: list[int] = found.digest()
    return digest


def digest(text: list[str]) -> int:
    """Return a number of 64 bits that names a list of words."""
    return int.from_bytes(sha256(" ".join(text).encode()).digest()[:8])

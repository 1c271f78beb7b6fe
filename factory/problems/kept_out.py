"""Benchmarks that are kept out: which problems repeat one, and how that shows.

Five signs are looked for, the surest first: the same words (`exact`), the same words with other numbers
(`masked`), most n-grams of words (`ngram`), most shingles of three words by MinHash (`near`), and the same
numbers with many of the same words in any order (`numbers`), as in a problem that a model rephrased.

>>> benchmark = Benchmark("b", "Ann has 4 pens and buys 3 more pens today. How many has she?")
>>> found = KeptOut([benchmark], KeptOutSettings())
>>> found.find("ann has 4 pens, and buys 3 more pens today! How many has she?").how
'exact'
>>> found.find("Ann has 9 pens and buys 2 more pens today. How many has she?").how
'masked'
>>> found.find("A train leaves at noon.")
"""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pydantic import Field
from rensa import RMinHash, RMinHashLSH

from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.problems import SourceSettings, chosen
from thoughtmill.factory.problems.fields import fields_of
from thoughtmill.factory.problems.sources import UnusableRow, rows_by_split

PERMUTATIONS = 128
BANDS = 32
SHINGLE = 3
LEAST_WORDS = 8
"""Shorter texts are alike by chance, once their numbers are masked."""
LEAST_NUMBERS = 2
"""Problems with fewer different numbers have them in common by chance."""
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


class KeptOut:
    """The problems of benchmarks, ready to be found again; a few kB each."""

    def __init__(self, benchmarks: Iterable[Benchmark], settings: KeptOutSettings) -> None:
        self.settings = settings
        self.problems: list[Benchmark] = []
        self.exact: dict[bytes, int] = {}
        self.masked: dict[bytes, int] = {}
        self.grams: dict[bytes, int] = {}
        self.sketches: list[RMinHash] = []
        self.by_numbers: dict[frozenset[Fraction], list[tuple[int, frozenset[str]]]] = {}
        self.near = RMinHashLSH(threshold=settings.near, num_perm=PERMUTATIONS, num_bands=BANDS)
        for number, each in enumerate(benchmarks):
            text = words(each.problem)
            self.problems.append(each)
            self.exact.setdefault(digest(text), number)
            self.masked.setdefault(digest(masked(text)), number)
            for gram in ngrams(each.problem, settings.ngram):
                self.grams.setdefault(gram, number)
            self.sketches.append(sketch(text))
            self.near.insert(number, self.sketches[-1])
            self.by_numbers.setdefault(numbers(each.problem), []).append((number, stems(text)))

    def find(self, problem: str) -> Finding | None:
        """Return the benchmark's problem that a problem repeats, by the surest sign."""
        text = words(problem)
        if (number := self.exact.get(digest(text))) is not None:
            return self._finding(number, "exact", 1.0)
        if len(text) >= LEAST_WORDS and (number := self.masked.get(digest(masked(text)))) is not None:
            return self._finding(number, "masked", 1.0)
        grams = ngrams(problem, self.settings.ngram)
        shared = [self.grams[gram] for gram in grams if gram in self.grams]
        if shared and len(shared) >= self.settings.max_overlap * len(grams):
            return self._finding(max(set(shared), key=shared.count), "ngram", len(shared) / len(grams))
        mine = sketch(text)
        scores = [(mine.jaccard(self.sketches[number]), -number) for number in self.near.query(mine)]
        score, number = max(scores, default=(0.0, 0))
        if score >= self.settings.near:
            return self._finding(-number, "near", score)
        return self._of_numbers(problem, stems(text))

    def _of_numbers(self, problem: str, mine: frozenset[str]) -> Finding | None:
        """Return the problem with the same numbers that has the most words in common, if they are enough."""
        told = numbers(problem)
        if len(told) < LEAST_NUMBERS:
            return None
        scores = [
            (len(mine & theirs) / max(1, len(mine | theirs)), -number)
            for number, theirs in self.by_numbers.get(told, ())
        ]
        score, number = max(scores, default=(0.0, 0))
        return self._finding(-number, "numbers", score) if score >= self.settings.same_numbers else None

    def _finding(self, number: int, how: str, score: float) -> Finding:
        return Finding(*self.problems[number], how, round(score, 4))


def read(sources: Iterable[SourceSettings], folder: Path) -> Iterator[Benchmark]:
    """Yield the problems of benchmarks: their test splits, unless a source names another.

    A row needs a text only; its answer may be anything.
    """
    for entry in sources:
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


def ngrams(problem: str, length: int) -> set[bytes]:
    """Return the digests of every `length` words in a row; a shorter problem is one n-gram.

    >>> len(ngrams("one two three four", 3)), len(ngrams("one two", 3))
    (2, 1)
    """
    text = words(problem)
    return {digest(text[i : i + length]) for i in range(max(1, len(text) - length + 1))}


def sketch(text: list[str]) -> RMinHash:
    """Return the MinHash of a text's shingles."""
    found = RMinHash(num_perm=PERMUTATIONS, seed=1)
    found.update([" ".join(text[i : i + SHINGLE]) for i in range(max(1, len(text) - SHINGLE + 1))])
    return found


def digest(text: list[str]) -> bytes:
    """Return eight bytes that name a list of words."""
    return sha256(" ".join(text).encode()).digest()[:8]

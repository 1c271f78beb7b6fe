"""The index of words: which problems and which records have a word in their texts.

A word is a run of letters and digits, in lower case. A problem has those of its text, answer and name; a
record has those of its completion, reasoning, rationale and answer. A record is found by a word that it or
its problem has. The words are sorted, so that a chunk holds all that begin alike.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow
import pyarrow.compute as pc

from thoughtmill.factory.pages.explorer.packing import Whole, as_json, gaps, varints

LONGEST = 40
"""Characters of a word that count; longer runs are cut into several."""

CHUNK = 300_000
"""Bytes of postings that share a file, at least."""

MOST_FILES = 1_000
"""Files of the index at most, if a word in a text takes a byte; it takes little more."""

HELD = 500_000
"""Words that are held in memory before they go into the database."""

TEXTS = (
    "select problem_no as number, concat_ws(' ', p.problem, p.answer, p.problem_id) as text"
    " from numbered_problems n join problems p using (problem_id)",
    "select record_no as number, concat_ws(' ', c.completion, c.reasoning, r.rationale, r.predicted_answer)"
    " as text from numbered_records n join records r using (record_id)"
    " join completions c on c.completion_id = r.completion_id",
)
"""The texts whose words are found: those of problems, those of records."""

_WORD = re.compile(rf"[^\W_]{{1,{LONGEST}}}")


def words_of(texts: Iterable[str | None]) -> set[str]:
    """Return the words of texts.

    >>> sorted(words_of(["Ann's 12 MARBLES_x", None]))
    ['12', 'ann', 'marbles', 's', 'x']
    """
    return {word for text in texts if text for word in _WORD.findall(text.lower())}


class Posting(NamedTuple):
    """A word, the problems and the records that have it."""

    word: str
    problems: Whole
    records: Whole


class WordIndex:
    """The places of words, in a temporary table; even places are problems, odd places are records."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.words: list[str] = []
        self.places: list[int] = []
        con.execute("create or replace temp table tokens(word varchar, place bigint)")

    def add_problem(self, number: int, *texts: str | None) -> None:
        """Note the words of a problem."""
        self._add(2 * number, texts)

    def add_record(self, number: int, *texts: str | None) -> None:
        """Note the words of a record."""
        self._add(2 * number + 1, texts)

    def _add(self, place: int, texts: tuple[str | None, ...]) -> None:
        found = words_of(texts)
        self.words.extend(found)
        self.places.extend([place] * len(found))
        if len(self.words) > HELD:
            self._flush()

    def _flush(self) -> None:
        self.con.register("found_words", pyarrow.table({"word": self.words, "place": self.places}))
        self.con.execute("insert into tokens select word::varchar, place::bigint from found_words")
        self.con.unregister("found_words")
        self.words, self.places = [], []

    def chunks(self) -> Iterator[tuple[str, bytes]]:
        """Yield the first word and the bytes of each chunk, in the order of words and in flat memory."""
        self._flush()
        ((tokens,),) = self.con.execute("select count(*) from tokens").fetchall()
        held: list[tuple[str, bytes, bytes]] = []
        size, most = 0, max(CHUNK, tokens // MOST_FILES)
        for found in self.postings():
            held.append((found.word, varints(gaps(found.problems)), varints(gaps(found.records))))
            size += len(held[-1][1]) + len(held[-1][2])
            if size > most:
                yield held[0][0], packed(held)
                held, size = [], 0
        if held:
            yield held[0][0], packed(held)
        self.con.execute("drop table tokens")

    def postings(self) -> Iterator[Posting]:
        """Yield every word with its places, in the order of words."""
        self._flush()
        word: str | None = None
        places: list[Whole] = []
        found = self.con.sql("select word, place from tokens order by word, place")
        for batch in found.to_arrow_reader(100_000):
            words, numbers = batch.column(0), batch.column(1).to_numpy().astype(np.int64)
            changed = pc.not_equal(words.slice(1), words.slice(0, len(words) - 1))
            starts = np.flatnonzero(changed.to_numpy(zero_copy_only=False)) + 1
            for start, end in pairwise([0, *starts.tolist(), len(words)]):
                if word is not None and words[start].as_py() != word:
                    yield _posting(word, places)
                    places = []
                word = words[start].as_py()
                places.append(numbers[start:end])
        if word is not None:
            yield _posting(word, places)


def look(con: duckdb.DuckDBPyConnection, word: str) -> bytes:
    """Return where a word is, or any that begins so if it ends in `*`, read from the texts themselves."""
    begun = word.removesuffix("*")

    def fits(each: str) -> bool:
        return each.startswith(begun) if word.endswith("*") else each == begun

    found: list[Whole] = []
    for query in TEXTS:
        rows = con.execute(
            f"select number, text from ({query}) where not $ascii or contains(lower(text), $word)"
            " order by number",
            {"ascii": begun.isascii(), "word": begun},
        )
        numbers = []
        while batch := rows.fetchmany(10_000):
            numbers += [number for number, text in batch if any(map(fits, words_of([text])))]
        found.append(np.array(numbers, np.int64))
    problems, records = (varints(gaps(numbers)) for numbers in found)
    return packed([(word, problems, records)])


def packed(held: list[tuple[str, bytes, bytes]]) -> bytes:
    """Return words with their postings: the length of the heading, the heading in JSON, all postings."""
    heading = as_json([[word, len(problems), len(records)] for word, problems, records in held])
    body = b"".join(part for _, problems, records in held for part in (problems, records))
    return len(heading).to_bytes(4, "little") + heading + body


def _posting(word: str, places: list[Whole]) -> Posting:
    every = np.concatenate(places)
    of_records = every % 2 == 1
    return Posting(word, every[~of_records] // 2, every[of_records] // 2)

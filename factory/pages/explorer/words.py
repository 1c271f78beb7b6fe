"""The index of words: which problems and which records have a word in their texts.

A word is a run of letters and digits, in lower case. A problem has those of its text, answer and name; a
record has those of its completion, reasoning, rationale and answer. A record is found by a word that it or
its problem has. The words are sorted, so that a chunk holds all that begin alike.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow.compute as pc

from thoughtmill.factory.pages.explorer.packing import Whole, as_json, gaps, varints

LONGEST = 40
"""Characters of a word that count; longer runs are cut into several."""

CHUNK = 300_000
"""Bytes of postings that share a file."""

WORD = rf"[\pL\pN]{{1,{LONGEST}}}"

TEXTS = (
    "select problem_no as number, concat_ws(' ', p.problem, p.answer, p.problem_id) as text"
    " from numbered_problems n join problems p using (problem_id)",
    "select record_no as number, concat_ws(' ', c.completion, c.reasoning,"
    " if(r.rationale is distinct from c.completion, r.rationale, null), r.predicted_answer) as text"
    " from numbered_records n join records r using (record_id)"
    " join completions c on c.completion_id = r.completion_id",
)
"""The texts whose words are found: those of problems, those of records."""

TOKENS = "create or replace temp table tokens as " + " union all ".join(
    f"select unnest(list_distinct(regexp_extract_all(lower(text), '{WORD}'))) as word,"
    f" number * 2 + {odd} as place"
    f" from ({query})"
    for odd, query in enumerate(TEXTS)
)
"""Even places are problems, odd places are records."""


class Posting(NamedTuple):
    """A word, the problems and the records that have it."""

    word: str
    problems: Whole
    records: Whole


def chunks(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, bytes]]:
    """Yield the first word and the bytes of each chunk, in the order of words and in flat memory."""
    con.execute(TOKENS)
    held: list[tuple[str, bytes, bytes]] = []
    size = 0
    for found in postings(con):
        held.append((found.word, varints(gaps(found.problems)), varints(gaps(found.records))))
        size += len(held[-1][1]) + len(held[-1][2])
        if size > CHUNK:
            yield held[0][0], packed(held)
            held, size = [], 0
    if held:
        yield held[0][0], packed(held)
    con.execute("drop table tokens")


def look(con: duckdb.DuckDBPyConnection, word: str) -> bytes:
    """Return where a word is, or any that begins so if it ends in `*`, read from the texts themselves."""
    begun = word.removesuffix("*")
    fits = "starts_with(each, $word)" if word.endswith("*") else "each = $word"
    found = [
        con.execute(
            f"select number from ({query}) where contains(lower(text), $word) and len(list_filter("
            f"regexp_extract_all(lower(text), '{WORD}'), lambda each: {fits})) > 0 order by number",
            {"word": begun},
        ).fetchnumpy()["number"]
        for query in TEXTS
    ]
    problems, records = (varints(gaps(np.asarray(numbers).astype(np.int64))) for numbers in found)
    return packed([(word, problems, records)])


def packed(held: list[tuple[str, bytes, bytes]]) -> bytes:
    """Return words with their postings: the length of the heading, the heading in JSON, all postings."""
    heading = as_json([[word, len(problems), len(records)] for word, problems, records in held])
    body = b"".join(part for _, problems, records in held for part in (problems, records))
    return len(heading).to_bytes(4, "little") + heading + body


def postings(con: duckdb.DuckDBPyConnection) -> Iterator[Posting]:
    """Yield every word with its places, in the order of words."""
    word: str | None = None
    places: list[Whole] = []
    for batch in con.sql("select word, place from tokens order by word, place").to_arrow_reader(100_000):
        words, numbers = batch.column(0), batch.column(1).to_numpy().astype(np.int64)
        changes = (
            np.flatnonzero(
                pc.not_equal(words.slice(1), words.slice(0, len(words) - 1)).to_numpy(zero_copy_only=False)
            )
            + 1
        )
        starts = [0, *changes.tolist(), len(words)]
        for start, end in pairwise(starts):
            if word is not None and words[start].as_py() != word:
                yield _posting(word, places)
                places = []
            word = words[start].as_py()
            places.append(numbers[start:end])
    if word is not None:
        yield _posting(word, places)


def _posting(word: str, places: list[Whole]) -> Posting:
    every = np.concatenate(places)
    of_records = every % 2 == 1
    return Posting(word, every[~of_records] // 2, every[of_records] // 2)

"""Derive `lengths`: how long a rationale is, whoever wrote it and whatever an endpoint counted.

Tokens are the words, digits, signs and line ends of a text: this needs no model and never changes.
"""

from collections.abc import Iterator
from pathlib import Path

from thoughtmill.factory.core import tables
from thoughtmill.factory.core.parquet import GROUP_ROWS
from thoughtmill.factory.core.partitions import parts

TOKEN = r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]|\n+"

QUERY = f"""
select
    record_id,
    length(rationale) as characters,
    len(regexp_extract_all(rationale, '\\S[^\\n]*')) as lines,
    len(regexp_extract_all(rationale, '{TOKEN}')) as tokens
from read_parquet(?)
where rationale is not null
order by record_id
"""


def lengths(records: Path) -> Iterator[tables.Row]:
    """Yield a row for every record that has a rationale, from the table `records`, in flat memory."""
    with tables.connect() as con:
        for batch in con.sql(QUERY, params=[[str(part) for part in parts(records)]]).to_arrow_reader(
            GROUP_ROWS
        ):
            yield from batch.to_pylist()

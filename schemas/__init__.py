"""The tables of the corpus: one table = one module = one pandera model = one Hub config.

A column is declared once, here, with its description; the Parquet schema, the comments in DuckDB, the
dataset card and README's tables derive from it. This package imports nothing else of Thoughtmill.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pandera.pandas as pa
import pyarrow

from thoughtmill.schemas.attempts import Attempts
from thoughtmill.schemas.checks import Checks
from thoughtmill.schemas.completions import Completions
from thoughtmill.schemas.contamination import Contamination
from thoughtmill.schemas.duplicates import Duplicates
from thoughtmill.schemas.features import Features
from thoughtmill.schemas.growths import Growths
from thoughtmill.schemas.lengths import Lengths
from thoughtmill.schemas.policy_results import PolicyResults
from thoughtmill.schemas.predictions import Predictions
from thoughtmill.schemas.problems import Problems
from thoughtmill.schemas.prompts import Prompts
from thoughtmill.schemas.records import Records
from thoughtmill.schemas.refused import Refused
from thoughtmill.schemas.released import Released
from thoughtmill.schemas.samplings import Samplings
from thoughtmill.schemas.sources import Sources
from thoughtmill.schemas.timings import Timings

Table = type[pa.DataFrameModel]

TABLES: dict[str, Table] = {
    "problems": Problems,
    "completions": Completions,
    "records": Records,
    "checks": Checks,
    "refused": Refused,
    "sources": Sources,
    "growths": Growths,
    "contamination": Contamination,
}

DERIVED_TABLES: dict[str, Table] = {
    "prompts": Prompts,
    "samplings": Samplings,
    "duplicates": Duplicates,
    "features": Features,
    "lengths": Lengths,
}
"""What `tabulate` derives from the tables, prompts and parameters; so no part of the data version."""

LOCAL_TABLES: dict[str, Table] = {
    "attempts": Attempts,
    "timings": Timings,
}
"""What only the machine that built a corpus knows; in `corpus.duckdb`, and in no file that is shared."""

RUN_TABLES: dict[str, Table] = {
    "predictions": Predictions,
    "policy_results": PolicyResults,
}
"""What runs of inference leave behind; no part of the corpus, so no part of its data version."""

KEYED: dict[str, str] = {
    "problems": "problem_id",
    "completions": "completion_id",
    "records": "record_id",
    "prompts": "prompt_sha",
    "features": "problem_id",
    "lengths": "record_id",
    "contamination": "problem_id",
    "attempts": "request_key",
}
"""The tables with an id of one column, which other tables refer to."""

REFERENCES: dict[str, dict[str, str]] = {
    "completions": {"problem_id": "problems", "prompt_sha": "prompts"},
    "records": {"problem_id": "problems", "completion_id": "completions"},
    "checks": {"record_id": "records"},
    "growths": {"parent_id": "problems", "problem_id": "problems"},
    "contamination": {"problem_id": "problems"},
    "duplicates": {"problem_id": "problems", "original_problem_id": "problems"},
    "features": {"problem_id": "problems"},
    "lengths": {"record_id": "records"},
}
"""The foreign keys: by table and column, the table whose rows are referred to by their id."""


__all__ = [
    "DERIVED_TABLES",
    "KEYED",
    "LOCAL_TABLES",
    "REFERENCES",
    "RUN_TABLES",
    "TABLES",
    "Attempts",
    "Checks",
    "Column",
    "Completions",
    "Contamination",
    "Duplicates",
    "Features",
    "Growths",
    "Lengths",
    "PolicyResults",
    "Predictions",
    "Problems",
    "Prompts",
    "Records",
    "Refused",
    "Released",
    "Samplings",
    "Sources",
    "Table",
    "Timings",
    "arrow_schema",
    "columns",
    "grain",
    "primary_key",
    "table_name",
]


class Column(NamedTuple):
    """What a schema says of one column."""

    name: str
    type: pyarrow.DataType
    nullable: bool
    description: str


def columns(table: Table) -> Iterator[Column]:
    """Yield the columns of a table in their order.

    >>> next(columns(Problems)).name
    'problem_id'
    """
    for name, column in table.to_schema().columns.items():
        arrow = column.dtype.type.pyarrow_dtype
        yield Column(name, arrow, bool(column.nullable), str(column.description))


def arrow_schema(table: Table) -> pyarrow.Schema:
    """Return the Arrow schema of a table, which is also its Parquet schema."""
    return pyarrow.schema([pyarrow.field(c.name, c.type, nullable=c.nullable) for c in columns(table)])


def primary_key(table: Table) -> tuple[str, ...]:
    """Return the names of the columns that tell a table's rows apart, in the order rows are sorted by.

    >>> primary_key(Checks)
    ('record_id', 'check')
    """
    return tuple(table.to_schema().unique or ())


def table_name(table: Table) -> str:
    """Return the name a table goes by in files, SQL and on the Hub.

    >>> table_name(Records)
    'records'
    """
    return str(table.to_schema().name)


def grain(table: Table) -> str:
    """Return what one row of a table is: the first line of its docstring.

    >>> grain(Problems)
    'One row per problem: a question and its gold answer.'
    """
    return (table.__doc__ or "").strip().splitlines()[0]

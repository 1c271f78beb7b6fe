"""The columns that people filter by: codes, numbers, and the checks that a record failed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import duckdb
import numpy as np

from thoughtmill.factory.core import corpus
from thoughtmill.factory.pages import meanings, yields
from thoughtmill.factory.pages.explorer import numbering
from thoughtmill.factory.pages.queries import Row, rows
from thoughtmill.schemas.fields import DROP_REASONS, SPLITS

MAX_VALUES = 65_536
"""A column of more distinct values is a text, which words find."""

BITS = 32
"""Checks whose failures share a number."""


class Facet(NamedTuple):
    """A column of few values: where it is, its heading, and its values with their meanings in their order."""

    name: str
    title: str
    table: str
    meanings: Mapping[str, str] = {}


class Amount(NamedTuple):
    """A column of numbers of records, with its unit."""

    name: str
    title: str
    unit: str


FACETS = (
    Facet("thought", "Thought", "records"),
    Facet("outcome", "Outcome", "records", yields.MEANINGS),
    Facet(
        "fate", "Kept or why not", "records", {"kept": "it is in the released training set"} | DROP_REASONS
    ),
    Facet("split", "Split", "problems", SPLITS),
    Facet("agreement", "Agreement", "problems", numbering.MEANINGS["agreement"]),
    Facet("gold", "Gold answer", "problems", numbering.MEANINGS["gold"]),
    Facet("growth", "Growth", "problems"),
    Facet("source", "Source", "problems"),
    Facet("level", "Level", "problems"),
    Facet("subject", "Subject", "problems"),
    Facet("teacher", "Teacher", "records"),
)

AMOUNTS = (
    Amount("cost_usd", "Cost", "USD"),
    Amount("completion_tokens", "Tokens", "tokens"),
    Amount("latency_s", "Time", "s"),
    Amount("characters", "Length", "characters"),
)

NONE = {"growth": "(original)"}
"""How a missing value is shown; `(none)` in other columns."""


class Columns:
    """The columns of a numbered corpus, as arrays of bytes in the order of their numbers."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.checks = [
            str(row["check"]) for row in rows(con, 'select distinct "check" from checks order by all')
        ]
        self.values = {facet.name: self._values(facet) for facet in FACETS}
        self.amounts = [amount for amount in AMOUNTS if self._bounds(amount)["high"] is not None]
        self.facets = [facet for facet in FACETS if len(self.values[facet.name]) <= MAX_VALUES]

    def meta(self) -> dict[str, Any]:
        """Return what the page says of the columns before any is loaded: values, meanings and counts."""
        return {
            "facets": [
                {
                    "name": f.name,
                    "title": f.title,
                    "of": f.table,
                    "width": self._width(f),
                    "values": self.values[f.name],
                }
                for f in self.facets
            ],
            "amounts": [amount._asdict() | self._bounds(amount) for amount in self.amounts],
            "checks": self._failed(),
        }

    def names(self) -> list[str]:
        """Return the name of every column; where all have the same value there is none."""
        named = [facet.name for facet in self.facets if len(self.values[facet.name]) > 1]
        named += [amount.name for amount in self.amounts]
        failures = [f"failed-{group}" for group in range(-(-len(self.checks) // BITS))]
        return ["records", "verified", "parents", *named, *failures]

    def column(self, name: str) -> bytes:
        """Return a column; `records` says how many a problem has, and `parents` is -1 where there is none."""
        if name == "records":
            return self._array("select records as x from numbered_problems order by problem_no", "<u4")
        if name == "verified":
            return self._array(
                "select verified::utinyint as x from numbered_records order by record_no", "u1"
            )
        if name == "parents":
            return self._array(
                "select coalesce(parent.problem_no, -1) as x"
                " from numbered_problems p left join numbered_problems parent"
                " on p.parent_id = parent.problem_id order by p.problem_no",
                "<i4",
            )
        if name.startswith("failed-"):
            return self._failures(int(name.removeprefix("failed-")))
        facet = next((facet for facet in self.facets if facet.name == name), None)
        if facet is None:
            query = (
                f"select coalesce(\"{name}\", 'nan'::double) as x from numbered_records order by record_no"
            )
            return self._array(query, "<f4")
        return self._codes(facet)

    def _codes(self, facet: Facet) -> bytes:
        known = [value["value"] for value in self.values[facet.name]]
        self.con.execute(
            "create or replace temp table coded as select unnest($1) as value, unnest($2) as code",
            [known, list(range(len(known)))],
        )
        key = "record_no" if facet.table == "records" else "problem_no"
        return self._array(
            f"select code as x from numbered_{facet.table} t join coded"
            f' on coded.value is not distinct from t."{facet.name}" order by t.{key}',
            "u1" if self._width(facet) == 1 else "<u2",
        )

    def _failures(self, group: int) -> bytes:
        names = self.checks[group * BITS : (group + 1) * BITS]
        bits = " | ".join(
            f'if(bool_or("check" = {corpus.quoted(n)}), {1 << place}, 0)' for place, n in enumerate(names)
        )
        return self._array(
            f"with found as (select record_id, ({bits})::bigint as bits from checks"
            f" where passed = false group by record_id)"
            " select coalesce(bits, 0) as x from numbered_records left join found using (record_id)"
            " order by record_no",
            "<u4",
        )

    def _array(self, query: str, form: str) -> bytes:
        return bytes(np.asarray(self.con.execute(query).fetchnumpy()["x"]).astype(form).tobytes())

    def _values(self, facet: Facet) -> list[Row]:
        found = rows(
            self.con,
            f'select "{facet.name}" as value, count(record_id) as records,'
            " count(record_id) filter (verified) as verified from numbered group by all order by all",
        )
        order = list(facet.meanings)
        found.sort(key=lambda row: order.index(row["value"]) if row["value"] in order else len(order))
        for row in found:
            row["label"] = NONE.get(facet.name, "(none)") if row["value"] is None else row["value"]
            row["meaning"] = facet.meanings.get(row["value"], "")
        return found

    def _width(self, facet: Facet) -> int:
        return 1 if len(self.values[facet.name]) <= 256 else 2

    def _bounds(self, amount: Amount) -> Row:
        (found,) = rows(
            self.con,
            f'select min("{amount.name}") as low, max("{amount.name}") as high from numbered_records',
        )
        return found

    def _failed(self) -> list[Row]:
        found = rows(
            self.con,
            'select "check" as value, count(*) filter (passed = false) as records,'
            " count(*) filter (passed = false and verified) as verified"
            " from checks join numbered_records using (record_id) group by all order by all",
        )
        for row in found:
            row["meaning"] = meanings.meaning(row["value"])
        return found

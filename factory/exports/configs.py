"""The configs of a release that people learn from: one per export and thought, written slice by slice."""

from collections.abc import Collection, Sequence
from contextlib import ExitStack, closing, nullcontext
from itertools import product
from pathlib import Path

import duckdb
import pyarrow

from thoughtmill.factory.core import tables
from thoughtmill.factory.core.parquet import GROUP_ROWS
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.slices import Slice, opened, slices, sources
from thoughtmill.factory.exports import EXPORTS, FILES, chosen, exported
from thoughtmill.factory.exports.writing import writer
from thoughtmill.schemas import Released

ROWS = 100_000
"""Records of a slice, or a few more."""

RELEASED = """
select r.record_id, r.problem_id, r.sample, p.source, r.split, p.problem, p.answer, p.answer_kind,
    r.rationale, w.reasoning, r.predicted_answer, r.predicted_kind,
    case when v.verified then 'gold' when v.outcome = 'agreed' then 'agreement' end as verified_by,
    c.passed as agreed,
    pure.passed as pure, p.license
from records r
join problems p using (problem_id)
join completions w on w.completion_id = r.completion_id
join verdicts v on v.record_id = r.record_id
left join checks c on c.record_id = r.record_id and c.check = 'agreement'
left join checks pure on pure.record_id = r.record_id and pure.check = 'pure'
where r.thought = $thought and split_part(r.split, '_', 1) = $file and (r.kept or r.drop_reason = 'held_out')
    and r.{chosen}
order by r.record_id
"""


def released(
    con: duckdb.DuckDBPyConnection, thought: str, file: str, where: str = "true"
) -> pyarrow.RecordBatchReader:
    """Return the rows of one Parquet file of a thought's config: those that meet the SQL condition `where`.

    `train` holds the kept records; `validation` and `test` hold good records of held-out problems.
    """
    sql = RELEASED.replace("r.{chosen}", chosen(where).replace("record_id in", "r.record_id in", 1))
    return con.sql(sql, params={"thought": thought, "file": file}).to_arrow_reader(GROUP_ROWS)


def write_configs(
    con: duckdb.DuckDBPyConnection,
    release: Path,
    thoughts: tuple[str, ...],
    every: Collection[str],
    exports: Sequence[str],
    where: str,
) -> None:
    """Write the configs of `every` thought and of exports into a release, whose tables are there.

    A corpus of several slices is written slice by slice, into all files at once. An export without
    `PER_PROBLEM`, and a condition, may look at the whole corpus, and get it.
    """
    parts = slices(con, ROWS) if where == "true" else []
    sliced = [name for name in exports if getattr(EXPORTS.named(name), "PER_PROBLEM", False)] + [*every]
    sliced = sliced if len(parts) > 1 else []
    steps: list[tuple[Slice | None, Sequence[str]]] = [
        (None, [name]) for name in (*exports, *every) if name not in sliced
    ]
    steps += [(part, sliced) for part in parts if sliced]
    read = sources(release / "tables", thoughts) if sliced else []
    with ExitStack() as files:
        add = {
            (name, file): files.enter_context(
                tables.batch_writer(path, Released) if name in every else writer(path, "parquet")
            )
            for name, file in product((*exports, *every), FILES)
            for path in [release / name / f"{file}.parquet"]
        }
        for part, names in track(steps, "release"):
            with nullcontext(con) if part is None else closing(opened(read, part)) as held:
                for name, file in product(names, FILES):
                    rows = (released if name in every else exported)(held, name, file, where=where)
                    for batch in rows:
                        add[name, file](batch)

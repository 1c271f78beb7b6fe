"""The registry of exports: released records in the forms that trainers read.

To add an export, write a module like `Export` and its name in `EXPORTS`, or an entry point of the group
`thoughtmill.exports` in your package. `thoughtmill export` writes it to a file, and `release.exports`
makes it a config of the release.
"""

from collections.abc import Mapping
from typing import Protocol

import duckdb
import pyarrow

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.parquet import GROUP_ROWS
from thoughtmill.factory.core.registry import Registry

FILES = ("train", "validation", "test")
"""The files of a config; `test` holds every test split."""

ASKS = {
    "knowledge": "Write the general rules that the problem needs.",
    "cot": "Solve the problem step by step. End with `#### ` and the answer.",
    "long_cot": "Think about the problem, then answer. End with `#### ` and the answer.",
    "pot": "Write a Python program that computes `ans`, the answer.",
    "eot": "Write a system of equations that determines `ans`, the answer.",
    "equation_only": "Solve the problem with calculations only. End with `#### ` and the answer.",
    "socratic": "Solve the problem by questions and answers. End with `#### ` and the answer.",
}
"""What a student is asked for a thought; the name of another package's thought is put into a sentence."""


class Export(Protocol):
    """A module that says which rows and columns a trainer reads."""

    FORMS: Mapping[str, str]
    """A query per form, by the form's name; the first is the default, and the form of the release.

    It may name all tables and views of the corpus, and these, which hold the records of one file with
    `problem`, `answer`, `prompt` (the problem and what is asked), `content` (the text to learn) and
    `reasoning` (the thinking before it): `examples` are released and have an answer, `refuted` have a wrong
    answer or none, and `every` are all.

    A module may say `PER_PROBLEM = True`: each row depends on one problem alone, and the rows are in the
    order of their problems or records. A large corpus then takes less time.
    """


EXPORTS: Registry[Export] = Registry(
    "export",
    "thoughtmill.exports",
    {name: f"thoughtmill.factory.exports.{name}" for name in ("sft", "preferences", "kto", "rl")},
)

# A file of the release holds the kept records of train, or the good records of held-out problems.
EXAMPLES = """
with every as (
    select r.*, p.problem, p.answer, p.answer_kind, p.license, c.reasoning,
        if(r.correct, 'gold', 'agreement') as verified_by,
        split_part(r.split, '_', 1) as file,
        p.problem || chr(10) || chr(10)
            || coalesce(ask, 'Write the ' || replace(r.thought, '_', ' ') || ' of the problem.') as prompt,
        case r.thought when 'long_cot' then c.completion else r.rationale end as content
    from records r
    join problems p using (problem_id)
    join completions c using (completion_id)
    left join (select unnest($thoughts) as thought, unnest($asks) as ask) asks on asks.thought = r.thought
    where split_part(r.split, '_', 1) = $file
),
examples as (
    select * from every
    where (kept or drop_reason = 'held_out') and predicted_answer is not null and {chosen}
),
refuted as (
    select * from every
    where content is not null and (failure is not null or correct is false)
)
"""


def chosen(where: str) -> str:
    """Return the SQL that is true of records for which a condition holds.

    Like `finetune.where`, the condition may name the columns of `records` and all tables and views.
    """
    if where == "true":
        return where
    records = "select r.*, p.problem from records r join problems p using (problem_id)"
    return f"record_id in (select r.record_id from ({records}) r where ({where}))"


def check_condition(con: duckdb.DuckDBPyConnection, where: str, key: str) -> None:
    """Raise a `ThoughtmillError` that names the key of a condition that is not SQL over this corpus."""
    try:
        con.execute(f"select count(*) from records where {chosen(where)}").fetchall()
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        raise ThoughtmillError(f"{key}: {' '.join(where.split())}: {said}") from error


def exported(
    con: duckdb.DuckDBPyConnection,
    export: str,
    file: str,
    form: str | None = None,
    registry: Registry[Export] = EXPORTS,
    where: str = "true",
) -> pyarrow.RecordBatchReader:
    """Return the rows of an export as Arrow batches; `file` is `train`, `validation` or `test`.

    `where` is an SQL condition that its `examples` meet beside being released; `check_condition` refuses one
    that is not SQL. An unknown export or form raises a `ThoughtmillError` that lists the known ones.
    """
    forms = registry.named(export).FORMS
    form = form or next(iter(forms))
    if form not in forms:
        raise ThoughtmillError(f"the export `{export}` has no form `{form}`; there are: {', '.join(forms)}")
    given = {"thoughts": list(ASKS), "asks": list(ASKS.values()), "file": file}
    sql = f"{EXAMPLES}\n{forms[form]}".replace("{chosen}", chosen(where))
    rows = con.sql(sql, params=given)
    return rows.to_arrow_reader(GROUP_ROWS)

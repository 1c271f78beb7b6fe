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
from thoughtmill.factory.core.registry import Registry
from thoughtmill.factory.core.tables import GROUP_ROWS

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
    where (kept or drop_reason = 'held_out') and predicted_answer is not null
),
refuted as (
    select * from every
    where content is not null and (failure is not null or correct is false)
)
"""


def exported(
    con: duckdb.DuckDBPyConnection,
    export: str,
    file: str,
    form: str | None = None,
    registry: Registry[Export] = EXPORTS,
) -> pyarrow.RecordBatchReader:
    """Return the rows of an export as Arrow batches; `file` is `train`, `validation` or `test`.

    An unknown export or form raises a `ThoughtmillError` that lists the known ones.
    """
    forms = registry.named(export).FORMS
    form = form or next(iter(forms))
    if form not in forms:
        raise ThoughtmillError(f"the export `{export}` has no form `{form}`; there are: {', '.join(forms)}")
    given = {"thoughts": list(ASKS), "asks": list(ASKS.values()), "file": file}
    rows = con.sql(f"{EXAMPLES}\n{forms[form]}", params=given)
    return rows.to_arrow_reader(GROUP_ROWS)

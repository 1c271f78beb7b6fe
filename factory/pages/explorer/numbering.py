"""Number problems and records from 0 in the order of their keys, so that every column is an array.

The records of a problem have consecutive numbers; a problem without any has a number for an empty record.
The tables are temporary:

- `numbered_problems`: `problem_no`, `records` (how many), `size` (bytes of its texts), and all that a problem
  can be filtered by;
- `numbered_records`: `record_no`, `problem_no`, and all that a record can be filtered by;
- `numbered`: both, joined.
"""

import duckdb

PROBLEMS = """
create or replace temp table numbered_problems as
with grouped as (
    select problem_id, count(*) as records, any_value(r.split) as split,
        sum(strlen(concat(c.completion, c.reasoning, r.rationale))) as size
    from records r join completions c using (completion_id, problem_id) group by problem_id
)
select
    (row_number() over (order by p.problem_id) - 1)::integer as problem_no,
    p.problem_id, p.source, coalesce(g.split, p.split) as split, p.growth, p.level, p.subject, p.parent_id,
    coalesce(g.records, 0)::integer as records,
    (coalesce(g.size, 0) + strlen(p.problem) + coalesce(strlen(p.solution), 0))::bigint as size,
    case
        when a.answers = 0 then 'no answer'
        when a.answers = 1 then 'a single answer'
        when a.agreeing = a.answers then 'all agree'
        when a.agreeing = 1 then 'all differ'
        else 'some agree'
    end as agreement,
    case
        when p.answer is null then 'unknown'
        when d.problem_id is not null then 'doubtful'
        else 'not doubted'
    end as gold,
    d.detail as doubt
from problems p
left join grouped g using (problem_id)
left join agreement a on a.problem_id = p.problem_id
left join doubtful_golds d on d.problem_id = p.problem_id
"""

RECORDS = """
create or replace temp table numbered_records as
select
    (row_number() over (order by p.problem_no, r.thought, r.sample) - 1)::integer as record_no,
    p.problem_no, r.record_id, r.thought, v.outcome, coalesce(v.verified, false) as verified,
    if(r.kept, 'kept', r.drop_reason) as fate,
    if(c.teacher = c.model, c.teacher, c.teacher || ' · ' || c.model) as teacher,
    c.cost_usd, c.completion_tokens, c.latency_s, length(c.completion) as characters
from numbered_problems p
left join records r using (problem_id)
left join verdicts v using (record_id)
left join completions c on c.completion_id = r.completion_id
order by record_no
"""

BOTH = """
create or replace temp view numbered as
select p.*, r.* exclude (problem_no) from numbered_problems p join numbered_records r using (problem_no)
"""

MEANINGS = {
    "agreement": {
        "all agree": "all thoughts of the problem have the same answer",
        "some agree": "several thoughts have the same answer, and another differs",
        "all differ": "no two thoughts have the same answer",
        "a single answer": "only one thought has an answer",
        "no answer": "no thought has an answer",
    },
    "gold": {
        "doubtful": "thoughts or equal texts have another answer, or each chain to it has a wrong step",
        "not doubted": "the thoughts give no reason to doubt it",
        "unknown": "the problem has no gold answer",
    },
}
"""The words of the columns `agreement` and `gold`, in the order in which they are shown."""


def number(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables from the tables and views of a corpus."""
    for query in (PROBLEMS, RECORDS, BOTH):
        con.execute(query)

"""The registry of roles: the records that an adapter learns from, its instruction and its prompt.

Training and inference share `prompt`, so a student gets the same text in both. To add a role, write a `Role`
and a line in `ROLES`, or an entry point of the group `thoughtmill.roles` in your package; then list it in
`params.yaml`.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.registry import Registry

if TYPE_CHECKING:  # checking settings and replaying policies need no tables
    from thoughtmill.factory.core.corpus import Corpus

# Students write equations without declaring unknowns first, as in EoTD (section 3.1): they would have to name
# all of them before they write the first equation.
EVERYTHING = """
    select * replace (case thought when 'eot' then regexp_replace(rationale, '^unknowns:.*\n', '')
                      else rationale end as rationale)
    from records
"""

ALONE = """
    select problem_id, problem, null as given, rationale as target
    from chosen where thought = $thought order by problem_id, sample
"""

# LoRID asks for knowledge once per problem: all chains of a problem get the first.
WITH_KNOWLEDGE = """
    select chain.problem_id, chain.problem, rules.rationale as given, chain.rationale as target
    from chosen chain join (
        from chosen where thought = 'knowledge'
        qualify row_number() over (partition by problem_id order by sample) = 1
    ) rules using (problem_id)
    where chain.thought = $thought order by chain.problem_id, chain.sample
"""

# As many right hints as wrong ones: a student that sees mostly right hints learns to copy its peer.
WITH_HINT = """
    with hints as (
        select problem_id, sample, correct, 'Answer: ' || predicted_answer || chr(10) || rationale as given,
               row_number() over (partition by correct order by md5(record_id)) as place
        from everything
        join (select distinct problem_id from chosen where thought = $thought) using (problem_id)
        where thought = $peer and split = $split and predicted_answer is not null and rationale is not null
    )
    select own.problem_id, own.problem, hints.given, own.rationale as target
    from chosen own join hints using (problem_id)
    where own.thought = $thought and place <= (select count(*) from hints where not correct)
    order by own.problem_id, own.sample, hints.sample
"""


@dataclass(frozen=True, slots=True)
class Role:
    """An entry: the instruction of a role, the SQL for its records, and its place in policies.

    `sql` reads `everything` (all records) and `chosen` (those a run learns from, each with its problem); it
    yields `problem_id`, `problem`, `given` and `target`. `given` is printed under `heading`. `parts` are the
    roles that one adapter learns together, each under its own instruction.

    `peer` is the thought of its hints; a role with a peer is asked only with a hint. `hinted` is the role
    that takes over when there is a hint. `given_by` is the role that writes the text given to this role.
    `variant_of` is the role whose adapter answers for a variant, which gets another text than in training.
    """

    instruction: str = ""
    thought: str = ""
    sql: str = ALONE
    heading: str = ""
    peer: str | None = None
    parts: tuple[str, ...] = ()
    answers: bool = True
    given_by: str | None = None
    given_of_another: bool = False
    variant_of: str | None = None
    in_pair: bool = False
    hinted: str | None = None


HINT = "Another student's work, which may be wrong:"

# LoRID (arXiv 2508.13037, section 3.2): intuitive reasoner, knowledge generator, deep reasoner.
IR = Role("Solve the problem step by step.", "cot")
# The same with the thinking of a reasoning teacher before the solution (DeepSeek-R1, arXiv 2501.12948).
IR_LONG = Role("Think the problem through, then solve it step by step.", "long_cot")
KG = Role("Write the general rules that the problem needs.", "knowledge", answers=False)
DR = Role(
    "Solve the problem step by step with this knowledge.", "cot", WITH_KNOWLEDGE, "Knowledge:", given_by="kg"
)
# The value of knowledge is DR's gain over these two: with another problem's knowledge, and with none.
DR_OTHER = replace(DR, variant_of="dr", given_of_another=True)
DR_BARE = replace(DR, variant_of="dr", given_by=None)

# EoTD and ETD (arXiv 2401.11864, sections 3.1 and 3.2).
COT = Role("Think step by step.", "cot")
POT = Role("Write a Python program that computes ans.", "pot")
EOT = Role("Write a system of equations that determines ans.", "eot")
ETD = Role(parts=("cot", "pot", "eot"))

# Can LLMs Compute with Reasons? (arXiv 2402.12080): a pair reasons in words and in equations.
GP = Role("Explain the solution in words.", "cot", in_pair=True, hinted="gp_hint")
EQ = Role("Write the equations of the solution.", "eot", in_pair=True, hinted="eq_hint")
GP_HINT = Role("Explain the right solution in words.", "cot", WITH_HINT, HINT, peer="eot", in_pair=True)
EQ_HINT = Role("Write the equations of the right solution.", "eot", WITH_HINT, HINT, peer="cot", in_pair=True)

ROLES: Registry[Role] = Registry(
    "role",
    "thoughtmill.roles",
    {
        name: f"thoughtmill.train.roles:{name.upper()}"
        for name in (
            "ir", "ir_long", "kg", "dr", "dr_other", "dr_bare", "cot", "pot", "eot", "etd", "gp", "eq",
            "gp_hint", "eq_hint",
        )
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """An example: asked as `role` about `problem`, with `given` if any, a student writes `target`."""

    problem_id: str
    role: str
    problem: str
    given: str | None
    target: str


def parts_of(role: str) -> tuple[str, ...]:
    """Return the roles that an adapter is trained on, each with its own instruction.

    >>> parts_of("etd"), parts_of("ir")
    (('cot', 'pot', 'eot'), ('ir',))
    """
    return ROLES.named(role).parts or (role,)


def examples(corpus: "Corpus", role: str, where: str = "kept", split: str = "train") -> list[Example]:
    """Return the examples of a role: records of a corpus for which the SQL condition `where` holds.

    `where` may name the columns of `records` and all tables of the corpus. Examples are in the order of
    problems and samples. A role without records raises a `ThoughtmillError`.
    """
    found = []
    for part in parts_of(role):
        if other := ROLES.named(part).variant_of:
            raise ThoughtmillError(f"role `{part}` is asked of the adapter of `{other}`: train that one")
        rows = _rows(corpus.con, ROLES.named(part), where, split)
        if not rows:
            raise ThoughtmillError(_lacking(corpus.con, part, where, split))
        found += [Example(problem_id, part, *row) for problem_id, *row in rows]
    return found


def _lacking(con: duckdb.DuckDBPyConnection, part: str, where: str, split: str) -> str:
    """Return why a role has no examples."""
    role = ROLES.named(part)
    if role.peer and _rows(con, replace(role, sql=ALONE), where, split):
        return (
            f"role `{part}` has no hints: half are to be wrong, and no `{role.peer}` record of `{split}` is "
            "wrong: ask a weaker teacher or for more samples, or leave the role out"
        )
    return f"role `{part}` has no records: no `{split}` record where {where} is of its thoughts"


def _rows(con: duckdb.DuckDBPyConnection, role: Role, where: str, split: str) -> list[tuple[Any, ...]]:
    chosen = f"""
        select r.*, p.problem from everything r join problems p using (problem_id)
        where r.split = $split and r.rationale is not null and ({where})
    """
    names = {"thought": role.thought, "split": split, "peer": role.peer}
    sql = f"with everything as ({EVERYTHING}), chosen as ({chosen}) from ({role.sql})"
    try:
        return con.execute(sql, {name: names[name] for name in names if f"${name}" in sql}).fetchall()
    except duckdb.Error as error:
        condition = f"finetune.where: {' '.join(where.split())}"
        raise ThoughtmillError(f"{condition}: {str(error).splitlines()[0]}") from error


def prompt(role: str, problem: str, given: str | None = None) -> str:
    """Return the prompt of `role` as plain text: the problem, the given text, the instruction.

    >>> print(prompt("dr", "How many are 2 and 3?", "A sum is what its parts make together."))
    How many are 2 and 3?
    Knowledge:
    A sum is what its parts make together.
    Solve the problem step by step with this knowledge.
    """
    entry = ROLES.named(role)
    middle = [] if given is None else [entry.heading, given]
    return "\n".join([problem, *middle, entry.instruction])

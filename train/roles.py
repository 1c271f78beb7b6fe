"""The roles an adapter can be for: which records, given what, which instruction, which target.

One entry of `ROLES` each, and one `render` for training and inference, so that a student is asked in the very
bytes it was taught with. To add a role, add its entry and list it in `params.yaml`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from transformers import PreTrainedTokenizerBase

from thoughtmill.factory.core.corpus import Corpus
from thoughtmill.factory.core.errors import ThoughtmillError

# A student writes its equations without the line that declares their unknowns, as EoTD's systems are (section
# 3.1): it would have to name them all before it has thought of the first.
TOLD = """
    select * replace (case thought when 'eot' then regexp_replace(rationale, '^unknowns:.*\n', '')
                      else rationale end as rationale)
    from records
"""

ALONE = """
    select problem_id, problem, null as given, rationale as target
    from chosen where thought = $thought order by problem_id, sample
"""

# LoRID asks for knowledge once per problem: every chain of a problem is given the first there is.
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
        from told join (select distinct problem_id from chosen where thought = $thought) using (problem_id)
        where thought = $peer and split = $split and predicted_answer is not null and rationale is not null
    )
    select one.problem_id, one.problem, hints.given, one.rationale as target
    from chosen one join hints using (problem_id)
    where one.thought = $thought and place <= (select count(*) from hints where not correct)
    order by one.problem_id, one.sample, hints.sample
"""


@dataclass(frozen=True, slots=True)
class Role:
    """One entry: what a student of this role is asked, and the SQL that finds its records.

    `sql` reads `told` (all records) and `chosen` (those a run learns from, each with its problem); it yields
    `problem_id`, `problem`, `given` and `target`. `given` stands under `heading`. `peer` is the thought that
    hints are in. `parts` are the roles that one adapter learns together, each under its own instruction.
    """

    instruction: str = ""
    thought: str = ""
    sql: str = ALONE
    heading: str = ""
    peer: str | None = None
    parts: tuple[str, ...] = ()


HINT = "Another student's work, which may be wrong:"

ROLES: dict[str, Role] = {
    # LoRID (arXiv 2508.13037, section 3.2): intuitive reasoner, knowledge generator, deep reasoner.
    "ir": Role("Solve the problem step by step.", "cot"),
    "kg": Role("Write the general rules that the problem needs.", "knowledge"),
    "dr": Role("Solve the problem step by step with this knowledge.", "cot", WITH_KNOWLEDGE, "Knowledge:"),
    # EoTD and ETD (arXiv 2401.11864, sections 3.1 and 3.2).
    "cot": Role("Think step by step.", "cot"),
    "pot": Role("Write a Python program that computes ans.", "pot"),
    "eot": Role("Write a system of equations that determines ans.", "eot"),
    "etd": Role(parts=("cot", "pot", "eot")),
    # Can LLMs Compute with Reasons? (arXiv 2402.12080): a pair reasons in words and in equations.
    "gp": Role("Explain the solution in words.", "cot"),
    "eq": Role("Write the equations of the solution.", "eot"),
    "gp_hint": Role("Explain the right solution in words.", "cot", WITH_HINT, HINT, peer="eot"),
    "eq_hint": Role("Write the equations of the right solution.", "eot", WITH_HINT, HINT, peer="cot"),
}


@dataclass(frozen=True, slots=True)
class Example:
    """One thing a student learns: asked `role` about `problem`, with `given` if any, it writes `target`."""

    problem_id: str
    role: str
    problem: str
    given: str | None
    target: str


def named(role: str) -> Role:
    """Return the entry of a role, or raise a `ThoughtmillError` that lists those there are."""
    if role not in ROLES:
        raise ThoughtmillError(f"unknown role `{role}`; there are: {', '.join(ROLES)}")
    return ROLES[role]


def parts_of(role: str) -> tuple[str, ...]:
    """Return the roles whose instructions an adapter answers to.

    >>> parts_of("etd"), parts_of("ir")
    (('cot', 'pot', 'eot'), ('ir',))
    """
    return named(role).parts or (role,)


def examples(corpus: Corpus, role: str, where: str = "kept", split: str = "train") -> list[Example]:
    """Return what `role` learns from a corpus: the records for which the SQL condition `where` holds.

    The order is that of problems and samples, the same wherever the corpus lies. No record is one error.
    """
    found = []
    for part in parts_of(role):
        rows = _rows(corpus.con, named(part), where, split)
        if not rows:
            raise ThoughtmillError(
                f"role `{part}` has no records: no `{split}` record where {where} is of its thoughts"
            )
        found += [Example(problem_id, part, *row) for problem_id, *row in rows]
    return found


def _rows(con: duckdb.DuckDBPyConnection, role: Role, where: str, split: str) -> list[tuple[Any, ...]]:
    chosen = f"""
        select r.*, p.problem from told r join problems p using (problem_id)
        where r.split = $split and r.rationale is not null and ({where})
    """
    names = {"thought": role.thought, "split": split, "peer": role.peer}
    sql = f"with told as ({TOLD}), chosen as ({chosen}) from ({role.sql})"
    try:
        return con.execute(sql, {name: names[name] for name in names if f"${name}" in sql}).fetchall()
    except duckdb.Error as error:
        told = f"finetune.where: {' '.join(where.split())}"
        raise ThoughtmillError(f"{told}: {str(error).splitlines()[0]}") from error


def prompt(role: str, problem: str, given: str | None = None) -> str:
    """Return what a student of `role` is asked, as plain text: the problem, what is given, the instruction.

    >>> print(prompt("dr", "How many are 2 and 3?", "A sum is what its parts make together."))
    How many are 2 and 3?
    Knowledge:
    A sum is what its parts make together.
    Solve the problem step by step with this knowledge.
    """
    entry = named(role)
    middle = [] if given is None else [entry.heading, given]
    return "\n".join([problem, *middle, entry.instruction])


def render(
    tokenizer: PreTrainedTokenizerBase, role: str, problem: str, given: str | None = None
) -> list[int]:
    """Return the tokens of a prompt, for training and inference alike.

    A tokenizer with a chat template asks in a user's turn and opens the assistant's; any other asks in the
    plain form, closed by an empty line.
    """
    text = prompt(role, problem, given)
    if tokenizer.chat_template is None:
        return list(tokenizer(text + "\n\n")["input_ids"])
    turns = [{"role": "user", "content": text}]
    asked = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return list(tokenizer(asked, add_special_tokens=False)["input_ids"])


def render_target(tokenizer: PreTrainedTokenizerBase, target: str) -> list[int]:
    """Return the tokens of a target, closed by the end of text, which is learnt like the rest."""
    ids: Sequence[int] = tokenizer(target, add_special_tokens=False)["input_ids"]
    return [*ids, tokenizer.eos_token_id]

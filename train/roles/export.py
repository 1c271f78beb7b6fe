"""The export `roles`: the examples of each role as `finetune` shows them, for other trainers.

A form is a role. Its columns are TRL's `prompt` and `completion`; the prompt is what `roles.prompt` returns.
"""

from thoughtmill.factory.core.corpus import quoted
from thoughtmill.train import roles


def _query(role: str) -> str:
    """Return the query for the examples of a role, which may be made of parts."""
    parts = " union all by name ".join(f"({_part(part)})" for part in roles.parts_of(role))
    return f"select * from ({parts}) order by role, problem_id, completion"


def _part(role: str) -> str:
    entry = roles.ROLES.named(role)
    chosen = """
        select r.*, p.problem from everything r join problems p using (problem_id)
        where split_part(r.split, '_', 1) = $file and r.rationale is not null
            and (kept or drop_reason = 'held_out') and {chosen}
    """
    sql = entry.sql.replace("$thought", quoted(entry.thought)).replace("$peer", quoted(entry.peer or ""))
    sql = sql.replace("split = $split", "split_part(split, '_', 1) = $file")
    heading = f"case when given is not null then {quoted(entry.heading)} end"
    return f"""
        with everything as ({roles.EVERYTHING}), chosen as ({chosen})
        select [{{'role': 'user', 'content':
                concat_ws(chr(10), problem, {heading}, given, {quoted(entry.instruction)})}}] as prompt,
            [{{'role': 'assistant', 'content': target}}] as completion, {quoted(role)} as role, problem_id
        from ({sql})
    """


FORMS = {
    role: _query(role)
    for role in roles.ROLES.ours
    if not any(roles.ROLES.named(part).variant_of for part in roles.parts_of(role))
}

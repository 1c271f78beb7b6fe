"""Families of problems: an original and all that was made from it, however far down."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = Mapping[str, Any]

DOUBLINGS = 20
"""Steps in which a walk to the original doubles its length; what a million generations leave are circles."""


def text_id(problem: str) -> str:
    """Return a name for a problem from its text, for sets that give the text of the original.

    >>> text_id("How many?") == text_id(" How  many? ")
    True
    """
    return f"text-{sha256(' '.join(problem.split()).encode()).hexdigest()[:16]}"


def parents_of(problems: Iterable[Row]) -> dict[str, str]:
    """Return the parent of every problem that has one; `problems` may be read twice.

    A parent that is named by its text is the first problem of that text, where the corpus holds one.
    """
    parents = {row["problem_id"]: row["parent_id"] for row in problems if row["parent_id"] is not None}
    wanted = {parent for parent in parents.values() if parent.startswith("text-")}
    named: dict[str, str] = {}
    for row in problems if wanted else ():
        if (name := text_id(row["problem"])) in wanted:
            named.setdefault(name, row["problem_id"])
    return {child: named.get(parent, parent) for child, parent in parents.items()}


def roots_of(parents: Mapping[str, str]) -> dict[str, str]:
    """Return for each child the original that it descends from, which the corpus may lack.

    Of problems that are made from each other, it is the least.

    >>> roots_of({"c": "b", "b": "a"}), roots_of({"c": "b", "b": "a", "a": "b"})
    ({'c': 'a', 'b': 'a'}, {'c': 'a', 'b': 'a', 'a': 'a'})
    """
    roots: dict[str, str] = {}
    for child in parents:
        line: dict[str, None] = {}
        at = child
        while at in parents and at not in roots and at not in line:
            line[at] = None
            at = parents[at]
        circle = list(line)[list(line).index(at) :] if at in line else [at]
        roots |= dict.fromkeys(line, roots.get(at) or min(circle))
    return roots


def heirs_of(problems: Iterable[Row]) -> dict[str, str]:
    """Return the head of the family for every problem that is not itself a head; `problems` is read twice.

    The head is the original, or the least of its descendants if the corpus does not hold the original.
    """
    parents = parents_of(problems)
    roots = roots_of(parents)
    originals = set(roots.values())
    held = {row["problem_id"] for row in problems if row["problem_id"] in originals} if roots else set()
    heads: dict[str, str] = {}
    for problem_id in sorted(roots):
        root = roots[problem_id]
        heads.setdefault(root, root if root in held else problem_id)
    return {problem_id: heads[root] for problem_id, root in roots.items() if heads[root] != problem_id}


def named(position: int, problem: Row) -> dict[str, Any]:
    """Return the columns of a problem from which `find_roots` finds families."""
    own = {name: problem[name] for name in ("problem_id", "parent_id")}
    return {**own, "position": position, "name": text_id(problem["problem"])}


PARENTS = """
create table parent as
select child.position, child.problem_id, coalesce(named.problem_id, child.parent_id) as parent
from problem child left join (
    select name, arg_min(problem_id, position) as problem_id from problem
    where name in (select parent_id from problem) group by name
) named on child.parent_id = named.name
where child.parent_id is not null
"""
"""The parent of every problem that has one; a text names the first problem of that text."""

STEP = """
update walk set root = further.root from walk further where walk.root = further.problem_id
"""
UNRESOLVED = "select count(*) from walk join parent on walk.root = parent.problem_id"


def find_roots(con: "DuckDBPyConnection") -> None:
    """Write the tables `parent`, and `walk` with the original of each child, in the corpus or not, as `root`.

    They follow from a table `problem` with the columns of `named`. Of problems that are made from each other,
    the least is their original, and is in `parent` no more.
    """
    con.execute(PARENTS)
    con.execute("create table walk as select position, problem_id, parent as root from parent")
    for _ in range(DOUBLINGS):
        if not count(con, UNRESOLVED):
            return
        con.execute(STEP)
    circles = "select walk.problem_id, parent.parent from walk join parent using (problem_id)"
    left = dict(con.execute(f"{circles} where walk.root in (select problem_id from parent)").fetchall())
    roots = roots_of(left)
    con.execute(
        "create table circle as select unnest($1::varchar[]) as problem_id, unnest($2::varchar[]) as root",
        [[*roots], [*roots.values()]],
    )
    con.execute("update walk set root = circle.root from circle where walk.problem_id = circle.problem_id")
    con.execute("delete from parent where problem_id in (select root from circle)")


def count(con: "DuckDBPyConnection", query: str) -> int:
    """Return the number that a query counts."""
    ((found,),) = con.execute(query).fetchall()
    return int(found)

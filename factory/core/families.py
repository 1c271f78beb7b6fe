"""Families of problems: an original and all that was made from it, however far down."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

Row = Mapping[str, Any]


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


def root_of(problem_id: str, parents: Mapping[str, str]) -> str:
    """Return the original that a problem descends from: itself, or a problem that the corpus may lack.

    Of problems that are made from each other, it is the least.

    >>> root_of("c", {"b": "a", "c": "b"}), root_of("a", {"b": "a"}), root_of("b", {"a": "b", "b": "a"})
    ('a', 'a', 'a')
    """
    line = [problem_id]
    while (parent := parents.get(line[-1])) is not None:
        if parent in line:
            return min(line[line.index(parent) :])
        line.append(parent)
    return line[-1]


def heirs_of(problems: Iterable[Row]) -> dict[str, str]:
    """Return the head of the family for every problem that is not itself a head; `problems` is read twice.

    The head is the original, or the least of its descendants if the corpus does not hold the original.
    """
    parents = parents_of(problems)
    roots = {problem_id: root_of(problem_id, parents) for problem_id in parents}
    held = (
        {row["problem_id"] for row in problems if row["problem_id"] in set(roots.values())}
        if roots
        else set()
    )
    heads: dict[str, str] = {}
    for problem_id in sorted(roots):
        root = roots[problem_id]
        heads.setdefault(root, root if root in held else problem_id)
    return {problem_id: heads[root] for problem_id, root in roots.items() if heads[root] != problem_id}

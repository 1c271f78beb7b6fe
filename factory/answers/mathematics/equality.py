r"""Equality of answers written as mathematics: the first rule that decides, the same in both orders.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> compared(read("x^2+y^2=49"), read("x+y=49")), compared(read("0.3333"), read("1/3"))
((False, 'normal_form'), (True, 'number'))
>>> compared(read("1, -3"), read("-3, 1")), compared(read("(1,-3)"), read("(-3,1)"))
((True, 'normal_form'), (False, 'number'))
"""

from collections.abc import Callable, Sequence

from thoughtmill.factory.answers.mathematics import line, normal, relations, symbolic
from thoughtmill.factory.answers.mathematics.scalars import Verdict, scalars
from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names

RULES = ("text", "number", "normal_form", "symbolic", "sampling")
"""The rules in their order; a collection names the latest rule that any of its parts needed."""

MOST_PARTS = 60
"""Parts of the largest collection that is compared part by part."""

MOST_SOUGHT = 8
"""Members of a set that are held against each other with every rule."""

_DIFFERENT: Verdict = (False, "kind")
_COLLECTIONS = frozenset({"set", "list"})
_LINE = frozenset({"interval", "union", "intersection", "difference", "reals", "and", "or", "in"})


def compared(left: Tree, right: Tree) -> Verdict:
    """Compare two answers; the order of the two does not matter."""
    if left == right:
        return True, "text"
    with symbolic.asking():
        same, rule = _compared(left, right)
    return same, "normal_form" if same and rule == "text" and "text" not in (_op(left), _op(right)) else rule


def _compared(left: Tree, right: Tree) -> Verdict:
    if left == right:
        return True, "text"
    left, right = _stated(left, right), _stated(right, left)
    if _is_congruence(left) and _is_congruence(right):
        return _residues(left, right)
    ops = {_op(left), _op(right)}
    for concerned, rule in _RULES_BY_SHAPE:
        if ops & concerned:
            return rule(left, right)
    return scalars(left, right)


def _op(tree: Tree) -> str:
    return tree.op if isinstance(tree, Call) else ""


def _stated(tree: Tree, other: Tree) -> Tree:
    """Return the value or set that an answer gives a single name, if the other answer has no name."""
    if _op(tree) == "in" and _op(other) != "in" and isinstance(tree, Call):
        return tree.args[1]
    if _op(tree) not in ("=", "~") or _op(other) in ("=", "~") or not isinstance(tree, Call):
        return tree
    for name, value in (tree.args, tree.args[::-1]):
        own = name.args[:1] if _op(name) == "apply" and isinstance(name, Call) else (name,)
        if relations.is_name(name) and not {each for part in own for each in names(part)} & set(names(value)):
            return value
    return tree


def _texts(left: Tree, right: Tree) -> Verdict:
    one, other = spelled(left), spelled(right)
    return (True, "text") if one is not None and one == other else (False, "text")


def spelled(tree: Tree) -> str | None:
    """Return the letters of words, names and lists of them, in lower case; None for anything else."""
    if isinstance(tree, str):
        return tree.casefold()
    if not isinstance(tree, Call) or tree.op not in ("text", "*", "list"):
        return None
    parts = [str(arg).casefold() if tree.op == "text" else spelled(arg) for arg in tree.args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return {"text": " ", "*": "", "list": ","}[tree.op].join(sorted(known) if tree.op == "list" else known)


def _matrices(left: Tree, right: Tree) -> Verdict:
    """Compare matrices entry by entry; a row or column is also a tuple."""
    one, other = _rows(left), _rows(right)
    if one is None or other is None:
        return _DIFFERENT
    if "tuple" in (_op(left), _op(right)):
        one, other = _flat(one), _flat(other)
    if [len(row) for row in one] != [len(row) for row in other]:
        return _DIFFERENT
    return ordered([entry for row in one for entry in row], [entry for row in other for entry in row])


def _rows(tree: Tree) -> list[tuple[Tree, ...]] | None:
    if _op(tree) == "tuple" and isinstance(tree, Call):
        return [tree.args]
    if _op(tree) != "matrix" or not isinstance(tree, Call):
        return None
    return [row.args for row in tree.args if isinstance(row, Call)]


def _flat(rows: list[tuple[Tree, ...]]) -> list[tuple[Tree, ...]]:
    return [tuple(row[0] for row in rows)] if all(len(row) == 1 for row in rows) else rows


def _members(left: Tree, right: Tree) -> Verdict:
    """Compare sets and lists, whose order is free; a list may also be a tuple without its brackets."""
    ops = {_op(left), _op(right)}
    if "tuple" in ops:
        if ops != {"tuple", "list"}:
            return _DIFFERENT
        return ordered(_arguments(left), _arguments(right))
    if ops & _LINE or ops & relations.ORDERS:
        return _lines(left, right)
    left, right = _solutions(left, right), _solutions(right, left)
    one, other = _arguments(left), _arguments(right)
    if "set" in ops:
        one, other = _distinct(one), _distinct(other)
    return unordered(one, other)


def _solutions(tree: Tree, other: Tree) -> Tree:
    """Return the solutions of an equation beside a set or list that says nothing of another unknown."""
    found = line.roots(tree) if _op(tree) == "=" and _op(other) in _COLLECTIONS else None
    if found is None or not {found[0]}.issuperset(names(other)):
        return tree
    return Call("set", tuple(found[1]))


def _arguments(tree: Tree) -> list[Tree]:
    return list(tree.args) if isinstance(tree, Call) and tree.op in ("set", "list", "tuple") else [tree]


def _distinct(found: Sequence[Tree]) -> list[Tree]:
    kept: list[Tree] = []
    for tree in found[:MOST_PARTS]:
        if not any(_alike(tree, each) for each in kept):
            kept.append(tree)
    return [*kept, *found[MOST_PARTS:]]


def _tuples(left: Tree, right: Tree) -> Verdict:
    if _op(left) == _op(right):
        return ordered(_arguments(left), _arguments(right))
    return _lines(left, right)


def ordered(left: Sequence[Tree], right: Sequence[Tree]) -> Verdict:
    """Compare parts place by place."""
    if len(left) != len(right) or len(left) > MOST_PARTS:
        return _DIFFERENT
    used = "text"
    for one, other in zip(left, right, strict=True):
        same, rule = _compared(one, other)
        if not same:
            return same, rule
        used = max(used, rule, key=RULES.index)
    return True, used


def unordered(left: Sequence[Tree], right: Sequence[Tree]) -> Verdict:
    """Compare members in any order: identical members are paired first, the others by every rule."""
    if len(left) != len(right) or len(left) > MOST_PARTS:
        return _DIFFERENT
    rest, unpaired, used = list(right), [], "text"
    for one in left:
        at = next((at for at, other in enumerate(rest) if _alike(one, other)), None)
        if at is None:
            unpaired.append(one)
        else:
            used = max(used, _compared(one, rest.pop(at))[1], key=RULES.index)
    if len(unpaired) > MOST_SOUGHT:
        return False, "normal_form"
    for one in unpaired:
        verdicts = [_compared(one, other) for other in rest]
        at = next((at for at, verdict in enumerate(verdicts) if verdict[0]), None)
        if at is None:
            return next((verdict for verdict in verdicts if verdict[0] is None), verdicts[0])
        used = max(used, verdicts[at][1], key=RULES.index)
        rest.pop(at)
    return True, used


def _alike(left: Tree, right: Tree) -> bool:
    return left == right or normal.same(left, right) is True


def _lines(left: Tree, right: Tree) -> Verdict:
    """Compare sets of real numbers by their pieces, and trees without pieces as relations."""
    one, other = line.pieces(left), line.pieces(right)
    if one is None or other is None or not _one_unknown(left, right):
        return _relations(left, right)
    if [piece[2:] for piece in one] != [piece[2:] for piece in other]:
        return False, "normal_form"
    return ordered(*([end.tree for piece in found for end in piece[:2]] for found in (one, other)))


def _one_unknown(left: Tree, right: Tree) -> bool:
    """Return whether two sets are not about two different names."""
    return len({*names(left), *names(right)}) <= 1


def _relations(left: Tree, right: Tree) -> Verdict:
    """Compare relations; `and` and `or` join them in any order."""
    if _op(left) != _op(right):
        ops = {_op(left), _op(right)}
        return relations.compared(left, right) if ops <= relations.ORDERS else _DIFFERENT
    if not isinstance(left, Call) or not isinstance(right, Call):
        return _DIFFERENT
    if left.op in relations.RELATIONS:
        return relations.compared(left, right)
    if left.op in ("interval", "difference", "in"):
        return ordered(left.args, right.args)
    return unordered(left.args, right.args)


def _cases(left: Tree, right: Tree) -> Verdict:
    """Compare functions by cases: the same values where the same conditions hold, in any order."""
    if _op(left) != _op(right) or not isinstance(left, Call) or not isinstance(right, Call):
        return _DIFFERENT
    return (ordered if left.op == "case" else unordered)(left.args, right.args)


def _residues(left: Tree, right: Tree) -> Verdict:
    """Compare residues of one modulus by their difference; a congruence also has a name."""
    if _op(left) != _op(right) or not isinstance(left, Call) or not isinstance(right, Call):
        return _DIFFERENT
    if left.op == "=":
        return ordered(left.args, right.args)
    apart = Call("/", (Call("+", (left.args[0], Call("neg", (right.args[0],)))), left.args[1]))
    times = normal.number(apart)
    same, rule = _compared(left.args[1], right.args[1])
    if not same or times is None:
        return (same, rule) if not same else _compared(left.args[0], right.args[0])
    return times.denominator == 1, "number"


def _is_congruence(tree: Tree) -> bool:
    return isinstance(tree, Call) and (
        tree.op == "residue" or (tree.op == "=" and any(map(_is_congruence, tree.args)))
    )


_RULES_BY_SHAPE: tuple[tuple[frozenset[str], Callable[[Tree, Tree], Verdict]], ...] = (
    (frozenset({"cases", "case"}), _cases),
    (frozenset({"residue"}), _residues),
    (frozenset({"text"}), _texts),
    (frozenset({"matrix"}), _matrices),
    (_COLLECTIONS, _members),
    (_LINE | relations.ORDERS, _lines),
    (frozenset({"tuple"}), _tuples),
    (relations.RELATIONS, _relations),
)
"""What compares answers of which one has such a shape; the first that fits."""

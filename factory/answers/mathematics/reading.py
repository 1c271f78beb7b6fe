r"""Reading: the tree of an answer written as mathematics, without the parts that do not affect its value.

>>> read(r"\boxed{\$1{,}250.50}"), read(r"45^\circ"), read("12 apples"), read("$x = 3$.")
(Fraction(2501, 2), Fraction(45, 1), Fraction(12, 1), Call(op='=', args=('x', Fraction(3, 1))))
>>> read("__import__('os')") is None
True
"""

import re
from fractions import Fraction
from functools import lru_cache

from thoughtmill.factory.answers.mathematics.alternatives import alternatives
from thoughtmill.factory.answers.mathematics.grammar import parse
from thoughtmill.factory.answers.mathematics.tokens import MAX_LENGTH, Unreadable, tokens
from thoughtmill.factory.answers.mathematics.tree import Call, Tree, is_infinite
from thoughtmill.factory.answers.mathematics.units import unit
from thoughtmill.factory.answers.number_words import in_words

_WRAPPED = re.compile(
    r"\$\$?(.*?)\$\$?|\\\((.*)\\\)|\\\[(.*)\\\]|\\(?:boxed|fbox) ?\{(.*)\}|#{2,}(.*)|\*\*(.*)\*\*", re.DOTALL
)
_TEXT = re.compile(r"\\text ?\{([^{}]*)\}")
MISSING = frozenset({"n/a", "na", "nan", "null", "none given", "unknown", "tbd"})
"""What tables write where an answer is missing."""

_SPELLINGS = (
    (re.compile(r"([0-9]{1,2}(?::[0-9][0-9])?) ?([ap])(?:\. ?m\.?|m)", re.IGNORECASE), r"\1\\text{ \2m}"),
    (re.compile(r"(12(?::00)?) ?noon", re.IGNORECASE), r"\1\\text{ pm}"),
    (re.compile(r"(12(?::00)?) ?midnight", re.IGNORECASE), r"\1\\text{ am}"),
    (re.compile(r"([0-9]+) ?(?:\\text ?\{ ?to ?\}|to) ?([0-9]+)"), r"\1:\2"),
    (re.compile(r"(?:negative|minus) (?=[0-9\\$])", re.IGNORECASE), "-"),
    (
        re.compile(r"([0-9]+) ?(feet|foot|ft|hours?|h|hrs?|minutes?|min) (?=[0-9]+ ?[a-z]+$)"),
        r"\1\\text{ \2 and }",
    ),
)
"""What is read at the beginning or as the whole of an answer as if it were written otherwise."""

_PHRASES: dict[str, Tree] = {
    phrase: tree
    for phrases, tree in (
        (("all real numbers", "all reals", "real numbers", "all real values"), Call("reals", ())),
        (("empty set", "the empty set"), Call("set", ())),
    )
    for phrase in phrases
}
_NUMERIC_OPS = frozenset({"+", "*", "/", "^", "neg", "root", "pi", "e", "i", "factorial"})
_CONTAINERS = frozenset(
    {"tuple", "set", "list", "interval", "union", "intersection", "difference", "matrix", "row", "and", "or",
     "=", "!=", "<", "<=", ">", ">=", "~", "in"}
)  # fmt: skip


def read(text: str) -> Tree | None:
    """Return the tree of an answer, or None when it is not written as mathematics or is too long.

    Signs of currency, `%`, degrees and words that count things (`12 apples`) are left out; units of measure
    stay (`12 cm` is a `quantity`).
    """
    return None if len(text) > MAX_LENGTH or text.strip().casefold() in MISSING else _read(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> Tree | None:
    text = unwrapped(text)
    words = _TEXT.fullmatch(text)
    number = in_words(words[1] if words else text)
    if number is not None:
        return number
    try:
        return alternatives(_bare(parse(tokens(_respelled(text)))))
    except Unreadable:
        return None


def _respelled(text: str) -> str:
    for pattern, plainer in _SPELLINGS:
        found = pattern.match(text)
        if found and (found.end() == len(text) or plainer == "-" or plainer.endswith("and }")):
            return found.expand(plainer) + text[found.end() :]
    return text


def unwrapped(text: str) -> str:
    r"""Return a text without the wrapping of an answer: `$...$`, `\boxed{...}`, `####`, a full stop.

    >>> unwrapped(r"\boxed{\text{(C)}}."), unwrapped("#### 7")
    ('\\text{(C)}', '7')
    """
    for _ in range(5):
        text = text.strip().removesuffix(".").rstrip()
        found = _WRAPPED.fullmatch(text)
        inner = next((group for group in found.groups() if group is not None), "") if found else ""
        if not inner or "$" in inner.replace("\\$", "") or not _balanced(inner):
            return text
        text = inner
    return text


def _balanced(text: str) -> bool:
    """Return whether no brace of a text closes before it opens."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _bare(tree: Tree) -> Tree:
    """Return a tree without degrees, `%` and words at its root and at the roots of its parts."""
    if not isinstance(tree, Call):
        return tree
    if tree.op in ("deg", "percent", "bracket"):
        return _bare(tree.args[0])
    if tree.op == "neg" and isinstance(value := _bare(tree.args[0]), Fraction):
        return -value
    if tree.op == "quantity":
        return _quantity(_bare(tree.args[0]), tuple(str(word) for word in tree.args[1:]))
    if tree.op == "text":
        return _PHRASES.get(" ".join(map(str, tree.args)).lower(), tree)
    if tree.op == "tuple" and len(tree.args) == 2 and any(map(is_infinite, tree.args)):
        return Call("interval", (*tree.args, Fraction(0), Fraction(0)))
    if tree.op == "compound":
        return _compound([_bare(arg) for arg in tree.args])
    if tree.op in _CONTAINERS:
        return Call(tree.op, tuple([_bare(arg) for arg in tree.args]))
    return tree


def _quantity(value: Tree, words: tuple[str, ...]) -> Tree:
    """Return a value with its unit, or alone where the words only count. Raises `Unreadable` for others."""
    spelled = [word.lower() for word in words]
    if (isinstance(value, Call) and value.op in ("ratio", "time")) or "".join(spelled) in ("am", "pm"):
        return _time(value, "".join(spelled))
    if unit(words) is not None:
        return Call("quantity", (value, *words))
    if spelled[0] in _SCALES and isinstance(value, Fraction):
        return value * _SCALES[spelled[0]]
    letters = [word for word in spelled if len(word) == 1 and word.isalpha() and word != "a"]
    counted = not letters and not _NOT_COUNTED.intersection(spelled)
    if not is_numeric(value) or len(words) > 8 or not counted:
        raise Unreadable(" ".join(words))
    return value


_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NOT_COUNTED = frozenset(
    "mod modulo remainder not is are if when for choose plus minus times divided over to through squared "
    "cubed factorial root power half halves third thirds fourths quarters fifths".split()
)
"""Words that do something to the number before them."""


def _compound(parts: list[Tree]) -> Tree:
    """Return `3 hours and 30 minutes` in the first unit, and what are two quantities as a list."""
    units = [unit(tuple(map(str, part.args[1:]))) for part in parts if isinstance(part, Call)]
    total = Fraction(0)
    for part, each, before in zip(parts, units, [None, *units], strict=False):
        value = part.args[0] if isinstance(part, Call) and part.op == "quantity" else None
        if each is None or units[0] is None or not isinstance(value, Fraction):
            return Call("list", tuple(parts))
        if each.dimensions != units[0].dimensions or (before is not None and each.size >= before.size):
            return Call("list", tuple(parts))
        total += value * each.size / units[0].size
    first = parts[0]
    return Call("quantity", (total, *first.args[1:])) if isinstance(first, Call) else first


def _time(value: Tree, half: str) -> Tree:
    """Return a time of day: hour, minute, and `am` or `pm`. Raises `Unreadable` for other words."""
    parts = value.args if isinstance(value, Call) and value.op == "ratio" else (value, Fraction(0))
    if half not in ("am", "pm") or len(parts) != 2 or not all(isinstance(part, Fraction) for part in parts):
        raise Unreadable(half)
    return Call("time", (*parts, half))


def is_numeric(tree: Tree) -> bool:
    """Return whether a tree is a number without names: `2\\sqrt{3}` and `45\\pi`, but not `2x`."""
    if isinstance(tree, Call):
        return tree.op in _NUMERIC_OPS and all(is_numeric(arg) for arg in tree.args)
    return isinstance(tree, Fraction)

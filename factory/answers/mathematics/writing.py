r"""Writing: the canonical LaTeX of a tree, which reads back as the same tree.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> written(read("sqrt(3)/2 + x**2")), written(read(r"\left( -\infty,\tfrac12\right]"))
('\\frac{\\sqrt{3}}{2}+x^2', '(-\\infty, \\frac{1}{2}]')
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from thoughtmill.factory.answers.mathematics.alphabet import FUNCTIONS, GREEK
from thoughtmill.factory.answers.mathematics.tree import Call, Tree

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_CONSTANTS = {
    "pi": r"\pi", "oo": r"\infty", "e": "e", "i": "i", "dots": r"\dots",
    "reals": r"\mathbb{R}", "integers": r"\mathbb{Z}",
    "naturals": r"\mathbb{N}", "rationals": r"\mathbb{Q}", "complexes": r"\mathbb{C}",
}  # fmt: skip
_BETWEEN = {
    "union": r" \cup ", "intersection": r" \cap ", "difference": r" \setminus ", "and": r" \text{ and } ",
    "or": r" \text{ or } ", "list": ", ", "ratio": ":", "=": " = ", "!=": r" \neq ", "<": " < ",
    "<=": r" \leq ", ">": " > ", ">=": r" \geq ", "~": r" \approx ", "in": r" \in ", "mod": r" \bmod ",
}  # fmt: skip
_BRACKETS = {
    "tuple": ("(", ")"), "set": (r"\{", r"\}"), "bracket": ("[", "]"), "abs": (r"\lvert ", r"\rvert"),
    "floor": (r"\lfloor ", r"\rfloor"), "ceil": (r"\lceil ", r"\rceil"),
}  # fmt: skip


def written(tree: Tree) -> str:
    """Return the canonical LaTeX of a tree."""
    return _write(tree)[0]


def _write(tree: Tree) -> tuple[str, int]:
    """Return the LaTeX of a tree and how tightly it binds."""
    if isinstance(tree, str):
        return _name(tree), _ATOM
    if isinstance(tree, Fraction):
        return _fraction(tree)
    op, args = tree
    if op in _CONSTANTS:
        return _CONSTANTS[op], _ATOM
    if op in _WRITERS:
        return _WRITERS[op](args)
    if op in _BETWEEN:
        return _BETWEEN[op].join(map(written, args)), _SUM
    if op in _BRACKETS:
        opening, closing = _BRACKETS[op]
        return f"{opening}{', '.join(map(written, args))}{closing}", _ATOM
    if op in FUNCTIONS:
        return _function(op, args)
    raise AssertionError(f"no way to write {op}")


def _name(name: str) -> str:
    letter, _, index = name.partition("_")
    letter = f"\\{letter}" if letter in GREEK else letter
    return letter if not index else f"{letter}_{index}" if len(index) == 1 else f"{letter}_{{{index}}}"


def _fraction(number: Fraction) -> tuple[str, int]:
    sign, size = "-" if number < 0 else "", abs(number)
    if size.denominator == 1:
        return f"{sign}{size}", _SUM if sign else _ATOM
    return f"{sign}\\frac{{{size.numerator}}}{{{size.denominator}}}", _SUM if sign else _PRODUCT


def _at_least(tree: Tree, level: int) -> str:
    text, binding = _write(tree)
    return text if binding >= level else f"({text})"


def _sum(args: Sequence[Tree]) -> tuple[str, int]:
    text = ""
    for term in args:
        piece = written(term) if isinstance(term, Fraction) or _is(term, "neg") else _at_least(term, _PRODUCT)
        text += piece if not text or piece.startswith("-") else f"+{piece}"
    return text, _SUM


def _product(args: Sequence[Tree]) -> tuple[str, int]:
    text = ""
    for factor in args:
        piece = _at_least(factor, _POWER if _is(factor, "*", "mod") else _PRODUCT)
        if not text:
            text = piece
        elif re.match(r"[0-9]|\\frac|[\[|!]", piece) or (
            re.search(r"\\[A-Za-z]+$|[\])]$|[a-zA-Z]$", text) and piece[0] in "(["
        ):
            text += rf" \cdot {piece}"
        else:
            text += (
                f" {piece}" if re.search(r"[A-Za-z]$", text) or "_" in piece or _is(factor, "neg") else piece
            )
    return text, _PRODUCT


def _power(args: Sequence[Tree]) -> tuple[str, int]:
    base, exponent = args
    above = written(exponent)
    return f"{_at_least(base, _ATOM)}^{above if len(above) == 1 else f'{{{above}}}'}", _POWER


def _root(args: Sequence[Tree]) -> tuple[str, int]:
    degree = "" if args[1] == 2 else f"[{written(args[1])}]"
    return rf"\sqrt{degree}{{{written(args[0])}}}", _ATOM


def _function(op: str, args: Sequence[Tree]) -> tuple[str, int]:
    base = ""
    if op == "log" and len(args) == 2:
        base, args = f"_{{{written(args[1])}}}", args[:1]
    return rf"\{op}{base}({', '.join(map(written, args))})", _POWER


def _interval(args: Sequence[Tree]) -> tuple[str, int]:
    low, high, closed_low, closed_high = args
    return f"{'[' if closed_low else '('}{written(low)}, {written(high)}{']' if closed_high else ')'}", _ATOM


def _matrix(kind: str) -> Callable[[Sequence[Tree]], tuple[str, int]]:
    def write(rows: Sequence[Tree]) -> tuple[str, int]:
        lines = [" & ".join(map(written, row.args)) for row in rows if isinstance(row, Call)]
        body = r" \\ ".join(lines)
        return rf"\begin{{{kind}}} {body} \end{{{kind}}}", _ATOM

    return write


def _quantity(args: Sequence[Tree]) -> tuple[str, int]:
    value, *words = args
    text = re.sub(r" \^ ([0-9]+)", r"}^\1\\text{", " ".join(map(str, words)))
    return rf"{_at_least(value, _SUM)}\text{{ {text}}}".removesuffix(r"\text{}"), _SUM


def _mark(args: Sequence[Tree]) -> tuple[str, int]:
    kind, what = args
    return (f"{_at_least(what, _ATOM)}'" if kind == "'" else rf"\{kind}{{{what}}}"), _ATOM


def _apply(args: Sequence[Tree]) -> tuple[str, int]:
    name = str(args[0]).replace("^-1", "^{-1}")
    return f"{name}({', '.join(map(written, args[1:]))})", _ATOM


def _is(tree: Tree, *ops: str) -> bool:
    return isinstance(tree, Call) and tree.op in ops


def _plain_fraction(args: Sequence[Tree]) -> tuple[str, int]:
    return rf"\frac{{{written(args[0])}}}{{{written(args[1])}}}", _PRODUCT


def _big(sign: str) -> Callable[[Sequence[Tree]], tuple[str, int]]:
    def write(args: Sequence[Tree]) -> tuple[str, int]:
        body, name, low, high = args
        first = f"{written(name)}={written(low)}" if sign != "int" else written(low)
        bounds = rf"\{sign}_{{{first}}}^{{{written(high)}}}"
        if sign == "int":
            return rf"{bounds} {written(body)} \, d {written(name)}", _SUM
        return f"{bounds} {_at_least(body, _PRODUCT)}", _SUM

    return write


def _cases(rows: Sequence[Tree]) -> tuple[str, int]:
    pairs = [" & ".join(map(written, row.args)) for row in rows if isinstance(row, Call)]
    body = r" \\ ".join(pairs)
    return rf"\begin{{cases}} {body} \end{{cases}}", _ATOM


_WRITERS: dict[str, Callable[[Sequence[Tree]], tuple[str, int]]] = {
    "+": _sum,
    "*": _product,
    "/": _plain_fraction,
    "^": _power,
    "neg": lambda args: (f"-{_at_least(args[0], _PRODUCT)}", _SUM),
    "root": _root,
    "factorial": lambda args: (f"{_at_least(args[0], _ATOM)}!", _ATOM),
    "binom": lambda args: (rf"\binom{{{written(args[0])}}}{{{written(args[1])}}}", _ATOM),
    "deg": lambda args: (f"{_at_least(args[0], _ATOM)}^\\circ", _POWER),
    "percent": lambda args: (f"{_at_least(args[0], _ATOM)}\\%", _POWER),
    "interval": _interval,
    "matrix": _matrix("pmatrix"),
    "det": _matrix("vmatrix"),
    "cases": _cases,
    "sum": _big("sum"),
    "prod": _big("prod"),
    "integral": _big("int"),
    "residue": lambda args: (rf"{written(args[0])} \pmod{{{written(args[1])}}}", _SUM),
    "quantity": _quantity,
    "time": lambda args: (f"{args[0]}:{str(args[1]).zfill(2)} {args[2]}", _SUM),
    "text": lambda args: (rf"\text{{{' '.join(map(str, args))}}}", _ATOM),
    "base": lambda args: (f"{args[0]}_{{{args[1]}}}", _ATOM),
    "mark": _mark,
    "apply": _apply,
}

"""The value of a program as plain text: a number of whatever type, or mathematics that is more than a number.

This runs inside the fence, on the program's own objects: it must not import anything heavy, and nothing it
calls is trusted. The other side of the fence gets text only and reads that text strictly.
"""

import numbers
import re
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

TEXT_LENGTH = 1000
"""Characters of the longest value that crosses the fence; `factory.answers` reads no longer numbers."""

MOST_PARTS = 60
"""Parts of the longest container that is written."""

NUMBER = re.compile(
    r"(?<![\w.])(?!0[xX])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:[eE][-+]?\d+)?(?:/\d+)?(?![\d_]|\.\d)"
)


class ProgramValue(NamedTuple):
    """A value in words: its kind, and its text or the name of its type.

    The kinds are number, text, none, other, `mathematics` (LaTeX, or parts with commas), and `closed`: a
    number as a decimal, then a blank and its exact form in LaTeX.
    """

    kind: str
    text: str


def read_value(value: Any, depth: int = 3) -> ProgramValue:
    """Return the number that a value is, as text, or else the mathematics.

    A container of a single number counts as that number: `[18]`, `(18,)`, `{x: 18}` (as sympy's `solve`
    returns) and arrays of one element, up to `depth` levels. Booleans are not numbers; text is passed on.

    >>> read_value([18.5]), read_value((1, 2.5))
    (ProgramValue(kind='number', text='18.5'), ProgramValue(kind='mathematics', text='(1, 2.5)'))
    """
    if value is None:
        return ProgramValue("none", "")
    if isinstance(value, str):
        return ProgramValue("text", last_line(str.__str__(value)))
    if isinstance(value, bool):
        return ProgramValue("other", "bool")
    if isinstance(value, float):
        return ProgramValue("number", float.__repr__(value))
    if isinstance(value, numbers.Rational):
        return _rational(value)
    inner = _only_element(value)
    if inner is not None and depth:
        return read_value(inner[0], depth - 1)
    return _unusual(value)


def _rational(value: numbers.Rational) -> ProgramValue:
    """Read a whole number or a fraction of Python, numpy or sympy; no long one is ever written out."""
    above, below = int(value.numerator), int(value.denominator)
    if max(above.bit_length(), below.bit_length()) > TEXT_LENGTH:
        return ProgramValue("other", "number of too many digits")
    return ProgramValue("number", str(above) if below == 1 else f"{above}/{below}")


def _only_element(value: Any) -> tuple[Any] | None:
    """Return the only element of a container or array, boxed; None for anything else."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple | set | frozenset) or type(value).__name__ in ("FiniteSet", "Tuple"):
        return (next(iter(value)),) if len(value) == 1 else None
    if getattr(value, "size", None) == 1 and hasattr(value, "item"):
        return (value.item(),)
    return None


def _unusual(value: Any) -> ProgramValue:
    """Read decimals, complex numbers, containers of several values and whatever sympy can write."""
    name = type(value).__name__
    if name == "Decimal":
        return ProgramValue("number", str(value))
    if isinstance(value, complex):
        return read_value(value.real) if value.imag == 0 else ProgramValue("mathematics", _complex(value))
    if getattr(value, "is_number", False) and getattr(value, "is_real", None) is not False:
        decimal, exact = repr(float(value)), None if name == "Float" else _written(value)
        return (
            ProgramValue("number", decimal) if exact is None else ProgramValue("closed", f"{decimal} {exact}")
        )
    if isinstance(value, numbers.Real):
        return ProgramValue("number", repr(float(value)))
    text = _written(value)
    return ProgramValue("other", name) if text is None else ProgramValue("mathematics", text)


def _written(value: Any, depth: int = 3) -> str | None:
    """Return a value as mathematics: as sympy writes it in LaTeX, a container part by part; None for others.

    The values of a dictionary, such as `{x: 1, y: 2}` of sympy's `solve`, are a tuple, and so is a list in
    another container.
    """
    sympy: Any = sys.modules.get("sympy")
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        rows = value.tolist()
        value = sympy.Matrix(rows) if sympy is not None and value.ndim == 2 else tuple(rows)
    if sympy is not None and isinstance(value, sympy.Basic | sympy.MatrixBase):
        return _by_sympy(sympy, value, depth)
    if isinstance(value, dict):
        value = tuple(value.values())
    brackets = {list: ("", ""), tuple: ("(", ")"), set: (r"\{", r"\}"), frozenset: (r"\{", r"\}")}
    for container, pair in brackets.items():
        if isinstance(value, container):
            parts: Iterable[Any] = sorted(value, key=repr) if container in (set, frozenset) else value
            return _joined(parts, *pair, depth) if 1 < len(value) <= MOST_PARTS and depth else None
    return None


def _by_sympy(sympy: Any, value: Any, depth: int) -> str | None:
    if isinstance(value, sympy.logic.boolalg.BooleanAtom):
        return None
    if isinstance(value, sympy.Tuple):
        return _joined(value, "(", ")", depth)
    if isinstance(value, sympy.And | sympy.Or) and len(value.free_symbols) == 1:
        value = value.as_set()  # as `solve` says where an inequality holds
    if isinstance(value, sympy.Poly):
        value = value.as_expr()
    text = sympy.latex(value, ln_notation=True)
    return text if len(text) <= TEXT_LENGTH else None


def _joined(parts: Iterable[Any], opening: str, closing: str, depth: int) -> str | None:
    texts = [_part(part, depth - 1) for part in parts]
    text = opening + ", ".join(text or "" for text in texts) + closing
    return text if all(texts) and len(text) <= TEXT_LENGTH else None


def _part(value: Any, depth: int) -> str | None:
    """Return a part of a container as text, exactly where that is possible."""
    found = read_value(value, 0) if not isinstance(value, list | tuple | set | frozenset | dict) else None
    if found is None:
        return _written(tuple(value) if isinstance(value, list) else value, depth)
    if found.kind == "closed":
        return found.text.partition(" ")[2]
    return found.text if found.kind in ("number", "mathematics", "text") and found.text else None


def _complex(value: complex) -> str:
    """Return a complex number as `3 - 4i`."""
    real, imaginary = (
        str(int(part)) if part.is_integer() else repr(part) for part in (value.real, value.imag)
    )
    return f"{real} + {imaginary}i".replace("+ -", "- ") if value.real else f"{imaginary}i"


def last_line(text: str) -> str:
    """Return the last line of a text that is not blank; no part of a long one, which may say another number.

    >>> last_line("so it is\\n18 dollars\\n"), last_line("12" * 5000)
    ('18 dollars', 'a line too long to be read')
    """
    line = next((line for line in reversed(text.splitlines()) if line.strip()), "").strip()
    return line if len(line) <= TEXT_LENGTH else "a line too long to be read"


def read_text(text: str) -> str | None:
    """Return the only number in the last line of a text, without separators; None for none or several.

    >>> read_text("The total is $1,250.50 a year."), read_text("12 or 13")
    ('1250.50', None)
    """
    found = NUMBER.findall(last_line(text).replace("$", ""))
    return found[0].replace(",", "") if len(found) == 1 else None

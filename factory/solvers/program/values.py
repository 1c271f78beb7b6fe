"""The value of a program as plain text, whatever type its number has.

This runs inside the fence, on the program's own objects: it must not import anything heavy, and nothing it
calls is trusted. The other side of the fence gets text only and reads that text strictly.
"""

import numbers
import re
from typing import Any, NamedTuple

TEXT_LENGTH = 1000
"""Characters of the longest number that crosses the fence; `factory.answers.number` reads no longer ones."""

NUMBER = re.compile(
    r"(?<![\w.])(?!0[xX])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:[eE][-+]?\d+)?(?:/\d+)?(?![\d_]|\.\d)"
)


class ProgramValue(NamedTuple):
    """A value in words: `kind` is number, text, none or other; `text` is its text or the name of its type."""

    kind: str
    text: str


def read_value(value: Any, depth: int = 3) -> ProgramValue:
    """Return the number that a value is, as text.

    A container of a single number counts as that number: `[18]`, `(18,)`, `{x: 18}` (as sympy's `solve`
    returns) and arrays of one element, up to `depth` levels. Booleans are not numbers; text is passed on.

    >>> read_value([18.5]), read_value(True)
    (ProgramValue(kind='number', text='18.5'), ProgramValue(kind='other', text='bool'))
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
    """Read decimals, complex numbers on the real line and closed sympy expressions."""
    name = type(value).__name__
    if name == "Decimal":
        return ProgramValue("number", str(value))
    if isinstance(value, complex):
        return read_value(value.real) if value.imag == 0 else ProgramValue("other", name)
    if getattr(value, "is_number", False) and getattr(value, "is_real", None) is not False:
        return ProgramValue("number", repr(float(value)))
    if isinstance(value, numbers.Real):
        return ProgramValue("number", repr(float(value)))
    return ProgramValue("other", name)


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

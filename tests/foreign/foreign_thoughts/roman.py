"""The answer kind `roman`: whole numbers that are read from Roman numerals and written in figures.

>>> canonical("XIV"), canonical("14"), canonical("fourteen")
('14', '14', None)
"""

import re

from thoughtmill.factory.answers import Comparison

PATTERN = "[1-9][0-9]*"

_VALUES = {"C": 100, "XC": 90, "L": 50, "XL": 40, "X": 10, "IX": 9, "V": 5, "IV": 4, "I": 1}


def canonical(text: str) -> str | None:
    """Return a numeral in figures; None when the text is neither a numeral nor figures."""
    if re.fullmatch(PATTERN, text):
        return text
    if not re.fullmatch("[CLXVI]+", text):
        return None
    return str(sum(_VALUES[part] for part in re.findall("XC|XL|IX|IV|[CLXVI]", text)))


def compared(left: str, right: str) -> Comparison:
    """Compare two canonical texts that differ: they are two numbers."""
    return Comparison(left == right, "number")


def numeral(number: int) -> str:
    """Return a number below 400 as a Roman numeral."""
    parts = []
    for letters, value in _VALUES.items():
        parts.append(letters * (number // value))
        number %= value
    return "".join(parts)

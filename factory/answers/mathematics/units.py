"""Units of measure: what each measures and its size, so that 12 cm is 0.12 m and never 12 m.

>>> unit(("square", "feet")) == unit(("ft", "^", "2")), unit(("tickets",))
(True, None)
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple


class Unit(NamedTuple):
    """What a unit measures, as powers of base dimensions, and how many base units it is."""

    dimensions: tuple[tuple[str, int], ...]
    size: Fraction


_F = Fraction
_INCH = _F(254, 10_000)
_POUND = _F(45_359_237, 100_000_000)
_METRIC: dict[str, Fraction | int] = {"": 1, "k": 1000, "c": _F(1, 100), "m": _F(1, 1000), "d": _F(1, 10)}
_PREFIXES = {"": "", "k": "kilo", "c": "centi", "m": "milli", "d": "deci"}
_LISTED: dict[str, dict[str, Fraction | int]] = {
    "length": {
        "in inch inches": _INCH, "ft foot feet": 12 * _INCH, "yd yds yard yards": 36 * _INCH,
        "mi mile miles": 63_360 * _INCH,
    },
    "time": {
        "s sec secs second seconds": 1, "min mins minute minutes": 60, "h hr hrs hour hours": 3600,
        "day days": 86_400, "week weeks wk": 604_800, "ms": _F(1, 1000),
        "millisecond milliseconds": _F(1, 1000),
    },
    "years": {"month months": _F(1, 12), "yr yrs year years": 1, "decade decades": 10,
              "century centuries": 100},
    "mass": {
        "lb lbs pound pounds": _POUND, "oz ounce ounces": _POUND / 16, "ton tons": 2000 * _POUND,
        "gm gms": _F(1, 1000), "tonne tonnes": 1000,
    },
    "volume": {"gal gallon gallons": 231 * _INCH**3, "qt quart quarts": 231 * _INCH**3 / 4,
               "pt pint pints": 231 * _INCH**3 / 8, "cup cups": 231 * _INCH**3 / 16},
    "area": {"acre acres": 4840 * (36 * _INCH) ** 2, "hectare hectares": 10_000},
    "money": {"cent cents penny pennies ¢": _F(1, 100)},
    "angle": {"radian radians rad": 1},
    "celsius": {"celsius": 1},
    "fahrenheit": {"fahrenheit": 1},
    "force": {"N newton newtons": 1}, "energy": {"J joule joules": 1, "kJ kilojoule kilojoules": 1000},
    "power": {"W watt watts": 1, "kW kilowatt kilowatts": 1000}, "voltage": {"V volt volts": 1},
    "frequency": {"Hz hertz": 1, "kHz kilohertz": 1000, "MHz megahertz": 10**6},
    "data": {"byte bytes": 1, "KB kilobyte kilobytes": 10**3, "MB megabyte megabytes": 10**6,
             "GB gigabyte gigabytes": 10**9, "TB terabyte terabytes": 10**12},
}  # fmt: skip
_PREFIXED = {
    "length": ("m", ("meter", "metre"), _F(1)),
    "mass": ("g", ("gram", "gramme"), _F(1, 1000)),
    "volume": ("l", ("liter", "litre"), _F(1, 1000)),
}


def _table() -> dict[str, tuple[str, Fraction]]:
    found = {
        word: (dimension, _F(size))
        for dimension, rows in _LISTED.items()
        for words, size in rows.items()
        for word in words.split()
    }
    for dimension, (symbol, words, size) in _PREFIXED.items():
        for prefix, scale in _METRIC.items():
            found[prefix + symbol] = (dimension, size * scale)
            for word in words:
                found[_PREFIXES[prefix] + word] = found[_PREFIXES[prefix] + word + "s"] = found[
                    prefix + symbol
                ]
    return found | {"mph": ("mph", _F(1)), "kph": ("kph", _F(1)), "mL": found["ml"], "L": found["l"]}


UNITS = _table()
_SPEEDS = {"mph": ("mi", "h"), "kph": ("km", "h")}
_LENGTHS = {"area": 2, "volume": 3}
"""What is measured in powers of lengths."""

ABBREVIATIONS = frozenset(
    word for word in UNITS if len(word) > 1 and word not in {"day", "ton", "cup", "KB", "MB", "GB", "TB"}
)
"""Units that a number may carry without `\\text`: no product of names looks like them."""

_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}


@lru_cache(maxsize=512)
def unit(words: Sequence[str]) -> Unit | None:
    """Return the unit that words and signs write (`square feet`, `km / h`), or None if they name none."""
    dimensions: dict[str, int] = {}
    size, sign, power, known = _F(1), 1, 1, False
    for at, word in enumerate(words):
        if word in ("/", "per", "an", "a"):
            sign = -1 if word in ("/", "per") or at else sign
        elif word.lower() in _POWERS:
            power = _POWERS[word.lower()]
        elif (found := UNITS.get(word) or UNITS.get(word.lower())) is not None:
            after = words[at + 1 : at + 3]
            if len(after) == 2 and after[0] == "^" and re.fullmatch("[1-9]", after[1]):
                power = int(after[1])
            for name, each in _parts(word, found, sign * power):
                dimensions[name] = dimensions.get(name, 0) + (each[0] if name else 0)
                size *= each[1] ** each[0]
            known, power = True, 1
        elif word not in ("^", "*", "of") and not word.isdecimal():
            return None
    return (
        Unit(tuple(sorted((name, each) for name, each in dimensions.items() if each)), size)
        if known
        else None
    )


def _parts(word: str, found: tuple[str, Fraction], power: int) -> list[tuple[str, tuple[int, Fraction]]]:
    """Return the base dimensions of one word with powers and sizes; the size alone has no name.

    A speed is a length over a time, and a volume a length to the third power.
    """
    if found[0] in _LENGTHS:
        return [("length", (_LENGTHS[found[0]] * power, _F(1))), ("", (power, found[1]))]
    if found[0] not in _SPEEDS:
        return [(found[0], (power, found[1]))]
    length, time = (UNITS[symbol] for symbol in _SPEEDS[found[0]])
    return [(length[0], (power, length[1])), (time[0], (-power, time[1]))]

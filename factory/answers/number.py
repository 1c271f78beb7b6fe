"""Numbers: the exact form in which each is written, and when two of them are equal.

>>> canonical("$1,250.50"), canonical("2 1/2"), canonical("2/6"), canonical("12 or 13")
('1250.5', '2.5', '1/3', None)
>>> equal("0.3333", "1/3"), equal("0.333", "1/3"), equal("114201", "114200"), equal("0.24", "24")
(True, False, False, False)
"""

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

from thoughtmill.factory.answers import Comparison
from thoughtmill.factory.answers.mathematics import reading as mathematics

MAX_LENGTH = 1000
"""Characters of the longest number that is read or written: no text can ask for more memory than this."""

TOLERANCE = Fraction(1, 10_000)
"""How far apart two equal answers may lie, relative to the larger."""

NOISE = Fraction(1, 10**12)
"""How far the rounding of floats may carry a result, relative to it or, next to 0, absolutely."""

SIGNS = {
    ord(sign): "-" for sign in "\N{MINUS SIGN}\N{EN DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}"
}
VULGAR = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅙": "1/6", "⅛": "1/8"}
DIGITS_OF_SCRIPTS = {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(0x0660, 0x1FBFA)  # from Arabic to the segmented digits; below are those of ASCII
    if chr(code).isdecimal()
}
WIDE = {ord(wide): plain for wide, plain in zip("．，＋－＝％＄／٫٬٪", ".,+-=%$/.,%", strict=True)}
PLAIN = (
    SIGNS
    | DIGITS_OF_SCRIPTS
    | WIDE
    | {ord(sign): f" {fraction}" for sign, fraction in VULGAR.items()}
    | {ord("\N{FRACTION SLASH}"): "/"}
)
"""For `str.translate`: digits of all scripts, typographic signs and fractions become those of a keyboard."""

DIGITS = r"(?>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
"""A whole number in figures, with or without thousands separators; a match is never tried shorter."""

DECIMAL = rf"(?:{DIGITS}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
PATTERN = r"-?\d+(/\d+)?|-?\d+\.\d+"
"""The canonical texts: `18`, `-3`, `0.5`, `1/3`."""

_NUMBER = re.compile(
    rf"([-+]?)\s*(?:[$€£¥₹]\s*)?([-+]?)"
    rf"(?:([0-9]+)\s+([0-9]+)\s*/\s*([0-9]+)|({DECIMAL})(?:\s*/\s*({DECIMAL}))?)"
    rf"(?:\s*[$€£¥₹])?"
)


def canonical(text: str) -> str | None:
    """Return the canonical text of a number, or None for any other text.

    Read are integers, decimals, fractions, mixed numbers, scientific notation, thousands separators and a
    sign of currency, and all of them in LaTeX, with `%`, degrees, or words that count (`12 apples`). Running
    text is for `factory.answers.reading`.
    """
    number = value(text)
    if number is None:
        tree = mathematics.read(text)
        number = tree if isinstance(tree, Fraction) and fits(tree) else None
    return None if number is None else exact_text(number)


def figures(text: str) -> str | None:
    """Return the canonical text of a number in figures, without LaTeX or words, or None for other texts."""
    number = value(text)
    return None if number is None else exact_text(number)


def value(text: str) -> Fraction | None:
    """Return the exact value of a text, or None if it is not a number or too long to keep.

    >>> value("\N{MINUS SIGN} 3"), value("1e-2"), value("1e1000000000"), value("nan")
    (Fraction(-3, 1), Fraction(1, 100), None, None)
    """
    if len(text) > MAX_LENGTH:
        return None
    if text.isdecimal() and text.isascii():
        return Fraction(int(text))  # most numbers
    return _read(text)


@lru_cache(maxsize=1024)
def _read(text: str) -> Fraction | None:
    found = _NUMBER.fullmatch(text.translate(PLAIN).strip())
    if found is None or (found[1] and found[2]):
        return None
    number = _mixed(found[3], found[4], found[5]) if found[3] else _ratio(found[6], found[7])
    if number is None or not fits(number):
        return None
    return -number if "-" in (found[1], found[2]) else number


def exact_text(number: Fraction) -> str:
    """Return the canonical text of a number: `18`, `-3`, `0.5`, and `1/3` where no decimal is exact.

    Two numbers have the same canonical text exactly when they are the same number. Numbers too long to keep
    (`fits`) raise ValueError.

    >>> exact_text(Fraction(-1, 8)), exact_text(Fraction(14, 6))
    ('-0.125', '7/3')
    """
    text = _text(number) if _bits(number) < 4 * MAX_LENGTH else ""
    if not 0 < len(text) <= MAX_LENGTH:
        raise ValueError(f"a number of more than {MAX_LENGTH} characters cannot be an answer")
    return text


def fits(number: Fraction) -> bool:
    """Return whether a number is short enough to be an answer."""
    bits = _bits(number)
    if 2 * bits < MAX_LENGTH:
        return True  # a digit takes at least one bit
    return bits < 4 * MAX_LENGTH and len(_text(number)) <= MAX_LENGTH


def compared(left: str, right: str) -> Comparison:
    """Compare two numbers by their values."""
    return Comparison(equal(left, right), "number")


def equal(predicted: str, gold: str) -> bool:
    """Return whether two answers are the same number: exactly, or as one is a rounding of the other.

    Numbers that differ are equal when they lie within 1e-4 of each other, relative to the larger, *and*
    differ by less than one unit of the last digit that the shorter one shows. The second half keeps the
    tolerance to what it is for, floats and rounded decimals: two different integers are never equal, however
    large (114200 and 114201), nor are an integer or fraction and another fraction without an exact decimal;
    24.001 is 24, and 114204.5 is not 114200. Beside 0 the tolerance is `NOISE`. A factor of 100 is never
    accepted, and a text without a number equals nothing. The order of the two does not matter, so thoughts
    can be compared too.

    >>> equal("8.333333333333314", "25/3"), equal("8.3333333334", "25/3"), equal("114200.0001", "114200")
    (True, True, True)
    """
    one, other = value(predicted), value(gold)
    return one is not None and other is not None and same(one, other)


def same(one: Fraction, other: Fraction) -> bool:
    """Return whether two numbers are equal answers, by the rule of `equal`."""
    apart = abs(one - other)
    if apart == 0:
        return True
    if not decimal_places(one) and not decimal_places(other):
        return False  # both are exact: only decimals are roundings
    size = max(abs(one), abs(other))
    near = TOLERANCE * size if one and other else NOISE
    return apart <= NOISE * size or (apart <= near and apart < max(_unit(one), _unit(other)))


def rounds(decimal: Fraction, exact: Fraction) -> bool:
    """Return whether a decimal is the rounding of an irrational number, given to many digits.

    >>> root = Fraction("1.414213562373095")
    >>> rounds(Fraction("1.4142"), root), rounds(Fraction("1.41"), root)
    (True, False)
    """
    apart = abs(decimal - exact)
    return apart <= TOLERANCE * abs(exact) and apart < _unit(decimal)


def lorid_grader(predicted: str, gold: str) -> bool:
    """Return the verdict of LoRID's released grader: within 1e-4 of gold, of 100 times or 1/100 of it.

    For reproducing LoRID's tables (arXiv 2508.13037) only: it accepts wrong answers, so nothing that
    goes into the corpus is decided by it.

    >>> lorid_grader("0.24", "24"), lorid_grader("2400", "24"), lorid_grader("25", "24")
    (True, True, False)
    """
    one, other = value(predicted), value(gold)
    if one is None or other is None:
        return False
    return any(
        abs(one - other * scale) <= TOLERANCE * abs(other * scale) for scale in (Fraction(1, 100), 1, 100)
    )


def decimal_places(number: Fraction) -> int | None:
    """Return how many digits after the point write a number exactly, or None when no decimal does.

    >>> decimal_places(Fraction(3)), decimal_places(Fraction(1, 8)), decimal_places(Fraction(1, 3))
    (0, 3, None)
    """
    rest = number.denominator
    twos = (rest & -rest).bit_length() - 1
    rest >>= twos
    fives = 0
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    return max(twos, fives) if rest == 1 else None


def _unit(number: Fraction) -> Fraction:
    """Return the unit of the last digit a number shows; 0 when it has no last digit."""
    places = decimal_places(number)
    return Fraction(0) if places is None else Fraction(1, 10**places)


def _text(number: Fraction) -> str:
    places = decimal_places(number)
    if places is None or places > MAX_LENGTH:
        return f"{number.numerator}/{number.denominator}"
    if places == 0:
        return str(number.numerator)
    digits = str(abs(number.numerator) * 10**places // number.denominator).zfill(places + 1)
    return f"{'-' if number < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _bits(number: Fraction) -> int:
    return number.numerator.bit_length() + number.denominator.bit_length()


def _mixed(whole: str, top: str, bottom: str) -> Fraction | None:
    """Return a mixed number; its fraction must be a proper one, else the text is two numbers."""
    if int(top) >= int(bottom):
        return None
    return int(whole) + Fraction(int(top), int(bottom))


def _ratio(top: str, bottom: str | None) -> Fraction | None:
    above = _decimal(top)
    below = Fraction(1) if bottom is None else _decimal(bottom)
    return above / below if above is not None and below else None


def _decimal(text: str) -> Fraction | None:
    mantissa, _, exponent = text.replace(",", "").lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    scale = _exponent(exponent)
    if scale is None:
        return None
    scale -= len(decimals)
    digits = int(whole + decimals)
    return Fraction(digits * 10**scale) if scale >= 0 else Fraction(digits, 10**-scale)


def _exponent(text: str) -> int | None:
    """Return the exponent of scientific notation, or None when it is larger than any number that is kept."""
    exponent = int(text) if text else 0
    return exponent if abs(exponent) <= MAX_LENGTH else None

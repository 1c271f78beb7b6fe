r"""Tokens of written mathematics: LaTeX, Unicode and plain text, cut in linear time.

>>> [token.text for token in tokens(r"2\tfrac12 x^2 \le 64,\!328")]
['2', 'frac', '12', 'x', '^', '2', '<=', '64328']
"""

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple

from thoughtmill.factory.answers.mathematics import alphabet
from thoughtmill.factory.answers.mathematics.units import ABBREVIATIONS, UNITS

MAX_LENGTH = 2000
"""Characters of the longest answer that is read."""

MAX_TOKENS = 800
MAX_DIGITS = 400
"""Digits of the longest number that is read."""


class Unreadable(Exception):
    """A text that is not mathematics as we read it."""


class Sign(NamedTuple):
    """A token: a number (`n`), name (`w`), function (`f`), word (`t`), or a sign that is its own kind.

    `tight` says that no white space precedes it.
    """

    kind: str
    text: str
    tight: bool


_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
_THOUSANDS = re.compile(r"(?<=[0-9])(?:\{,\}|,[ ~]?\\!|\\!,|, ?\\! ?|\\,|\\;|\\ |~)[ ]?(?=[0-9]{3})")
_TIMES = re.compile(r"(?<=[0-9]) ?[xX] ?(?=10 ?(?:\^|\*\*))")
"""The letter that a keyboard has for a product, in `3 x 10^4`."""

_APART = re.compile(r"([-+]?[0-9]{1,3}(?:[ '’][0-9]{3})+(?:\.[0-9]+)?)")
_DEGREE = re.compile(r"\^ ?(?:\{ ?\\(?:circ|degree) ?\}|\\circ(?![A-Za-z]))")
_SPELLINGS = (
    (re.compile(r"\\not ?="), r"\\neq "),
    (
        re.compile(r"\( ?(?:\\(?:text|mathrm|operatorname) ?\{ ?mod ?\}|\\b?mod|mod)(?![a-z]) ?([^()]*)\)"),
        r"\\pmod{\1}",
    ),
    (re.compile(r"\\text ?\{ ?\(mod ([0-9]+)\) ?\}"), r"\\pmod{\1}"),
    (re.compile(r"° ?(?:\\(?:text|mathrm) ?\{ ?C ?\}|C(?![A-Za-z]))"), r"\\text{ Celsius}"),
    (re.compile(r"° ?(?:\\(?:text|mathrm) ?\{ ?F ?\}|F(?![A-Za-z]))"), r"\\text{ Fahrenheit}"),
)
"""Notation that is read as another one."""

_NO_BRACKET = re.compile(r"\\(?:left|right) ?\.")
_TOKEN = re.compile(
    r"""(?P<s>\s+)
      |(?P<r>[0-9]*\.[0-9]*\\(?:overline|bar|dot)\{[0-9]+\})
      |(?P<n>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+(?![0-9.]))?)
      |\\(?P<c>[A-Za-z]+)\*?
      |\\(?P<e>.)
      |(?P<l>[^\W\d_]+)
      |(?P<o>\*\*|<=|=<|>=|!=|==|:=|\.\.\.|//|.)""",
    re.VERBOSE | re.DOTALL,
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?")
_NEXT_WORD = re.compile(r" ([a-z]{2,})")
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ESCAPED = {"{": "\\{", "}": "\\}", "|": "|", "\\": "row", "%": "%", "&": "t"}
_SILENT_ESCAPES = frozenset(",;:! /()[]$>")
_NUMBER_SETS = {"R": "reals", "Z": "integers", "N": "naturals", "Q": "rationals", "C": "complexes"}
_OPENING, _CLOSING = frozenset({"(", "[", "\\{"}), frozenset({")", "]", "\\}"})
_SINGLE = frozenset("+-*/^_!()[]{}|,;:=<>&%'@#")
_VOWEL = re.compile("[aeiou]", re.IGNORECASE)


def tokens(text: str) -> list[Sign]:
    """Cut a text into tokens. Raises `Unreadable` on a character outside mathematics and on long texts."""
    if len(text) > MAX_LENGTH:
        raise Unreadable(f"more than {MAX_LENGTH} characters")
    text = _TIMES.sub(r"\\times ", _NO_BRACKET.sub("", _keyboard(text)))
    text = _DEGREE.sub("°", _THOUSANDS.sub("", text))
    for pattern, plainer in _SPELLINGS:
        text = pattern.sub(plainer, text)
    return _Lexer(text).run()


def _keyboard(text: str) -> str:
    """Return a text with raised digits, digits of other scripts and full-width signs as on a keyboard."""
    apart = _APART.fullmatch(text.strip())
    if apart:
        return re.sub("[ '’]", "", apart[1])
    if text.isascii():
        return text
    text = _RAISED.sub(lambda found: f"^{{{found[0].translate(_SUPER)}}}", text)
    text = _LOWERED.sub(lambda found: f"_{{{found[0].translate(_SUB)}}}", text)
    return "".join(_plain(character) for character in text)


def _plain(character: str) -> str:
    if character in _VULGAR:
        value = Fraction(unicodedata.numeric(character)).limit_denominator(10)
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    if character in alphabet.SIGNS or character.isascii():
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    same = unicodedata.normalize("NFKC", character)
    return same if len(same) <= 4 else character


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open = 0  # brackets in which a comma separates
        self.found: list[Sign] = []
        self.program = "*" in text and "\\" not in text  # sympy's own names are in use
        self.tight = False

    def run(self) -> list[Sign]:
        while self.at < len(self.text):
            if not self.open and (grouped := _GROUPED.match(self.text, self.at)):
                self.number(grouped[0].replace(",", ""), grouped.end())
                continue
            match = _TOKEN.match(self.text, self.at)
            assert match is not None, "every character is a token"
            self.read(match)
        return self.found

    def add(self, kind: str, text: str | None = None) -> None:
        if kind in _OPENING:
            self.open += 1
        elif kind in _CLOSING:
            self.open = max(0, self.open - 1)
        self.found.append(Sign(kind, kind if text is None else text, self.tight))
        self.tight = True
        if len(self.found) > MAX_TOKENS:
            raise Unreadable(f"more than {MAX_TOKENS} tokens")

    def number(self, text: str, end: int) -> None:
        if len(text) > MAX_DIGITS:
            raise Unreadable(f"a number of more than {MAX_DIGITS} digits")
        self.at = end
        self.add("n", text)

    def read(self, match: re.Match[str]) -> None:
        kind, text = match.lastgroup, match[0]
        self.at = match.end()
        if kind == "s":
            self.tight = False
        elif kind in ("n", "r"):
            self.number(text, match.end())
        elif kind == "c":
            self.command(match["c"])
        elif kind == "e":
            self.escape(match["e"])
        elif kind == "l":
            self.letters(text)
        else:
            self.sign(text)

    def ends(self, at: int) -> bool:
        return not self.text[at:].strip()

    def escape(self, character: str) -> None:
        if character in _ESCAPED:
            self.add(_ESCAPED[character], "and" if character == "&" else None)
        elif character in _SILENT_ESCAPES:
            self.tight = False
        else:
            raise Unreadable(f"\\{character}")

    def sign(self, text: str) -> None:
        if text in alphabet.SIGNS:
            kind = alphabet.SIGNS[text]
            self.add(kind, {"∠": "angle", "△": "triangle"}.get(text))
        elif text in _SINGLE:
            self.add(text)
        elif text in alphabet.CONSTANTS:
            self.add("c", alphabet.CONSTANTS[text])
        elif text in alphabet.BIG or text == "≡":
            self.add(*(("=", "equiv") if text == "≡" else ("big", alphabet.BIG[text])))
        elif text == "¢":
            self.add("t", "cents")
        elif text in "~$€£¥₹" or (text == "." and self.ends(self.at)) or text == "`" or text.isspace():
            self.tight = False
        else:
            raise Unreadable(f"the character {text!r}")

    def command(self, name: str) -> None:
        if name in alphabet.OPERATORS:
            self.add(alphabet.OPERATORS[name])
        elif name in alphabet.FUNCTIONS or name == "cis":
            self.add("f", name)
        elif name in alphabet.CONSTANTS:
            self.add("c", alphabet.CONSTANTS[name])
        elif name in alphabet.GREEK:
            self.add("w", name)
        elif name == "mathbb":
            self.add("c", _NUMBER_SETS.get(self.argument(), "reals"))
        elif name == "operatorname":
            self.letters(self.argument().strip())
        elif name == "mathrm":
            self.mathrm(self.argument())
        elif name in alphabet.TEXTS:
            self.words(self.argument())
        elif name in alphabet.MARKS:
            self.add("mark", name)
        elif name in ("begin", "end"):
            self.add(name, self.argument())
        elif name == "equiv":
            self.add("=", "equiv")
        elif name in alphabet.BIG:
            self.add("big", alphabet.BIG[name])
        elif name in ("pmod", "mod"):
            self.add("pmod" if name == "pmod" else "t", "mod")
        elif name in ("hspace", "vspace", "label", "tag", "color", "phantom", "hphantom"):
            self.argument()
        elif name not in alphabet.SPACES and name not in alphabet.WRAPPERS:
            raise Unreadable(f"the command \\{name}")
        self.tight = self.tight and name not in alphabet.SPACES

    def argument(self) -> str:
        """Step over a braced argument and return it; without braces it is the next character."""
        start = self.at
        while start < len(self.text) and self.text[start] == " ":
            start += 1
        if not self.text.startswith("{", start):
            self.at = start + 1
            return self.text[start : start + 1]
        depth = 0
        for at in range(start, len(self.text)):
            depth += {"{": 1, "}": -1}.get(self.text[at], 0)
            if depth == 0:
                self.at = at + 1
                return self.text[start + 1 : at]
        raise Unreadable("a brace that nothing closes")

    def mathrm(self, text: str) -> None:
        """Read an upright letter as a name, or after a number or unit as a unit; several are words."""
        after = self.found[-1].kind if self.found else ""
        if len(text) == 1 and text.isalpha() and (text in "eid" or after not in ("n", "t", "/")):
            self.name(text)
        else:
            self.words(text)

    def words(self, text: str) -> None:
        """Read the argument of `\\text`: words, and numbers and signs as elsewhere."""
        at = 0
        while at < len(text):
            if word := _WORD.match(text, at):
                self.word(word[0])
                at = word.end()
                continue
            if number := _GROUPED.match(text, at) or _DECIMAL.match(text, at):
                self.number(number[0].replace(",", ""), self.at)
                at = number.end()
                continue
            if text[at] in "()[],:/%+-=<>^":
                self.add(text[at])
            elif not text[at].isspace() and text[at] not in ".$\\{}!~;'\"?&":
                raise Unreadable(f"the character {text[at]!r}")
            self.tight = False
            at += 1

    def word(self, word: str) -> None:
        kind = word.lower()
        self.add(*(("and", None) if kind == "and" else ("or", None) if kind == "or" else ("t", word)))

    def letters(self, run: str) -> None:
        """Read a run of bare letters: a function, a unit, a word, or a product of names."""
        last = self.found[-1] if self.found else None
        if run in UNITS and [each.kind for each in self.found[-2:]] == ["t", "/"]:
            self.add("t", run)  # `km/h`
        elif len(run) == 1 and run in alphabet.LETTERS:
            self.add("w", alphabet.LETTERS[run])
        elif run in alphabet.CONSTANTS:
            self.add("c", alphabet.CONSTANTS[run])
        elif run == "a" and (word := _NEXT_WORD.match(self.text, self.at)) and not is_product(word[1]):
            self.add("t", run)  # an article
        elif len(run) == 1:
            self.name(run)
        elif run in ABBREVIATIONS and last is not None and last.kind in ("n", "}", ")", "%"):
            self.add("t", run)
        elif run in alphabet.PLAIN_FUNCTIONS:
            self.add("f", alphabet.PLAIN_FUNCTIONS[run])
        elif run in ("and", "or", "in", "mod") or (run in ("U", "u") and last is not None):
            self.add({"U": "union", "u": "union"}.get(run, run))
        elif run in alphabet.GREEK:
            self.add("w", run)
        elif is_product(run):
            for letter in run:
                self.name(letter)
        else:
            self.word(run)

    def name(self, letter: str) -> None:
        constant = {"I": "i", "E": "e"}.get(letter, letter) if self.program else letter
        if constant == "U" and self.found and self.found[-1].kind in (")", "]", "\\}"):
            self.add("union")
        else:
            self.add("w", constant)


def is_product(run: str) -> bool:
    """Return whether a run of letters is a product of names (`xy`, `abc`) and no word (`no`, `even`)."""
    if not run.isascii():
        return False
    if len(run) == 2:
        return run.lower() not in alphabet.WORDS_NOT_NAMES
    if set(run) <= set("abc"):
        return True
    return len(run) <= 6 and (not _VOWEL.search(run) or list(run) == sorted(set(run)))


def read_number(text: str) -> Fraction:
    """Return the exact value of a number token: digits, a decimal, `1e-3`, `0.\\overline{3}`.

    >>> read_number(r"0.1\\overline{6}")
    Fraction(1, 6)
    """
    if "\\" in text:
        head, _, period = text.rstrip("}").partition("\\")
        period = period.partition("{")[2]
        whole, _, digits = head.partition(".")
        shift = 10 ** len(digits)
        return Fraction(int(whole + digits or "0"), shift) + Fraction(
            int(period), shift * (10 ** len(period) - 1)
        )
    mantissa, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > MAX_DIGITS:
        raise Unreadable("an exponent without measure")
    return Fraction(mantissa) * Fraction(10) ** int(exponent or 0)

"""The alphabet of equations: a line of a teacher's text as tokens, or a refusal.

Every character is either in this alphabet or makes the text unparsable: there are no quotes, no dots between
names, no backslashes. Each pattern scans a line once, in linear time.
"""

import re
import unicodedata
from typing import NamedTuple

from thoughtmill.factory.solvers.equation.tree import Unsolvable

MAX_CHARS = 20_000  # of a text; real teachers stay under 4,000
MAX_LINES = 300
MAX_TOKENS = 300  # of a line; also bounds the depth of its tree
MAX_DIGITS = 60  # of a number
MAX_LETTERS = 100  # of a word

KEYWORDS = frozenset({"if", "else", "and", "or", "mod"})
VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
RELATIONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "~"})


class Token(NamedTuple):
    """A number (`n`), a word (`w`), a keyword, `pi` or a sign; `spaced` when white space precedes it."""

    kind: str
    text: str
    spaced: bool


# A sign may be written in several ways; each has one name from here on. `$` and its like say nothing.
_SIGNS = {
    "==": "=", ":=": "=", "**": "^", "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "÷": "/", "∕": "/",
    "⁄": "/", "−": "-", "–": "-", "≤": "<=", "≥": ">=", "=<": "<=", "≠": "!=", "<>": "!=", "≈": "~", "≃": "~",
    "⇒": "=>", "→": "=>", "->": "=>", "π": "pi", "[": "(", "]": ")", "{": "(", "}": ")", "√": "sqrt",
}  # fmt: skip

_BLANK = r"[\s$€£¥₹]"
_TOKEN = re.compile(
    rf"""{_BLANK}*+(?:
       (?P<n>[0-9]{{1,3}}(?:,[0-9]{{3}})+(?![0-9])(?:\.[0-9]+)?
            |[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+|[{VULGAR}])
      |(?P<w>[^\W\d{VULGAR}π][^\Wπ]*(?:['’]s\b)?)
      |(?P<s>\*\*|//|==|:=|\+=|-=|\*=|<=|>=|=<|!=|<>|=>|->|[-+*/^%()\[\]{{}}=<>,;:!×·⋅∙∗÷∕⁄−–≤≥≠≈≃⇒→√π])
      |$)""",
    re.VERBOSE,
)
_OPENING = frozenset("+-*/^(=<>,×·÷≤≥")
_MANY = frozenset({"max", "min", "sum", "round", "Eq"})
_HUGE = re.compile(r"[eE][+-]?[0-9]{4,}$")
_SPELT = str.maketrans(
    {"²": "^2", "³": "^3", "⌈": " ceil(", "⌊": " floor(", "⌉": ")", "⌋": ")", "𝜋": "π", "𝛑": "π"}
)


def tokens(line: str) -> list[Token]:
    """Cut one line, already without its comment, into tokens.

    Raises `Unsolvable` (`unparsable`) on a character outside the alphabet and on bombs.

    >>> [token.text for token in tokens("2x + $1,000 = y²")]
    ['2', 'x', '+', '1,000', '=', 'y', '^', '2']
    """
    line = line if line.isascii() else line.translate(_SPELT)
    line = _with_abs(line) if "|" in line else line
    found: list[Token] = []
    many: list[bool] = []  # for each open bracket: does a comma separate arguments in it?
    at = 0
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            raise Unsolvable("unparsable", f"a character outside mathematics in {line[at : at + 80]!r}")
        kind = match.lastgroup
        if kind is None:
            break
        start, end = match.span(kind)
        if kind == "n" and any(many):
            end = _argument_end(line, start, end)
        token = _token(kind, line[start:end], start > at)
        if token.kind == "(":
            many.append(bool(found) and found[-1].text in _MANY)
        elif token.kind == ")" and many:
            many.pop()
        found.append(token)
        if len(found) > MAX_TOKENS:
            raise Unsolvable("unparsable", f"a line of more than {MAX_TOKENS} tokens")
        at = end
    return found


def _with_abs(line: str) -> str:
    """Write bars around an expression as `abs(...)`; a bar opens where nothing before it could be closed.

    >>> _with_abs("|2x - |y|| = 3|z|")
    ' abs(2x -  abs(y)) = 3 abs(z)'
    """
    pieces: list[str] = []
    depth = 0
    for at, piece in enumerate(line.split("|")):
        if at:
            before = "".join(pieces[-2:]).rstrip()[-1:]
            opens = not depth or before in _OPENING
            depth += 1 if opens else -1
            pieces.append(" abs(" if opens else ")")
        pieces.append(piece)
    return line if depth else "".join(pieces)


def _argument_end(line: str, start: int, end: int) -> int:
    """Return where a number among the arguments of a function ends: `max(1,200)` has two arguments.

    Raises `Unsolvable` where a comma may be either, as in `max(1,200, 300)`.
    """
    comma = line.find(",", start, end)
    if comma < 0 or ",0" in line[start:end]:
        return end
    if ", " in line:
        raise Unsolvable("unparsable", f"the commas of {line[start:end]!r} may be read two ways")
    return comma


def _token(kind: str, text: str, spaced: bool) -> Token:
    if kind == "n":
        if len(text) > MAX_DIGITS or _HUGE.search(text):
            raise Unsolvable("unparsable", f"a number of more than {MAX_DIGITS} digits")
        return Token(kind, text, spaced)
    if kind == "w":
        if len(text) > MAX_LETTERS:
            raise Unsolvable("unparsable", f"a name of more than {MAX_LETTERS} letters")
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text).replace("’", "'")
        return Token(text if text in KEYWORDS or text == "pi" else "w", text, spaced)
    sign = _SIGNS.get(text, text)
    return Token("w" if sign == "sqrt" else sign, sign, spaced)


def without_comment(line: str) -> str:
    """Cut the comment off a line: from `#`, or from a `//` or ` %` that words follow to the end.

    Two words in a row must follow `//`. After `%` there may be nothing but words, and they follow it at once:
    neither a percentage nor a modulo is spaced like that.

    >>> without_comment("x = 7 // 2  # whole boxes"), without_comment("x = 7 // seven days")
    ('x = 7 // 2  ', 'x = 7 ')
    >>> without_comment("x = 12 %convert bags"), without_comment("x = 12 % bags")
    ('x = 12 ', 'x = 12 % bags')
    """
    line = line.split("#", 1)[0]
    if "%" in line and (remark := _REMARK.search(line)):
        line = line[: remark.start() + 1]
    code, slashes, rest = line.partition("//")
    return code if slashes and _TWO_WORDS.search(rest) else line


_REMARK = re.compile(r"\s%+(?!of\b)[^\W\d_][\w\s,.'’-]*$")
_TWO_WORDS = re.compile(r"\b[^\W\d_]{2,}\s+[^\W\d_]{2,}")

"""Words between the mathematics: names of several words, units, remarks, `of` and `x` as signs.

`number of apples = 5 apples (in the basket)` is `number_of_apples = 5`. Whether a word after a number is a
unit or a factor depends on the whole text: a factor also occurs without a number before it.
"""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from thoughtmill.factory.answers.number import exact_text, value
from thoughtmill.factory.answers.number_words import SCALES
from thoughtmill.factory.solvers.equation.tokens import KEYWORDS, RELATIONS, Token
from thoughtmill.factory.solvers.equation.tree import OPERATIONS, Unsolvable

FUNCTIONS = frozenset({"max", "min", "sum", "abs", "floor", "ceil", "int", "round", "sqrt", "factorial"})
SPELLINGS = {"ceiling": "ceil", "Max": "max", "Min": "min", "Abs": "abs"}
ANSWER = "ans"
_ANSWERS = frozenset({"ans", "answer", "final_answer", "the_answer", "the_final_answer"})
_SIGNS = {"percent": "%", "times": "*", "plus": "+", "minus": "-"}
_SCALES = SCALES | {"dozen": 12}
_CALCULATES = frozenset(
    "less more fewer than times plus minus divided multiplied by twice half double triple to".split()
)
_OPERATORS = frozenset(OPERATIONS) | RELATIONS | {"%", "=>"}

_PLAIN_SIGNS = RELATIONS | {"+", "-", "*", "/", "//", "^", "(", ")"}

Tokens = Sequence[Token]


def left_sides(lines: Iterable[Tokens]) -> frozenset[str]:
    """Return the names, of one word or several, that are alone on the left of some line."""
    found: set[str] = set()
    for line in lines:
        words = list(takewhile(lambda token: token.kind == "w", line))
        if words and len(words) < len(line) and line[len(words)].kind == "=":
            found.add(_name(words))
    return frozenset(found)


def single_names(line: Tokens) -> list[Token] | None:
    """Return a line with its names spelled alike where every word is a name: one, between two signs.

    There `joined` and `plain` find nothing else to do, whatever the other lines say. None for other lines.
    """
    found: list[Token] = []
    after_operand = False
    for token in line:
        is_operand = token.kind in ("n", "w")
        if (is_operand or token.kind == "(") and after_operand:
            return None
        if not is_operand and token.kind not in _PLAIN_SIGNS:
            return None
        found.append(Token("w", _name((token,)), token.spaced) if token.kind == "w" else token)
        after_operand = is_operand or token.kind == ")"
    return found


def joined(line: Tokens, lefts: frozenset[str] = frozenset()) -> list[Token]:
    """Join words in a row to one name, and separate functions (`f`) from names (`w`).

    Where the first of them is a name of `lefts` and all together are none, the others are its unit.

    >>> from thoughtmill.factory.solvers.equation.tokens import tokens
    >>> [token.text for token in joined(tokens("20% of total cost + max(a, b)"))]
    ['20', '%', '*', 'total_cost', '+', 'max', '(', 'a', ',', 'b', ')']
    """
    found: list[Token] = []
    at = 0
    while at < len(line):
        token, end = line[at], at + 1
        if token.kind == "w":
            if found and _put_sign(token, found):
                at = end
                continue
            while end < len(line) and line[end].kind == "w" and not _calls(line, end):
                end += 1
            found.extend(_named(_measured(line[at:end], lefts if at else frozenset()), _calls(line, at)))
        else:
            found.append(token)
        at = end
    return found


def _put_sign(word: Token, before: list[Token]) -> bool:
    """Read a word after a number as the sign or the scale that it is: `20 percent of x`, `3 dozen`."""
    kind = before[-1].kind
    if word.text == "of" and kind in ("n", "%", ")"):
        before.append(Token("*", "*", True))
    elif kind == "n" and word.text in _SIGNS:
        before.append(Token(_SIGNS[word.text], word.text, word.text != "percent"))
    elif kind == "n" and word.text in _SCALES and len(before) > 1 and before[-2].kind in ("/", "n"):
        raise Unsolvable("unparsable", f"{word.text!r} after a fraction may be read two ways")
    elif kind == "n" and word.text in _SCALES and (number := value(before[-1].text)) is not None:
        before[-1] = Token("n", exact_text(number * _SCALES[word.text]), before[-1].spaced)
    else:
        return False
    return True


def _calls(line: Tokens, at: int) -> bool:
    """Tell whether the word at a place is a function with its bracket, or a root sign."""
    word = line[at].text
    follows = line[at + 1].kind if at + 1 < len(line) else ""
    if follows != "(":
        return word == "sqrt" and follows == "n"
    return SPELLINGS.get(word, word) in FUNCTIONS or word == "Eq"


def _named(run: Tokens, calls: bool) -> list[Token]:
    """Make one name of words in a row; single letters in a row stay factors, as in `2 x y`."""
    if calls:
        return [Token("f", SPELLINGS.get(run[0].text, run[0].text), run[0].spaced)]
    if len(run) > 1 and all(len(word.text) == 1 for word in run):
        return list(run)
    return [Token("w", _name(run), run[0].spaced)]


def _name(run: Tokens) -> str:
    """Return the name that words make; capitals distinguish single letters, but not `Total` from `total`."""
    name = "_".join(word.text for word in run).replace("'", "_")
    name = name.lower() if len(name) > 1 else name
    return ANSWER if name in _ANSWERS else name


def _measured(run: Tokens, lefts: frozenset[str]) -> Tokens:
    """Leave the unit out of `T dollars` or `x apples`; a lone letter, but for the article, is a name too."""
    if len(run) == 1:
        return run
    first = run[0].text
    letter = len(first) == 1 and first not in "aA" and any(len(word.text) > 1 for word in run)
    if not (letter or _name(run[:1]) in lefts) or _name(run) in lefts:
        return run
    return run if any(word.text in _CALCULATES for word in run) else run[:1]


def free_names(lines: Iterable[Tokens]) -> frozenset[str]:
    """Return the names that are quantities: they occur where no unit or remark could.

    A line such as `apples = 5 apples` says that `apples` is a unit after numbers: it is then in no product.
    """
    free: set[str] = set()
    units: set[str] = set()
    for line in lines:
        remark = _remark(line)
        for at, token in enumerate(line[:remark]):
            if token.kind != "w" or _applied(line, at):
                continue
            if not _after_number(line, at):
                free.add(token.text)
            elif _starts(line, token.text) and len(token.text) > 1:
                units.add(token.text)
    return frozenset(free - units)


def _after_number(line: Tokens, at: int) -> bool:
    """Tell whether a word follows a number, or the slash after a number's unit (`60 miles / hour`)."""
    last = line[at - 1].kind if at else ""
    if last == "n" or last not in ("/", "%"):
        return last == "n"
    before = [token.kind for token in line[max(0, at - 3) : at]]
    return before == ["n", "w", "/"] or before[-2:] == ["n", "%"]


def _applied(line: Tokens, at: int) -> bool:
    """Tell whether a bracket follows a word at once: `f(x)`, which alone does not make `f` a quantity."""
    return at + 1 < len(line) and line[at + 1].kind == "(" and not line[at + 1].spaced


def _starts(line: Tokens, name: str) -> bool:
    return len(line) > 1 and line[0].text == name and line[1].kind == "="


def _remark(line: Tokens) -> int:
    """Return where a bracketed group without any operator ends the line, or the line's length."""
    if len(line) < 3 or line[-1].kind != ")":
        return len(line)
    for at in range(len(line) - 2, 0, -1):
        kind = line[at].kind
        if kind == "(":
            before = line[at - 1].kind
            return at if line[at].spaced and before in ("n", "w", ")", "%") else len(line)
        if kind == ")" or (kind in _OPERATORS and kind not in KEYWORDS):
            break
    return len(line)


def plain(line: Tokens, free: frozenset[str]) -> list[Token]:
    """Leave out units and remarks, and read `x` between numbers as a sign if it is no name.

    >>> from thoughtmill.factory.solvers.equation.tokens import tokens
    >>> [token.text for token in plain(tokens("x = 3 x 5 apples"), frozenset({"x"}))]
    ['x', '=', '3', 'x', '5']
    """
    end = _remark(line)
    words = {token.text for token in line[end:] if token.kind == "w" and len(token.text) > 1}
    line = line[:end] if words and not words & free else line
    kept: list[Token] = []
    at = 0
    while at < len(line):
        token = line[at]
        follows = line[at + 1].kind if at + 1 < len(line) else ""
        if token.kind == "w" and token.text not in free and at:
            before = line[at - 1].kind
            if token.text in ("x", "X") and before in ("n", ")", "%") and follows in ("n", "("):
                kept.append(Token("*", "*", True))
                at += 1
                continue
            if before == "n" and not token.spaced and (factors := _factors(token.text, free)):
                kept += factors
                at += 1
                continue
            if before == "n" and len(token.text) > 1:
                at += 3 if _rate(line[at + 1 : at + 3], free) else 1
                _must_be_unit(token, line[at : at + 1])
                continue
        kept.append(token)
        at += 1
    return kept


def _factors(word: str, free: frozenset[str]) -> list[Token]:
    """Return the factors that a word right after a number means: `2xy` with names x and y, `5x3`.

    A unit has none. Raises `Unsolvable` on a word that may be more than a unit, such as `1_000` and `3a2`.
    """
    letters = {name.lower(): name for name in sorted(free) if len(name) == 1}
    if letters.keys() >= set(word):
        return [Token("w", letters[letter], False) for letter in word]
    if word[0] == "x" and word[1:].isdecimal():
        return [Token("*", "*", False), Token("n", word[1:], False)]
    first = word.partition("_")[0]  # of several
    if not first or any(letter.isdecimal() for letter in first):
        raise Unsolvable("unparsable", f"{word!r} right after a number may be read two ways")
    return []


def _must_be_unit(unit: Token, after: Tokens) -> None:
    """Refuse words that calculate (`5 less than y`) and measures in two parts (`3 hours 20 minutes`)."""
    if not _CALCULATES.isdisjoint(unit.text.split("_")) or (after and after[0].kind in ("n", "(", "w", "f")):
        raise Unsolvable("unparsable", f"{unit.text.replace('_', ' ')!r} after a number")


def _rate(after: Tokens, free: frozenset[str]) -> bool:
    """Tell whether a unit goes on as in `miles / hour`."""
    return [token.kind for token in after] == ["/", "w"] and after[1].text not in free

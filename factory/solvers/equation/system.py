"""Systems: a teacher's text as equations, conditions and the name that is asked for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names
from thoughtmill.factory.solvers.equation.declarations import Declaration, declaration
from thoughtmill.factory.solvers.equation.grammar import Statement, statement
from thoughtmill.factory.solvers.equation.tokens import (
    KEYWORDS,
    MAX_CHARS,
    MAX_LINES,
    RELATIONS,
    Token,
    tokens,
    without_comment,
)
from thoughtmill.factory.solvers.equation.tree import Unsolvable, rename
from thoughtmill.factory.solvers.equation.words import (
    ANSWER,
    free_names,
    joined,
    left_sides,
    plain,
    single_names,
)

Equation = tuple[Tree, Tree]

_SEPARATORS = frozenset({";", ",", "=>", "and"})
_CONNECTIVES = frozenset("let where so then thus hence therefore and now given since".split())


@dataclass(frozen=True, slots=True)
class Text:
    """A parsed text: its statements in order, its whole names, and whether it calculates with pi."""

    statements: tuple[Statement, ...]
    whole: frozenset[str]
    with_pi: bool = False


@dataclass(frozen=True, slots=True)
class System:
    """What a text says: `equations` and `conditions` hold, `whole` names are integers, `answer` is asked."""

    equations: tuple[Equation, ...]
    conditions: tuple[Call, ...]
    whole: frozenset[str]
    answer: str


def parse(text: str) -> Text:
    """Parse a whole text, one or more statements a line.

    Raises `Unsolvable` (`unparsable`) when a line is neither a statement nor a declaration.

    >>> parse("unknowns: x\\n2x + 1 = 7").statements[0].relations
    ('=',)
    """
    if len(text) > MAX_CHARS or text.count("\n") >= MAX_LINES:
        raise Unsolvable("unparsable", f"more than {MAX_CHARS} characters or {MAX_LINES} lines")
    lines: list[_Line] = []
    declared: list[Declaration] = []
    for raw in text.splitlines():
        stated = declaration(without_comment(raw))
        if stated is None:
            lines.append(_line(raw))
        else:
            declared.append(stated)
    statements = _defining(_statements(lines))
    if not all(each.relations for each in statements):
        raise Unsolvable("unparsable", "a line says nothing of its expression")
    if not any("=" in each.relations for each in statements):
        raise Unsolvable("unparsable", "there is no equation")
    signs = [
        Statement((name, Fraction(0)), (each.sign,)) for each in declared for name in each.names if each.sign
    ]
    whole = frozenset(name for each in declared if each.whole for name in each.names)
    pieces = [piece for line in lines if line.alone is None for piece in line.pieces]
    with_pi = any(token.kind == "pi" for each in pieces for token in each) and not _defines_pi(pieces)
    return Text((*statements, *signs), whole, with_pi)


def states(line: str) -> bool:
    """Tell whether a line alone parses as statements.

    >>> states("2x = 10 apples"), states("He has 10 = 2 * 5 apples"), states("x")
    (True, False, False)
    """
    try:
        return all(each.relations for each in _statements([_line(line)]))
    except Unsolvable:
        return False


def system(text: Text, renaming: Mapping[str, int] | None = None) -> System:
    """Put a text as equations, each re-assigned name of `renaming` under a new name from each assignment on.

    Raises `Unsolvable` (`no_answer`) when nothing says which name is asked for.

    >>> text = parse("d = 10\\nd = d + 15\\nans = d")
    >>> system(text, reassigned(text)).equations[1]
    ('d#2', Call(op='+', args=('d', Fraction(15, 1))))
    """
    answer = asked(text)
    current: dict[str, str] = {}
    equations: list[Equation] = []
    conditions: list[Call] = []
    count: Counter[str] = Counter()
    for sides, relations in text.statements:
        right = [rename(side, current) if current else side for side in sides[1:]]
        name = defined(sides, relations)
        if name is not None and renaming and name in renaming:
            count[name] += 1
            current[name] = name if count[name] == 1 else f"{name}#{count[name]}"
        found = pairwise([rename(sides[0], current), *right])
        for (one, other), relation in zip(found, relations, strict=True):
            if relation == "=":
                equations.append((one, other))
            elif relation != "~":
                conditions.append(Call(relation, (one, other)))
    whole = frozenset(current.get(name, name) for name in text.whole)
    return System(tuple(equations), tuple(conditions), whole, current.get(answer, answer))


def asked(text: Text) -> str:
    """Return the name whose value is the answer.

    It is `ans` (or `answer`); else the name alone on a side of the last equation, the left side first; else
    the only name that no statement defines. Raises `Unsolvable` (`no_answer`) otherwise.
    """
    statements = [each for each in text.statements if "=" in each.relations]
    everything = dict.fromkeys(name for each in statements for side in each.sides for name in names(side))
    if ANSWER in everything:
        return ANSWER
    for side in (statements[-1].sides[0], statements[-1].sides[-1]):
        if isinstance(side, str):
            return side
    open_names = set(everything) - {defined(*each) for each in statements}
    if len(open_names) != 1:
        raise Unsolvable("no_answer", "nothing says which name is the answer")
    return open_names.pop()


def defined(sides: Sequence[Tree], relations: Sequence[str]) -> str | None:
    """Return the name that a statement `name = ...` defines."""
    return sides[0] if isinstance(sides[0], str) and relations[0] == "=" else None


def reassigned(text: Text) -> dict[str, int]:
    """Return how often each name is assigned that is assigned again from its own value, as in `d = d + 15`.

    A name with two definitions of which none mentions the name is a contradiction or a system, no program.
    """
    count: Counter[str] = Counter()
    again: set[str] = set()
    for sides, relations in text.statements:
        name = defined(sides, relations)
        if name is not None:
            if count[name] and any(name in names(side) for side in sides[1:]):
                again.add(name)
            count[name] += 1
    return {name: times for name, times in count.items() if name in again}


class _Line(NamedTuple):
    """The statements of a line as tokens, and parsed where no other line may change their meaning."""

    pieces: tuple[tuple[Token, ...], ...]
    alone: tuple[Statement, ...] | None


@lru_cache(maxsize=1024)
def _line(raw: str) -> _Line:
    """Read one line; the latest are remembered, for a completion is read before its system is solved."""
    pieces = tuple([tuple(piece) for piece in _pieces(tokens(_ended(without_comment(raw))))])
    named = [renamed for piece in pieces if (renamed := single_names(piece)) is not None]
    try:
        alone = (
            tuple([statement(piece, frozenset()) for piece in named]) if len(named) == len(pieces) else None
        )
    except Unsolvable:
        alone = None
    return _Line(pieces, alone)


def _statements(lines: Sequence[_Line]) -> list[Statement]:
    """Parse the lines of a text together: the meaning of a word may depend on all of them."""
    alone = [line.alone for line in lines if line.alone is not None]
    if len(alone) == len(lines):
        return [each for statements in alone for each in statements]
    pieces = [piece for line in lines for piece in line.pieces]
    if _defines_pi(pieces):
        pieces = [
            tuple([Token("w", *token[1:]) if token.kind == "pi" else token for token in each])
            for each in pieces
        ]
    lefts = left_sides(pieces)
    named = [joined(piece, lefts) for piece in pieces]
    free = free_names(named)
    return [statement(plain(piece, free), free) for piece in named]


def _defines_pi(pieces: Sequence[Sequence[Token]]) -> bool:
    """Tell whether a text gives pi a value, as in `pi = 3.14`: it is a name then."""
    return any([token.kind for token in piece[:2]] == ["pi", "="] for piece in pieces)


def _defining(statements: list[Statement]) -> list[Statement]:
    """Read `name ≈ ...` as an equation where no equation has the name; elsewhere it adds nothing."""
    if not any("~" in each.relations for each in statements):
        return statements
    named = {
        name for each in statements if "=" in each.relations for side in each.sides for name in names(side)
    }
    return [
        Statement(sides, ("=", *relations[1:]))
        if relations[:1] == ("~",) and isinstance(sides[0], str) and sides[0] not in named
        else Statement(sides, relations)
        for sides, relations in statements
    ]


def _pieces(line: list[Token]) -> Iterator[list[Token]]:
    """Cut a line into statements at `;`, `,`, `=>` and `and`; later words alone are a remark."""
    kinds = {token.kind for token in line}
    if kinds.isdisjoint(_SEPARATORS):
        yield _opened(line)
        return
    splits_and = "if" not in kinds
    pieces: list[list[Token]] = [[]]
    depth = 0
    for at, token in enumerate(line):
        depth += (token.kind == "(") - (token.kind == ")")
        cuts = token.kind in (";", ",", "=>") or (
            token.kind == "and" and splits_and and _relates(pieces[-1]) and _relates(line[at:])
        )
        if cuts and depth == 0:
            pieces.append([])
        else:
            pieces[-1].append(token)
    for at, piece in enumerate(pieces):
        if not (at and _is_remark(piece)):
            yield _opened(piece)


def _ended(line: str) -> str:
    """Take the full stop off a line; three of them are no full stop."""
    return line.rstrip().removesuffix(".")


def _is_remark(piece: Sequence[Token]) -> bool:
    """Tell whether a piece is words, as in `x = 5, the number of apples`, or nothing; not in `x = 1,5`."""
    words = all(token.kind in ("n", "w") or token.kind in KEYWORDS for token in piece)
    return words and (not piece or piece[0].kind != "n")


def _opened(piece: list[Token]) -> list[Token]:
    """Leave out the words a sentence opens with, unless they are all there is on their side."""
    at = 0
    while (
        at + 1 < len(piece)
        and piece[at].text.lower() in _CONNECTIVES
        and piece[at + 1].kind in ("w", "n", "(")
    ):
        at += 1
    return piece[at:]


def _relates(piece: Sequence[Token]) -> bool:
    return any(token.kind in RELATIONS for token in piece)

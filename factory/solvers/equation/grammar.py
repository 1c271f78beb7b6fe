"""The grammar of equations: tokens of one statement to trees, by recursive descent over a whitelist.

    statement := choice ((= | != | < | <= | > | >= | ~) choice)*    | [name =] Eq(choice, choice) | ratios
    ratios    := choice (: choice)+ = choice (: choice)+            with as many parts on both sides
    choice    := sum_ [if condition else choice]
    condition := conjunction (or conjunction)*;  conjunction := sum_ (relation sum_)+ (and ...)*
    sum_      := product ((+ | -) product)*
    product   := unary ((* | / | // | mod | % | nothing) unary)*
    unary     := (- | +) unary | power;  power := postfix [^ unary];  postfix := primary (% | !)*
    primary   := number | name | pi | ( choice ) | function ( choice, ... )

Nothing else parses. `~` (about equal) is read and says nothing.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple
from unicodedata import numeric

from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names
from thoughtmill.factory.solvers.equation.tokens import RELATIONS, VULGAR, Token
from thoughtmill.factory.solvers.equation.tree import PI, Unsolvable

MAX_DEPTH = 40  # of brackets, signs and powers
_END = Token("end", "", True)
_STARTS = frozenset({"n", "w", "f", "(", "pi"})
_FACTORS = _STARTS - {"n"}
_HUNDRED = Fraction(100)
_ARGUMENTS = {"max": (1, 50), "min": (1, 50), "sum": (1, 50), "round": (1, 2)}


class Statement(NamedTuple):
    """Sides and the relations between them: `a = b <= c` has three sides and two relations."""

    sides: tuple[Tree, ...]
    relations: tuple[str, ...]


def statement(tokens: Sequence[Token], free: frozenset[str]) -> Statement:
    """Parse one statement; `free` holds the names that may precede a bracket as a factor.

    Raises `Unsolvable` (`unparsable`).

    >>> from thoughtmill.factory.solvers.equation.tokens import tokens
    >>> statement(tokens("2x = 10"), frozenset("x"))
    Statement(sides=(Call(op='*', args=(Fraction(2, 1), 'x')), Fraction(10, 1)), relations=('=',))
    """
    parser = _Parser(tokens, free)
    found = parser.statement()
    if parser.token is not _END:
        raise parser.error()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[Token], free: frozenset[str]) -> None:
        self.tokens = tokens
        self.free = free
        self.at = 0
        self.depth = 0
        self.token = tokens[0] if tokens else _END

    def error(self, why: str = "") -> Unsolvable:
        text = " ".join(token.text for token in self.tokens)[:80]
        return Unsolvable("unparsable", why or f"{self.token.text or 'the end'!r} in {text!r}")

    def take(self, *kinds: str) -> str | None:
        """Step over the next token if it is one of these kinds."""
        kind = self.token.kind
        if kind not in kinds:
            return None
        self.at += 1
        self.token = self.tokens[self.at] if self.at < len(self.tokens) else _END
        return kind

    def expect(self, kind: str) -> None:
        if not self.take(kind):
            raise self.error()

    def nested(self, rule: Callable[[], Tree]) -> Tree:
        """Run a rule one level deeper, to a limit."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"more than {MAX_DEPTH} levels of brackets")
        tree = rule()
        self.depth -= 1
        return tree

    def statement(self) -> Statement:
        sides, relations = [self.side()], []
        if self.token.kind == ":":
            return self.ratios(sides[0])
        if isinstance(sides[0], str) and (sign := self.take("+=", "-=", "*=")):
            return Statement((sides[0], Call(sign[0], (sides[0], self.side()))), ("=",))
        while relation := self.take(*RELATIONS):
            relations.append(relation)
            sides.append(self.side())
        last = sides[-1]
        if isinstance(last, Call) and last.op == "Eq":
            return Statement(last.args, ("=",))
        return Statement(tuple(sides), tuple(relations))

    def ratios(self, first: Tree) -> Statement:
        """Read on after the first part of `a : b = 2 : 3`, which says that `a / 2 = b / 3`."""
        left, right = [first], []
        while self.take(":"):
            left.append(self.choice())
        self.expect("=")
        right.append(self.choice())
        while self.take(":"):
            right.append(self.choice())
        if len(left) != len(right):
            raise self.error(f"{len(left)} parts to {len(right)}")
        if any(any(names(part)) for part in right):  # a name is no divisor where a number can be one
            left, right = right, left
        parts = (Call("/", pair) for pair in zip(left, right, strict=True))
        return Statement(tuple(parts), ("=",) * (len(left) - 1))

    def side(self) -> Tree:
        if self.token.text == "Eq" and self.take("f"):
            sides = self.arguments()
            if len(sides) != 2:
                raise self.error(f"Eq() with {len(sides)} arguments")
            return Call("Eq", sides)
        return self.choice()

    def choice(self) -> Tree:
        value = self.sum_()
        if not self.take("if"):
            return value
        condition = self.condition()
        self.expect("else")
        return Call("if", (condition, value, self.nested(self.choice)))

    def condition(self) -> Tree:
        found = self.conjunction()
        while self.take("or"):
            found = Call("or", (found, self.conjunction()))
        return found

    def conjunction(self) -> Tree:
        found = self.comparison()
        while self.take("and"):
            found = Call("and", (found, self.comparison()))
        return found

    def comparison(self) -> Tree:
        left = self.sum_()
        relation = self.take(*(RELATIONS - {"~"}))
        if relation is None:
            raise self.error()
        return Call(relation, (left, self.sum_()))

    def sum_(self) -> Tree:
        found = self.product()
        while sign := self.take("+", "-"):
            found = Call(sign, (found, self.product()))
        return found

    def product(self) -> Tree:
        found, divided = self.unary(), False
        while True:
            if sign := self.take("*", "/", "//", "mod"):
                factor = self.unary()
                divided = sign == "/" and not _is_fraction(found, factor)
                found = Call(sign, (found, factor))
            elif self.is_modulo():
                self.take("%")
                found, divided = Call("mod", (found, self.unary())), False
            elif self.token.kind in _FACTORS:
                if divided:
                    raise self.error("a product without a sign after a division may be read two ways")
                self.no_function()
                found = Call("*", (found, self.power()))
            else:
                return found

    def is_modulo(self) -> bool:
        """Return whether a `%` is between two operands with the same spacing on both sides."""
        after = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else _END
        return self.token.kind == "%" and after.kind in _STARTS and after.spaced == self.token.spaced

    def no_function(self) -> None:
        """Refuse `name(...)` where the name is nothing but an unknown function."""
        before = self.tokens[self.at - 1]
        if self.token.kind == "(" and before.kind == "w" and before.text not in self.free:
            raise self.error(f"the function {before.text!r} is not known")

    def unary(self) -> Tree:
        if self.take("-"):
            value = self.nested(self.unary)
            return -value if isinstance(value, Fraction) else Call("neg", (value,))
        if self.take("+"):
            return self.nested(self.unary)
        return self.power()

    def power(self) -> Tree:
        base = self.postfix()
        return Call("^", (base, self.nested(self.unary))) if self.take("^") else base

    def postfix(self) -> Tree:
        found = self.primary()
        while True:
            if not self.token.spaced and self.take("!"):
                found = Call("factorial", (found,))
            elif self.token.kind == "%" and not self.is_modulo():
                self.take("%")
                found = found / _HUNDRED if isinstance(found, Fraction) else Call("/", (found, _HUNDRED))
            else:
                return found

    def primary(self) -> Tree:
        token = self.token
        if self.take("n"):
            return self.mixed(_number(token.text))
        if self.take("w"):
            return token.text
        if self.take("f"):
            return self.call(token.text)
        if self.take("pi"):
            return PI
        self.expect("(")
        found = self.nested(self.choice)
        self.expect(")")
        return found

    def mixed(self, whole: Fraction) -> Fraction:
        """Read on after a whole number: `3½`, and `2 1/2` where the fraction is a proper one."""
        token = self.token
        if token.kind == "n" and token.text in VULGAR and whole.denominator == 1:
            self.take("n")
            return whole + _number(token.text)
        ahead = self.tokens[self.at : self.at + 3]
        if whole.denominator == 1 and [t.kind for t in ahead] == ["n", "/", "n"]:
            above, below = _number(ahead[0].text), _number(ahead[2].text)
            if 0 < above < below and above.denominator == below.denominator == 1:
                self.at += 2
                self.token = ahead[2]
                self.take("n")
                return whole + above / below
        return whole

    def call(self, name: str) -> Tree:
        """Read the arguments of a function; `√16` has none but a number."""
        if self.token.kind == "n":
            return Call(name, (self.primary(),))
        arguments = self.arguments()
        low, high = _ARGUMENTS.get(name, (1, 1))
        if not low <= len(arguments) <= high:
            raise self.error(f"{name}() with {len(arguments)} arguments")
        return Call(name, arguments)

    def arguments(self) -> tuple[Tree, ...]:
        self.expect("(")
        found = [self.nested(self.choice)]
        while self.take(","):
            found.append(self.nested(self.choice))
        self.expect(")")
        return tuple(found)


def _is_fraction(above: Tree, below: Tree) -> bool:
    """Tell whether a division writes a fraction, a factor as in `1/2x`; `12/3x` may be read two ways."""
    if not (isinstance(above, Fraction) and isinstance(below, Fraction) and below):
        return False
    return (above / below).denominator > 1


def _number(text: str) -> Fraction:
    if text in VULGAR:
        return Fraction(numeric(text)).limit_denominator(10)
    return Fraction(int(text)) if text.isdecimal() else Fraction(text.replace(",", ""))

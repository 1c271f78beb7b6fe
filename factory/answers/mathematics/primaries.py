"""The primary parts of written mathematics: numbers, names, functions, fractions, roots, brackets."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from fractions import Fraction

from thoughtmill.factory.answers.mathematics.building import (
    CONSTRUCTORS,
    bracketed,
    divided,
    is_numeral,
    product,
)
from thoughtmill.factory.answers.mathematics.cursor import END, Cursor
from thoughtmill.factory.answers.mathematics.tokens import Sign, Unreadable, read_number
from thoughtmill.factory.answers.mathematics.tree import Call, Tree

_FUNCTION_LETTERS = frozenset("fg")
_DIGIT_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BASES = frozenset(map(str, range(2, 37)))
_LARGE_BASES = frozenset(map(str, range(11, 37)))
_BASE_WORDS = dict(
    zip("two three four five six seven eight nine ten".split(), map(str, range(2, 11)), strict=True)
)
_MANY = frozenset({"max", "min", "gcd", "lcm", *CONSTRUCTORS})
FACTORS = frozenset(
    {
        "w",
        "c",
        "f",
        "(",
        "{",
        "frac",
        "root",
        "choose",
        "mark",
        "|",
        "abs(",
        "floor(",
        "ceil(",
        "begin",
        "big",
    }
)
"""What may follow a factor without a sign between them."""


class Primaries(Cursor):
    """The rules of primary parts; the grammar adds the rules of sums and answers, which brackets contain."""

    def __init__(self, found: Sequence[Sign]) -> None:
        super().__init__(found)
        self.bars = 0  # absolute values that are open
        self.integrals = 0  # that wait for their `dx`
        self.building = False  # inside a set, where `|` may begin a condition

    @abstractmethod
    def answer(self) -> Tree:
        """Read statements side by side."""

    @abstractmethod
    def statement(self) -> Tree:
        """Read one statement."""

    @abstractmethod
    def sum_(self) -> Tree:
        """Read a sum."""

    @abstractmethod
    def power(self) -> Tree:
        """Read a primary part with its power."""

    @abstractmethod
    def signed_power(self) -> Tree:
        """Read a power that a sign may precede."""

    def primary(self) -> Tree:
        kind, text = self.token.kind, self.token.text
        rule = PRIMARIES.get(kind)
        if rule is None:
            raise self.error()
        self.take(kind)
        return rule(self, text)

    def number(self, text: str) -> Tree:
        """Read a number, and on after a whole one: `3\\frac12`, `3 1/2`, `12A` in a base."""
        value = read_number(text)
        whole = "." not in text and "\\" not in text and "e" not in text.lower()
        if whole and self.token.kind == "frac" and (part := self.proper_fraction()):
            return value + part
        if whole and [self.token.kind, self.ahead().kind, self.ahead(2).kind] == ["n", "/", "n"]:
            above, below = read_number(self.token.text), read_number(self.ahead(2).text)
            if 0 < above < below and not self.token.tight:
                for kind in ("n", "/", "n"):
                    self.expect(kind)
                return value + above / below
        return self.numeral(text) or value

    def numeral(self, text: str) -> Tree | None:
        """Read a numeral of a base whose digits are letters too, as `152A_{11}`."""
        after, digits = 0, text
        letter_follows = self.token.kind == ("w" if text[0].isdecimal() else "n") and self.token.tight
        if self.token.kind != "_" and not letter_follows:
            return None
        while (token := self.ahead(after)).kind in ("n", "w") and token.tight:
            digits += token.text
            after += 1
        index = [self.ahead(after + step).text for step in range(4)]
        base = index[2] if index[1] == "{" else index[1]
        base = _BASE_WORDS.get(base, base)
        bases = _LARGE_BASES if after else _BASES
        if index[0] != "_" or base not in bases or not is_numeral(digits, int(base)):
            return None
        self.at += after
        self.token = self.tokens[self.at]
        return Call("digits", (digits,))

    def proper_fraction(self) -> Fraction | None:
        """Step over a fraction of two numbers below 1, if it comes next."""
        state = self.tokens, self.at, self.token, self.depth
        self.take("frac")
        try:
            above, below = self.nested(self.argument), self.nested(self.argument)
        except Unreadable:
            above = below = ""
        if isinstance(above, Fraction) and isinstance(below, Fraction) and 0 < above < below:
            return above / below
        self.tokens, self.at, self.token, self.depth = state
        return None

    def argument(self) -> Tree:
        """Read the argument of a command: a group, or one digit or name (`\\frac12`)."""
        token = self.token
        if self.take("{"):
            return self.group()
        if token.kind == "n" and len(token.text) > 1 and token.text.isdecimal():
            rest = Sign("n", token.text[1:], True)
            self.tokens = [*self.tokens[: self.at], rest, *self.tokens[self.at + 1 :]]
            self.token = rest
            return Fraction(int(token.text[0]))
        return self.primary()

    def group(self) -> Tree:
        """Read to the brace that closes a group; `{a \\over b}` is a fraction, `{1, 2}` a set."""
        tree = self.nested(self.answer)
        if self.take("over"):
            tree = divided(tree, self.nested(self.answer))
        self.expect("}")
        return Call("set", tree.args) if isinstance(tree, Call) and tree.op == "list" else tree

    def fraction(self, _: str) -> Tree:
        above = self.nested(self.argument)
        return divided(above, self.nested(self.argument))

    def choose(self, _: str) -> Tree:
        above = self.nested(self.argument)
        return Call("binom", (above, self.nested(self.argument)))

    def root(self, _: str) -> Tree:
        degree: Tree = Fraction(2)
        if self.take("["):
            degree = self.nested(self.sum_)
            self.expect("]")
        if self.token.kind == "(":
            return Call("root", (self.nested(self.primary), degree))
        return Call("root", (self.nested(self.argument), degree))

    def mark(self, text: str) -> Tree:
        letters = ""
        if self.take("{"):
            while token := self.take("w", "n", "t"):
                letters += token.text
            self.expect("}")
        else:
            while token := self.take("w"):
                letters += token.text
        if not letters:
            raise self.error()
        return Call("mark", (text, letters))

    def name(self, text: str) -> Tree:
        if text in ("e", "i"):
            return Call(text, ())
        if text in _DIGIT_LETTERS and self.token.kind == "n" and (numeral := self.numeral(text)):
            return numeral
        if text in _FUNCTION_LETTERS and self.token.kind in ("(", "'"):
            primes = ""
            while self.take("'"):
                primes += "'"
            if self.token.kind == "(":
                self.take("(")
                return Call("apply", (text + primes, *self.arguments()))
        if text in _FUNCTION_LETTERS and self.token.kind == "^" and self.is_inverse():
            for kind in ("^", "{", "-", "n", "}", "("):
                self.expect(kind)
            return Call("apply", (text + "^-1", *self.arguments()))
        return text

    def is_inverse(self) -> bool:
        kinds = [self.ahead(count).text for count in range(1, 6)]
        return kinds == ["{", "-", "1", "}", "("]

    def arguments(self) -> tuple[Tree, ...]:
        tree = self.nested(self.answer)
        self.expect(")")
        return tree.args if isinstance(tree, Call) and tree.op == "list" else (tree,)

    def bracket(self, opening: str) -> Tree:
        """Read a group, tuple, interval or set, by its brackets."""
        bars, self.bars = self.bars, 0
        self.building = opening == "\\{"
        closings = ("\\}",) if opening == "\\{" else (")", "]")
        if opening == "\\{" and self.take("\\}"):
            self.bars, self.building = bars, False
            return Call("set", ())
        tree = self.nested(self.answer)
        self.building = False
        if opening == "\\{" and self.take("mid", "|", ":"):
            tree = self.nested(self.answer)
            self.expect("\\}")
            self.bars = bars
            return tree
        closing = self.expect(*closings)
        self.bars = bars
        return bracketed(opening, tree, closing.kind)

    def absolute(self, _: str) -> Tree:
        self.bars += 1
        tree = self.nested(self.sum_)
        self.bars -= 1
        self.expect("|")
        return Call("abs", (tree,))

    def rounded(self, opening: str) -> Tree:
        tree = self.nested(self.sum_)
        name = opening.rstrip("(")
        self.expect(f"){name}")
        return Call(name, (tree,))

    def function(self, name: str) -> Tree:
        if name in ("sqrt", "cbrt"):
            degree = Fraction(2 if name == "sqrt" else 3)
            return Call("root", (self.nested(self.primary), degree))
        base = self.logarithm_base() if name == "log" else None
        power: Tree | None = None
        if self.take("^"):
            power = self.nested(self.signed_power)
        arguments = self.function_arguments()
        if power == Fraction(-1) and name in ("sin", "cos", "tan"):
            name, power = f"arc{name}", None
        if name not in _MANY and len(arguments) != (2 if name == "binom" else 1):
            raise self.error()
        if name in CONSTRUCTORS:
            return CONSTRUCTORS[name](arguments)
        tree = Call(name, arguments if base is None else (*arguments, base))
        return tree if power is None else Call("^", (tree, power))

    def logarithm_base(self) -> Tree | None:
        if not self.take("_"):
            return None
        return self.nested(self.argument)

    def function_arguments(self) -> tuple[Tree, ...]:
        """Read the argument of a function: a bracket, or a product without signs as in `\\sin 2A`."""
        if self.take("("):
            return self.arguments()
        if self.token.kind in ("{",):
            return (self.nested(self.primary),)
        factors = [self.nested(self.signed_power)]
        while self.token.kind in FACTORS - {"f", "(", "|"} and not self.is_differential():
            factors.append(self.nested(self.power))
        return (product(factors),)

    def is_differential(self) -> bool:
        """Return whether the `dx` of an integral comes next, which is no factor of a function's argument."""
        return bool(self.integrals) and self.token.text == "d" and self.ahead().kind == "w"

    def subscript(self, base: Tree) -> Tree:
        """Read `x_1`, a name with an index, and `1101_2`, a numeral with its base."""
        self.expect("_")
        index = self.subscript_text()
        if isinstance(base, str):
            return f"{base}_{index}"
        if not (isinstance(base, Call) and base.op == "digits") or index not in _BASES:
            raise self.error()
        return Call("base", (*base.args, Fraction(int(index))))

    def subscript_text(self) -> str:
        if not self.take("{"):
            return self.expect("n", "w", "t").text
        found = []
        while not self.take("}"):
            found.append(self.expect("n", "w", "t", "+", "-", ",").text)
        index = "".join(found)
        return _BASE_WORDS.get(index, index)

    @abstractmethod
    def big(self, kind: str) -> Tree:
        """Read a sum, product or integral after its sign."""

    @abstractmethod
    def cases(self) -> Tree:
        """Read the rows of a function by cases."""

    def matrix(self, environment: str) -> Tree:
        """Read the rows of a matrix or determinant up to its `\\end`."""
        if environment == "cases":
            return self.cases()
        if self.take("{"):  # the columns of an array
            while not self.take("}"):
                self.expect(self.token.kind if self.token is not END else "}")
        rows: list[Tree] = []
        row: list[Tree] = []
        while not (self.token.kind == "end" and self.token.text == environment):
            row.append(self.nested(self.statement))
            if self.take("row"):
                rows.append(Call("row", tuple(row)))
                row = []
            elif self.token.kind != "end":
                self.expect("&")
        self.expect("end")
        if row:
            rows.append(Call("row", tuple(row)))
        if len({len(each.args) for each in rows if isinstance(each, Call)}) != 1:
            raise self.error()
        return Call("det" if environment == "vmatrix" else "matrix", tuple(rows))


PRIMARIES: dict[str, Callable[[Primaries, str], Tree]] = {
    "n": Primaries.number,
    "w": Primaries.name,
    "c": lambda _, text: Call(text, ()),
    "f": Primaries.function,
    "(": Primaries.bracket,
    "[": Primaries.bracket,
    "\\{": Primaries.bracket,
    "{": lambda self, _: self.group(),
    "frac": Primaries.fraction,
    "root": Primaries.root,
    "choose": Primaries.choose,
    "mark": Primaries.mark,
    "|": Primaries.absolute,
    "abs(": Primaries.rounded,
    "floor(": Primaries.rounded,
    "ceil(": Primaries.rounded,
    "begin": lambda self, environment: self.matrix(environment),
    "big": lambda self, kind: self.big(kind),
    "empty": lambda _, __: Call("set", ()),
    "dots": lambda _, __: Call("dots", ()),
}
"""The rule of each token that may begin a primary part."""

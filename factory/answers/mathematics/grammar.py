r"""The grammar of written mathematics: tokens to one tree, by recursive descent over a whitelist.

    answer     := statement ((, | ; | and | or) statement)*
    statement  := union (relation union)*
    union      := sum ((\cup | \cap | \setminus) sum)*
    sum        := [+ | - | \pm] product ((+ | - | \pm) product)*
    product    := power ((* | / | nothing) power)*         trailing words are a unit
    power      := primary (! | \circ | % | _ base)* [^ power]
    primary    := number | name | function ... | \frac.. | \sqrt.. | bracket | |sum| | matrix

Nothing else parses. `statement`s side by side are a `list`, an `and` or an `or`.
"""

from collections.abc import Callable, Sequence

from thoughtmill.factory.answers.mathematics.binders import Binders
from thoughtmill.factory.answers.mathematics.building import divided, negated, product
from thoughtmill.factory.answers.mathematics.cursor import END
from thoughtmill.factory.answers.mathematics.primaries import FACTORS
from thoughtmill.factory.answers.mathematics.tokens import Sign, Unreadable
from thoughtmill.factory.answers.mathematics.tree import Call, Tree

RELATIONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "~", "in"})
_ORDERS = frozenset({"<", "<=", ">", ">=", "!=", "and", "or"})
_SETS = frozenset({"union", "intersection", "difference"})
_STARTS = FACTORS | {"n", "\\{", "[", "-"}
MOST_NESTED = 20
"""Divisions in a row, and sets joined in a row: each is one level of the tree."""


def parse(found: Sequence[Sign]) -> Tree:
    """Return the tree of an answer's tokens. Raises `Unreadable`."""
    parser = _AnswerParser(found)
    tree = parser.answer()
    if parser.token is not END:
        raise parser.error()
    return tree


class _AnswerParser(Binders):
    # answers and statements

    def answer(self) -> Tree:
        """Read statements side by side; the last word between them says how all are joined."""
        found, joined = [self.statement()], ""
        while sign := self.take(",", ";", "and", "or"):
            while sign:  # `, and`
                joined, sign = sign.kind, self.take("and", "or")
            if self.token.kind in ("end", ")", "]", "}", "\\}"):
                break
            found.append(self.statement())
        if len(found) == 1:
            return found[0]
        if len({isinstance(each, Call) and each.op == "text" for each in found}) > 1:
            raise Unreadable("words among mathematics")
        if joined == "and" and all(isinstance(each, Call) and each.op == "quantity" for each in found):
            return Call("compound", tuple(found))
        ordered = all(isinstance(each, Call) and each.op in _ORDERS for each in found)
        return Call(joined if ordered and joined in ("and", "or") else "list", tuple(found))

    def statement(self) -> Tree:
        """Read sides and relations: `1 < x < 3` is an `and`; of `x = 6/2 = 3` the first and last count."""
        self.take("~")  # about
        sides, relations = [self.side()], []
        while relation := self.take(*RELATIONS):
            relations.append(relation.kind)
            sides.append(self.residue() if relation.text == "equiv" else self.side())
        if relations and relations[-1] == "~" and "=" in relations:
            relations.pop()
            sides.pop()
        if relations and set(relations) <= {"="}:
            return Call("=", (sides[0], sides[-1]))
        pairs = [Call(relation, (sides[at], sides[at + 1])) for at, relation in enumerate(relations)]
        return Call("and", tuple(pairs)) if len(pairs) > 1 else pairs[0] if pairs else sides[0]

    def residue(self) -> Tree:
        """Read what a number is congruent to: `3 \\pmod 7`."""
        found = self.side()
        if not isinstance(found, Call) or found.op != "residue":
            raise self.error()
        return found

    def side(self) -> Tree:
        found = self.ratio()
        if self.take("pmod"):
            return Call("residue", (found, self.nested(self.argument)))
        for _ in range(MOST_NESTED):
            sign = self.take(*_SETS)
            if sign is None:
                return found
            found = Call(sign.kind, (found, self.ratio()))
        raise Unreadable(f"more than {MOST_NESTED} sets joined")

    def ratio(self) -> Tree:
        parts = [self.sum_()]
        while self.token.kind == ":" and self.ahead().kind in _STARTS:
            self.take(":")
            parts.append(self.sum_())
        tree = parts[0] if len(parts) == 1 else Call("ratio", tuple(parts))
        return self.with_words(tree)

    def with_words(self, tree: Tree) -> Tree:
        """Read the words after a quantity: `12 square feet`, `4:30 p.m.`, `60 miles/hour`."""
        if self.token.kind != "t":
            return tree
        words: list[str] = []
        while True:
            if word := self.take("t"):
                words.append(word.text)
            elif words and self.take("^"):
                words += ["^", self.exponent_of_unit()]
            elif words and self.token.kind in ("/", "*") and self.ahead().kind == "t":
                words.append(self.expect("/", "*").kind)
            else:
                return Call("quantity", (tree, *words))

    def exponent_of_unit(self) -> str:
        braced = self.take("{")
        exponent = self.expect("n").text
        if braced:
            self.expect("}")
        return exponent

    # sums, products and powers

    def sum_(self) -> Tree:
        if self.token.kind == "t":
            return self.words()
        terms = [self.signed(self.product)]
        while sign := self.take("+", "-", "pm", "mp"):
            terms.append(negated(sign.kind, self.product()))
        return terms[0] if len(terms) == 1 else Call("+", tuple(terms))

    def words(self) -> Tree:
        found = [self.expect("t").text]
        while token := self.take("t"):
            found.append(token.text)
        return Call("text", tuple(found))

    def signed(self, rule: Callable[[], Tree]) -> Tree:
        if sign := self.take("-", "+", "pm", "mp"):
            return negated(sign.kind, rule())
        return rule()

    def product(self) -> Tree:
        factors, divisions = [self.power()], 0
        while divisions < MOST_NESTED:
            if self.take("*"):
                factors.append(self.signed(self.power))
            elif self.token.kind == "/" and self.ahead().kind not in ("t",):
                self.take("/")
                above, below = product(factors), self.signed(self.power)
                factors = [Call("/", (above, below)) if divisions else divided(above, below)]
                divisions += 1
            elif self.token.kind == "|" and (self.bars or self.building):
                return product(factors)
            elif self.token.kind in FACTORS or (self.token.kind == "[" and self.bracket_is_factor()):
                factors.append(self.power())
            elif self.take("mod"):
                return Call("mod", (product(factors), self.power()))
            else:
                return product(factors)
        raise Unreadable(f"more than {MOST_NESTED} divisions in a row")

    def bracket_is_factor(self) -> bool:
        """Return whether `[` after a factor only groups: it holds no comma up to its `]`."""
        depth = 0
        for token in self.tokens[self.at :]:
            depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(token.kind, 0)
            if token.kind == "," and depth == 1:
                return False
            if depth == 0:
                return token.kind == "]"
        return False

    def power(self) -> Tree:
        base = self.postfix(self.primary())
        if not self.take("^"):
            return base
        exponent = self.nested(self.signed_power)
        return self.postfix(Call("^", (base, exponent)))

    def postfix(self, found: Tree) -> Tree:
        for _ in range(4):
            if self.take("!"):
                found = Call("factorial", (found,))
            elif self.take("deg"):
                found = Call("deg", (found,))
            elif self.take("%"):
                found = Call("percent", (found,))
            elif self.token.kind == "_":
                found = self.subscript(found)
            elif self.take("'"):
                found = Call("mark", ("'", found))
            else:
                return found
        raise self.error()

    def signed_power(self) -> Tree:
        return self.signed(self.power)

"""Sums, products and integrals with their bounds, and functions by cases: notation over several parts."""

from abc import abstractmethod
from fractions import Fraction

from thoughtmill.factory.answers.mathematics.building import negated, product
from thoughtmill.factory.answers.mathematics.primaries import Primaries
from thoughtmill.factory.answers.mathematics.tree import Call, Tree

_BEFORE_CONDITION = frozenset({"if", "for", "when", "where", "while"})
_OTHERWISE = frozenset({"otherwise", "else"})


class Binders(Primaries):
    """Reads `\\sum_{k=1}^{n} k`, `\\int_0^1 x \\, dx` and `\\begin{cases} ... \\end{cases}`.

    A sum, product or integral is a call with its body, its own name, and its two bounds.
    """

    @abstractmethod
    def product(self) -> Tree:
        """Read a product."""

    def big(self, kind: str) -> Tree:
        if kind == "integral":
            low, high = self.bounds()
            self.integrals += 1
            body, name = self.without_differential(self.nested(self.sum_))
            self.integrals -= 1
            return Call(kind, (body, name, low, high))
        self.expect("_")
        self.expect("{")
        name = self.expect("w").text
        self.expect("=")
        low = self.nested(self.sum_)
        self.expect("}")
        self.expect("^")
        high = self.nested(self.argument)
        return Call(kind, (self.nested(self.product), name, low, high))

    def bounds(self) -> tuple[Tree, Tree]:
        """Read the bounds of an integral; one without bounds is no answer."""
        self.expect("_")
        low = self.nested(self.signed_argument)
        self.expect("^")
        return low, self.nested(self.signed_argument)

    def signed_argument(self) -> Tree:
        return negated("-", self.argument()) if self.take("-") else self.argument()

    def without_differential(self, tree: Tree) -> tuple[Tree, str]:
        """Return the body of an integral and its own name; `d x` ends its last term."""
        if isinstance(tree, Call) and tree.op == "+":
            last, name = self.without_differential(tree.args[-1])
            return Call("+", (*tree.args[:-1], last)), name
        if isinstance(tree, Call) and tree.op == "neg":
            body, name = self.without_differential(tree.args[0])
            return negated("-", body), name
        if not isinstance(tree, Call) or tree.op != "*" or tree.args[-2] != "d":
            raise self.error()
        *body_factors, _, own = tree.args
        if not isinstance(own, str):
            raise self.error()
        return (product(body_factors) if body_factors else Fraction(1)), own

    def cases(self) -> Tree:
        """Read the rows of a function by cases, each a pair of a value and when it holds."""
        rows: list[Tree] = []
        while self.token.kind != "end":
            value = self.nested(self.sum_)
            while self.take(",", "&"):
                pass
            if self.token.kind == "t" and self.token.text.lower() in _BEFORE_CONDITION:
                self.take("t")
            if self.token.kind == "t" and self.token.text.lower() in _OTHERWISE:
                self.take("t")
                condition: Tree = Call("text", ("otherwise",))
            else:
                condition = self.nested(self.statement)
            self.take(",", ".")
            rows.append(Call("case", (value, condition)))
            if self.token.kind != "end":
                self.expect("row")
        self.expect("end")
        if len(rows) < 2:
            raise self.error()
        return Call("cases", tuple(rows))

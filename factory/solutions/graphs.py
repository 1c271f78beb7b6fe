"""Solution graphs: which calculation of a worked solution uses the result of which.

Marks of the embedded set name everything. GSM8K's name nothing: there a number is linked to the step or to
the number of the problem that it is, by value and by the words around it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solutions import names
from thoughtmill.factory.solutions.calculations import (
    MARK,
    Calculation,
    UnusableSolution,
    calculations,
    is_calculation,
    shows,
    spelled,
    tokens,
)
from thoughtmill.factory.solutions.quantities import Quantity
from thoughtmill.factory.solvers.arithmetic import evaluate

NAMED = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Given:
    """A number of the problem."""

    name: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class GraphStep:
    """A calculation: `expression` is spelled with the names of givens and earlier steps; `value` is exact."""

    name: str
    expression: str
    value: Fraction


def calculate(expression: str, values: Mapping[str, Fraction]) -> Fraction | None:
    """Return the exact value of an expression of names and numbers, or None where it has none.

    >>> calculate("bags * 6", {"bags": Fraction(4)})
    Fraction(24, 1)
    """
    return evaluate(NAMED.sub(lambda name: _bracketed(values[name[0]]), expression))


def _bracketed(value: Fraction) -> str:
    return str(value) if value >= 0 and value.denominator == 1 else f"({value})"


class Graph:
    """The graph as it is read: the values so far, and which results have been used."""

    def __init__(self, declared: Iterable[Given], problem: Iterable[Quantity]) -> None:
        self.givens = {given.name: given for given in declared}
        self.named = bool(self.givens)
        self.problem = () if self.named else tuple(problem)
        self.steps: list[GraphStep] = []
        self.shown: list[Fraction] = []
        self.values = {given.name: given.value for given in self.givens.values()}
        self.used: set[str] = set()
        self.ahead: Counter[str] = Counter()

    def read(self, lines: Iterable[str]) -> None:
        """Add the calculations of all sentences."""
        read = [(found, line) for line in lines for found in calculations(line)]
        self.ahead.update(part for found, _ in read for part in tokens(found.expression))
        for found, line in read:
            if found.name:
                self._add_named(found.name, found)
            elif not self.named and is_calculation(found.expression):
                self._add_unnamed(found, line)

    def _add_named(self, name: str, found: Calculation) -> None:
        unknown = [part for part in NAMED.findall(found.expression) if part not in self.values]
        if unknown or name in self.values:
            why = f"nothing gives `{unknown[0]}`" if unknown else "the name is taken"
            raise UnusableSolution(f"`{name} = {found.expression}`: {why}")
        self._add(name, found.expression, found.value)
        if not shows(found.value, self.values[name]):
            raise UnusableSolution(
                f"`{name} = {found.expression}` does not come to {answers.exact_text(found.value)}"
            )

    def _add_unnamed(self, found: Calculation, line: str) -> None:
        words = MARK.sub("", line).lower()
        parts = [
            self._linked(part, words) if part[0].isdigit() else part for part in tokens(found.expression)
        ]
        name = names.unique(names.of_result(found.before, found.expression, found.after), self.values)
        self._add(name, spelled(parts), found.value)

    def _add(self, name: str, expression: str, shown: Fraction) -> None:
        value = calculate(expression, self.values)
        if value is None:
            raise UnusableSolution(f"`{expression}` has no value")
        self.values[name] = value
        self.steps.append(GraphStep(name, expression, value))
        self.shown.append(shown)

    def _linked(self, number: str, words: str) -> str:
        """Return the name of a number: of the step whose result it is, of the problem's number, or itself."""
        value = Fraction(number)
        results = [step.name for step, shown in zip(self.steps, self.shown, strict=True) if shown == value]
        fresh = [name for name in results if name not in self.used]
        given = [quantity for quantity in self.problem if quantity.value == value]
        with_noun = [each for each in given if each.noun and f"{number} {each.noun}" in words]
        self.ahead[number] -= 1
        unnamed = any(each.names and not self.values.keys() & set(each.names) for each in given)
        if results and (not given or (fresh and not with_noun and not (unnamed and self.ahead[number]))):
            name = (fresh or results)[-1]
            self.used.add(name)
            return name
        named = [each for each in (*with_noun, *given) if each.names]
        fitting = [each for each in named if each.noun and each.noun.removesuffix("s") in words]
        return self._give((fitting or named)[0].names, value) if named else number

    def _give(self, wanted: Sequence[str], value: Fraction) -> str:
        """Return the name under which a number of the problem is given, new or known."""
        for name in wanted:
            if name in self.givens and self.givens[name].value == value:
                return name
        name = names.unique(wanted, self.values)
        self.givens[name] = Given(name, value)
        self.values[name] = value
        return name

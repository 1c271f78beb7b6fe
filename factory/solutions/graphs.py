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
from thoughtmill.factory.solutions.quantities import implied_in, is_converted, quantities
from thoughtmill.factory.solvers.arithmetic import evaluate

NAMED = re.compile(r"[A-Za-z_]\w*")
REPEATED = 12
"""A number up to this that is used again, beside no noun, may be another one of its value."""


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

    def __init__(self, declared: Iterable[Given], problem: str) -> None:
        self.givens = {given.name: given for given in declared}
        self.named = bool(self.givens)
        self.text = problem.lower()
        self.problem = () if self.named else tuple(quantities(problem))
        self.steps: list[GraphStep] = []
        self.shown: list[Fraction] = []
        self.values = {given.name: given.value for given in self.givens.values()}
        self.used: set[str] = set()
        self.uses: Counter[str] = Counter()
        self.ahead: Counter[str] = Counter()
        self.met: Counter[Fraction] = Counter()

    def read(self, lines: Iterable[str]) -> None:
        """Add the calculations of all sentences."""
        read = [found for line in lines for found in calculations(line)]
        self.uses.update(part for found in read for part in tokens(found.expression))
        self.ahead.update(self.uses)
        for found in read:
            if found.name:
                self._add_named(found.name, found)
            elif not self.named and is_calculation(found.expression):
                self._add_unnamed(found)

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

    def _add_unnamed(self, found: Calculation) -> None:
        words = MARK.sub("", f"{found.before} {found.after}").lower()  # without the result
        read = tokens(found.expression)
        parts = [
            self._linked(part, words, read.count(part) == 1) if part[0].isdigit() else part for part in read
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

    def _linked(self, number: str, words: str, once: bool) -> str:
        """Return the name of a number: of the step whose result it is, of the problem's number, or itself.

        `once` says whether the calculation has the number once.
        """
        value = Fraction(number)
        results = [step.name for step, shown in zip(self.steps, self.shown, strict=True) if shown == value]
        fresh = [name for name in results if name not in self.used]
        given = [quantity for quantity in self.problem if quantity.value == value]
        with_noun = [
            each
            for each in given
            if each.noun and re.search(rf"(?<![\d.,]){re.escape(number)} {each.noun}", words)
        ]
        self.ahead[number] -= 1
        unmet = self.met[value] < sum(bool(each.names) for each in given)
        if results and (not given or (fresh and not with_noun and not (unmet and self.ahead[number]))):
            name = (fresh or results)[-1]
            self.used.add(name)
            return name
        self.met[value] += 1
        meant = with_noun if once else []
        if not with_noun and once and not self._is_ambiguous(number, words):
            meant = given
        return self._give(meant[0].names, value) if len(meant) == 1 and meant[0].names else number

    def _is_ambiguous(self, number: str, words: str) -> bool:
        """Return whether a number that the problem states may be another one, which nobody states."""
        value = Fraction(number)
        return (
            value in implied_in(self.text)
            or is_converted(value, f"{self.text} {words}")
            or (value <= REPEATED and self.uses[number] > 1)
        )

    def _give(self, wanted: Sequence[str], value: Fraction) -> str:
        """Return the name under which a number of the problem is given, new or known."""
        for name in wanted:
            if name in self.givens and self.givens[name].value == value:
                return name
        name = names.unique(wanted, self.values)
        self.givens[name] = Given(name, value)
        self.values[name] = value
        return name

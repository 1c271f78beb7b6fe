"""A problem as a function of its numbers: its text and its thoughts for other numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.growths import Barren, Parent, Row, binding, chains, slots, straight_lines
from thoughtmill.factory.growths.binding import Bound, Variable
from thoughtmill.factory.growths.drawing import STRETCH, TIGHT, Constraints, Values
from thoughtmill.factory.growths.straight_lines import StraightProgram
from thoughtmill.factory.growths.wording import replaced
from thoughtmill.factory.solutions.quantities import implied_in, is_converted
from thoughtmill.factory.solvers.checks.universal import UNIVERSAL

FIGURE = re.compile(r"(?<![\w.])(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?![0-9.])")
"""A figure of an equation, which may be the factor of a name: `2x`."""
BODIES = re.compile(r"\b(?:old|older|ages?|aged|younger|tall|taller|height|heights|temperature|degrees)\b")
"""Words of stories in which few numbers are plausible."""
SCORES = re.compile(r"\b(?:scores?|quiz(?:zes)?|tests?|exams?|grades?)\b")
"""Words of stories in which a number up to a hundred stays below."""
CHOICE = re.compile(
    r"\b(?:most money|most expensive|least|cheapest|cheaper|best|maximum|minimum|highest|lowest|fewest"
    r"|greatest|largest|smallest|fastest|slowest|whichever|chooses?|whoever)\b",
    re.IGNORECASE,
)
"""Words of problems whose solution compares numbers first, and then only goes on with one of them."""
AT_ONCE = frozenset(map(Fraction, (2, 7, 12, 24, 52, 60, 100, 365)))
"""Constants: used more than once, such a number of a problem may be one of them the second time."""
WORKED_OUT = frozenset(map(Fraction, (3, 4, 5, 10)))
"""Universal numbers that are more often a result in the head than a fact."""


@dataclass(frozen=True)
class ParametricProblem:
    """A problem whose numbers are bound to the figures of its verified program."""

    parent: Parent
    variables: tuple[Variable, ...]
    kept: frozenset[Fraction]
    program: StraightProgram
    bounds: tuple[Bound | None, ...]

    @cached_property
    def records(self) -> dict[str, Row]:
        """The first verified record of each kind of thought that can be redrawn."""
        found = {kind: self.parent.first(kind) for kind in ("program", "equations", "chain")}
        return {kind: record for kind, record in found.items() if record is not None}

    def results(self, values: Sequence[Fraction]) -> list[Fraction] | None:
        """Return the intermediate results of the program for other numbers, the answer last."""
        return self.program.values(binding.filled(self.program.figures, self.bounds, values))

    @cached_property
    def is_ambiguous(self) -> bool:
        """Whether a number of the program may be another of its value, a result or one of the problem."""
        early = (self.program.values(self.program.figures) or [])[:-2]
        return len(set(early)) < len(early) or not set(early).isdisjoint(
            each.value for each in self.variables
        )

    def constraints(self) -> Constraints:
        """Return the constraints that other numbers must keep."""
        text = str(self.parent.problem["problem"])
        stretch = TIGHT if BODIES.search(text) else STRETCH
        mine = {slot for variable in self.variables for slot in variable.slots}
        still = tuple(slot for slot in slots.find(text) if slot not in mine)
        most = Fraction(100) if SCORES.search(text) else None
        return Constraints(self.variables, self.results, self.kept, stretch, still, most)

    def problem(self, values: Values) -> str:
        """Return the text of the problem with other numbers."""
        told = zip(self.variables, values, strict=True)
        text = str(self.parent.problem["problem"])
        return replaced(text, {slot: value for variable, value in told for slot in variable.slots})

    def program_for(self, values: Values) -> str:
        """Return the program with other numbers, in a fence of Markdown."""
        figures = binding.filled(self.program.figures, self.bounds, values)
        return f"```python\n{self.program.written(figures)}\n```"

    def equations_for(self, values: Values) -> str | None:
        """Return the equations with other numbers; None where the parent has none that are verified."""
        record = self.records.get("equations")
        if record is None:
            return None
        text = str(record["rationale"])
        figures = [answers.value(found[0]) or Fraction(0) for found in FIGURE.finditer(text)]
        later = iter(binding.filled(figures, binding.bind(figures, self.variables), values))
        return FIGURE.sub(lambda _: _in_brackets(next(later)), text)

    def chain_for(self, values: Values) -> str | None:
        """Return the chain with other numbers; None where the meaning of a number is not clear."""
        record = self.records.get("chain")
        if record is None:
            return None
        told = [*zip(self.variables, values, strict=True)]
        forms = {form.of(one.value): form.of(value) for one, value in told for form in one.forms}
        drawn = forms | {one.value: value for one, value in told}
        fractions = {value for value in self.kept if value.denominator != 1}
        return chains.redrawn(str(record["rationale"]), drawn, fractions)


def read(parent: Parent) -> ParametricProblem | Barren:
    """Return a parent as a story, or why its numbers cannot be others."""
    record = parent.first("program")
    if record is None:
        return Barren("it has no verified program")
    program = straight_lines.read(str(record["rationale"]))
    if program is None:
        return Barren("its program is no straight line")
    results = program.values(program.figures)
    if results is None or answers.exact_text(results[-1]) != record["predicted_answer"]:
        return Barren("its program has another exact value")
    text = str(parent.problem["problem"])
    if CHOICE.search(text):
        return Barren("it chooses, and other numbers may choose otherwise")
    if any(is_converted(value, text.lower()) for value in AT_ONCE.intersection(results[:-2])):
        return Barren("a result of its program may be the number of a unit")
    told, uses = slots.find(text), program.uses()
    constants = implied_in(text) | {value for value in AT_ONCE if uses[value] > 1}
    known = [variable for variable in binding.variables(told) if variable.value not in constants]
    bounds = binding.bind(program.figures, known)
    bound = sorted(binding.used(bounds))
    if not bound:
        return Barren("no number of the problem is bound to the program")
    chosen = tuple(known[at] for at in bound)
    kept = frozenset(slot.value for slot in told) - {variable.value for variable in chosen}
    if _restated(kept - set(program.figures), [*(variable.value for variable in chosen), *results]):
        return Barren("a number that the program does not use restates others")
    loose = {figure for figure, bound in zip(program.figures, bounds, strict=True) if bound is None}
    shares = {form.of(slot.value) for slot in told if slot.percent for form in binding.HUNDREDTHS[1:]}
    repeated = {slot.value for slot in told if uses[slot.value] > 1}
    if shares & {*results[:-2]} or _is_unexplained(loose, repeated, [slot.value for slot in told], results):
        return Barren("its program has a number that nothing explains")
    places = {old: new for new, old in enumerate(bound)}
    moved = tuple(None if each is None else Bound(places[each.variable], each.form) for each in bounds)
    return ParametricProblem(parent, chosen, kept, program, moved)


def _restated(unused: frozenset[Fraction], values: Sequence[Fraction]) -> bool:
    """Return whether an unused number is a result, or makes one number of another, or is made of two."""
    large = {value for value in unused if value > 2}
    makes = {made for one in large for other in values for made in (abs(one - other), one + other)}
    return bool(large & {*values, *_made(values)} or makes & {*values})


def _is_unexplained(
    loose: set[Fraction], repeated: set[Fraction], told: Sequence[Fraction], results: Sequence[Fraction]
) -> bool:
    """Return whether a figure that stays may be wrong for other numbers, as nothing says what it is.

    Who works out 75 / 5 in the head writes 15; so a small number that two others make is not trusted, nor is
    a number of the problem that is used again and that two others make.
    """
    if any(value in _made([one for one in {*told} if one != value]) for value in repeated):
        return True
    parts = {part for value in told for part in (Fraction(value.numerator), Fraction(value.denominator))}
    strange = loose - {*told, *parts, *(value / 100 for value in told)}
    values = [*told, *results]
    made = _made(values) | _shares(values) | {value + step for value in told for step in (-1, 1)}
    return bool(strange - UNIVERSAL or strange & _shares(told) or strange & WORKED_OUT & made)


def _shares(values: Sequence[Fraction]) -> set[Fraction]:
    """Return the quotients of each two of some numbers, and the parts that fractions are of the others."""
    pairs = [(one, other) for one in values for other in values if other and one != other]
    return {one / other for one, other in pairs} | {a * b for a, b in pairs if b.denominator != 1}


def _made(values: Sequence[Fraction]) -> set[Fraction]:
    """Return the sums, differences and products of each two of some numbers."""
    pairs = [(one, other) for at, one in enumerate(values) for other in values[at + 1 :]]
    return {made for one, other in pairs for made in (one + other, abs(one - other), one * other)}


def _in_brackets(value: Fraction) -> str:
    text = answers.exact_text(value)
    return f"({text})" if "/" in text or text.startswith("-") else text

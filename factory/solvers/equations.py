"""Equations: a teacher's system solved exactly, or the reason why it has no answer.

Straight-line evaluation first, then linear systems over the rationals, then quadratic equations, then sympy
in its own process for the few that are left. The text is parsed by our own whitelist grammar; nothing in
it is ever run.

>>> with Equations() as equations:
...     equations.solve("unknowns: x, y\\nx + y = 35\\n2x + 4y = 94 legs\\nans = x").answer.text
'23'
"""

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction

from thoughtmill.factory.answers import Answer, answer_of
from thoughtmill.factory.answers.mathematics.tree import Call, names
from thoughtmill.factory.answers.number import exact_text, fits
from thoughtmill.factory.answers.number import value as value_of
from thoughtmill.factory.answers.phrases import kinds_for
from thoughtmill.factory.core.worker import ClosingContext
from thoughtmill.factory.solvers.equation import quadratic
from thoughtmill.factory.solvers.equation.forms import formula, spelled
from thoughtmill.factory.solvers.equation.linear import Equation, linear, settle
from thoughtmill.factory.solvers.equation.lines import equations_of
from thoughtmill.factory.solvers.equation.nonlinear import Nonlinear, Value
from thoughtmill.factory.solvers.equation.several import Several, asked_for
from thoughtmill.factory.solvers.equation.system import System, Text, parse, reassigned, system
from thoughtmill.factory.solvers.equation.tree import Unsolvable, fold
from thoughtmill.factory.solvers.equation.varying import varies
from thoughtmill.factory.solvers.outcome import Check, Outcome

__all__ = ["Equations", "equations_of"]

DIGITS = 12
"""Significant digits of an irrational answer."""

LARGEST_DENOMINATOR = 10**12
"""No value without pi in it has a larger one where a text calculates with pi."""


class Equations(ClosingContext):
    """The solver of equations; `timeout_s` is processor time for one system in sympy.

    Same text, same outcome, but for a time-out. Use as a context manager, or call `close`.
    """

    def __init__(self, timeout_s: float = 5.0) -> None:
        self._nonlinear = Nonlinear(timeout_s)
        self._late: dict[tuple[str, str], Outcome] = {}

    def close(self) -> None:
        """End the worker process, if one was started."""
        self._nonlinear.close()

    def solve(self, text: str, answer_kind: str = "number") -> Outcome:
        """Return the answer of a system, or its failure, with the checks `eot_kind` and `single_assignment`.

        A system that contradicts itself only because it assigns names again (`d = d + 15`) is solved as the
        program it is, with `single_assignment` not passed: lower trust. Where answers of a kind other than
        `number` are asked for, an answer may be a closed form, several solutions, or a formula of unknowns.
        A system that took too long is remembered.
        """
        several = None if answer_kind == "number" else asked_for(text)
        return self._each(several, answer_kind) if several else self._remembered(text, answer_kind)

    def _each(self, several: Several, answer_kind: str) -> Outcome:
        """Solve a system for each part that it asks for, and put the answers together."""
        found: list[Outcome] = []
        for text in several.texts():
            found.append(self._remembered(text, "expression"))
            if found[-1].answer is None:
                return found[-1]
        whole = several.written([str(outcome.answer) for outcome in found])
        answer = answer_of(whole, kinds_for(answer_kind))
        if answer is None:
            return Outcome(None, "no_answer", "its parts make no answer together", found[0].checks)
        return Outcome(answer, None, None, found[0].checks)

    def _remembered(self, text: str, answer_kind: str) -> Outcome:
        if (text, answer_kind) in self._late:
            return self._late[text, answer_kind]
        outcome = self._solve(text, answer_kind)
        if outcome.failure == "timeout":
            self._late[text, answer_kind] = outcome
        return outcome

    def _solve(self, text: str, answer_kind: str) -> Outcome:
        """Solve a text, in its second reading where it assigns names again."""
        try:
            parsed = parse(text)
        except Unsolvable as error:
            return Outcome(None, error.failure, error.detail)
        outcome = self._solved(parsed, {}, answer_kind)
        again = reassigned(parsed)
        if outcome.failure != "inconsistent" or not again:
            return outcome
        renamed = self._solved(parsed, again, answer_kind)
        return renamed if renamed.answer is not None else outcome

    def _solved(self, text: Text, renaming: dict[str, int], answer_kind: str) -> Outcome:
        """Solve a parsed text in either of its two readings."""
        kind: str | None = None
        answer: str | None = None
        exact: str | None = None
        failure, detail = None, None
        proofs: tuple[Check, ...] = ()
        what: System | None = None
        try:
            what = system(text, renaming)
            settled = settle(what.equations)
            kind = settled.kind
            value = settled.known.get(what.answer)
            _hold(what, settled.known)
            if value is None:
                equations = _component(settled.rest, what.answer)
                kind = "nonlinear" if any(_is_nonlinear(each) for each in equations) else "linear"
                found = self._nonlinear_answer(what, settled.known, equations, kind, answer_kind != "number")
                number = value_of(found.text)
                answer, exact = None if number is None else _written(number, text.with_pi), found.exact
                proofs = (Check("root_interval", True, found.interval),) if found.interval else ()
            elif fits(value):
                answer = _written(value, text.with_pi)
            else:
                failure, detail = "no_answer", "the answer is too long a number"
        except Unsolvable as error:
            failure, detail = error.failure, error.detail
            exact = _more_than_a_number(what, error, answer_kind)
        single = Check("single_assignment", not renaming, ", ".join(renaming) or None)
        kinds = (Check("eot_kind", True, kind),) if kind else ()
        checks = (*kinds, *proofs, single)
        if answer_kind != "number" and exact and (wider := answer_of(exact, kinds_for(answer_kind))):
            return Outcome(wider, None, None, checks)
        return Outcome(None if answer is None else Answer(answer), failure, detail, checks)

    def _nonlinear_answer(
        self, what: System, known: dict[str, Fraction], equations: Sequence[Equation], kind: str, exact: bool
    ) -> Value:
        if kind == "linear":
            raise Unsolvable("underdetermined", f"the equations leave {what.answer} open")
        inside = {name for equation in equations for side in equation for name in names(side)}
        folded = [fold(condition, known) for condition in what.conditions]
        conditions = [each for each in folded if isinstance(each, Call) and inside.issuperset(names(each))]
        found = quadratic.solutions(equations)
        answer = None if found is None else _picked(found, conditions, what)
        if answer is not None:
            return Value(answer)
        if len(inside) > len(equations) and varies(equations, conditions, what.answer):
            raise Unsolvable("underdetermined", f"{len(equations)} equations leave {what.answer} open")
        return self._nonlinear.solve(equations, conditions, what.whole, what.answer, exact)


def _more_than_a_number(what: System | None, error: Unsolvable, answer_kind: str) -> str | None:
    """Return the solutions where a set is asked for, or the formula of an answer left open, as text."""
    if error.failure == "ambiguous" and answer_kind == "set":
        return ", ".join(error.values)
    try:
        return spelled(formula(what)) if what is not None and error.failure == "underdetermined" else None
    except Unsolvable:
        return None


def _written(value: Fraction, with_pi: bool) -> str:
    """Return a value as exact text, or to 12 digits where pi is left in it."""
    if with_pi and value.denominator > LARGEST_DENOMINATOR:
        rounded = Context(prec=DIGITS).divide(Decimal(value.numerator), Decimal(value.denominator))
        value = Fraction(rounded)
    return exact_text(value)


def _picked(found: Sequence[dict[str, Fraction]], conditions: Sequence[Call], what: System) -> str | None:
    """Return the only value of the answer in the solutions that meet the conditions, as `p/q`.

    None where exact numbers do not decide it. Raises `Unsolvable` where there are no or several values.
    """
    kept = []
    for solution in found:
        decided = [fold(condition, solution) for condition in conditions]
        if what.answer not in solution or not all(isinstance(each, Fraction) for each in decided):
            return None
        wholes = [solution[name] for name in what.whole & solution.keys()]
        if all(decided) and all(number.denominator == 1 for number in wholes):
            kept.append(solution[what.answer])
    texts = sorted({f"{value.numerator}/{value.denominator}" for value in kept})
    if not texts:
        raise Unsolvable("inconsistent", "no solution meets the conditions")
    if len(texts) > 1:
        raise Unsolvable("ambiguous", "solutions " + ", ".join(texts)[:200], tuple(texts))
    return texts[0]


def _hold(what: System, known: dict[str, Fraction]) -> None:
    """Raise `Unsolvable` if the known values break a condition or are not whole where that is stated."""
    for condition in what.conditions:
        if fold(condition, known) == 0:
            raise Unsolvable("inconsistent", "a stated condition does not hold")
    for name in sorted(what.whole & known.keys()):
        if known[name].denominator != 1:
            raise Unsolvable("inconsistent", f"{name} is stated to be whole")


def _component(equations: Sequence[Equation], name: str) -> list[Equation]:
    """Return the equations that are connected to a name through shared unknowns."""
    reached = {name}
    found: list[Equation] = []
    left = [(equation, {n for side in equation for n in names(side)}) for equation in equations]
    while linked := [pair for pair in left if pair[1] & reached]:
        left = [pair for pair in left if not pair[1] & reached]
        found += [equation for equation, _ in linked]
        reached.update(*(unknown for _, unknown in linked))
    return found


def _is_nonlinear(equation: Equation) -> bool:
    return linear(Call("-", equation)) is None

"""Growth `redraw`: the same problem with other numbers, under the constraints that the parent itself keeps.

The program of the parent is evaluated on the new numbers. Its equations or its chain, redrawn too, must have
the same answer: where only one thought can be redrawn, there is no child.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from random import Random

from thoughtmill.factory.answers import Answer, reading
from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.growths import Barren, Child, Parent, first_children, parametric
from thoughtmill.factory.growths.drawing import Constraints, Pool, Values, candidates, draws
from thoughtmill.factory.growths.parametric import ParametricProblem
from thoughtmill.factory.solvers.solvers import Solvers

TRIES = 3
"""Draws for each child: one may repeat another, or be one on which the thoughts differ."""

UNCONFIRMED = "no second thought has the same answer"


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield at most `count` children with other numbers."""
    problem = parametric.read(parent)
    if isinstance(problem, Barren):
        yield problem
        return
    pools = [candidates(variable) for variable in problem.variables]
    yield from children(problem, problem.constraints(), pools, count, random, solvers)


def children(
    problem: ParametricProblem,
    constraints: Constraints,
    pools: Sequence[Pool],
    count: int,
    random: Random,
    solvers: Solvers,
) -> Iterator[Child | Barren]:
    """Yield at most `count` children whose numbers come from pools, or the reason why there are none."""
    drawn = islice(draws(constraints, pools, random), TRIES * count)
    tried = (_child(problem, values, solvers) for values in _others(constraints.start(), drawn))
    yield from first_children(tried, count, "no other numbers hold")


def _others(old: Values, drawn: Iterable[Values]) -> Iterator[Values]:
    """Yield draws that differ enough from the old numbers, each of them once."""
    seen = {old}
    for values in drawn:
        if values not in seen and _changed(old, values):
            seen.add(values)
            yield values


def _changed(old: Values, new: Values) -> bool:
    """Return whether at least half of the numbers are others."""
    return 2 * sum(one != other for one, other in zip(old, new, strict=True)) >= len(old)


def _child(problem: ParametricProblem, values: Values, solvers: Solvers) -> Child | Barren:
    """Return the child with some numbers, unless only its program has its answer.

    Equations may be ambiguous as the program is; a chain keeps each number beside its words.
    """
    results = problem.results(values)
    if results is None:
        return Barren(UNCONFIRMED)
    answer = Answer(answers.exact_text(results[-1]))
    texts = {"equations": problem.equations_for(values), "chain": problem.chain_for(values)}
    told = {
        "equations": texts["equations"] and solvers.equations.solve(texts["equations"]).answer,
        "chain": texts["chain"] and _told(texts["chain"]),
    }
    agreeing = {kind: text for kind, text in texts.items() if text and told[kind] == answer}
    if not agreeing or (problem.is_ambiguous and "chain" not in agreeing):
        return Barren(UNCONFIRMED)
    completions = {"program": problem.program_for(values)} | agreeing
    by_thought = {str(problem.records[kind]["thought"]): text for kind, text in completions.items()}
    return Child(by_thought, problem.problem(values), answer)


def _told(chain: str) -> Answer | None:
    found = reading.read(chain)
    return None if found is None else Answer(found.answer)

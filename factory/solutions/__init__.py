"""Worked solutions: the text in which a problem set shows how a problem is solved, read as a solution graph.

A solution is lines of text. GSM8K marks each calculation, `48/2 = <<48/2=24>>24`, and closes with
`#### 72`. The embedded set writes the same form and says more, so that the whole graph can be read back:

    Given: bags = 4
    Given: bag_size = 6
    Given: eaten = 9
    Rule: The total of equal groups is the number of groups times the size of one group.
    Rule: What is left is the amount before minus the amount taken away.
    Relation: left + eaten = bags * bag_size
    4 bags of 6 marbles are <<marbles=bags*bag_size=24>>24 marbles.
    Without the 9 lost marbles there are <<left=marbles-eaten=15>>15 marbles left.
    #### 15

`Given:` names a number of the problem, `Rule:` states one general rule with no number of the problem,
`Relation:` is an equation that holds between named quantities (written where equations are the natural way
to say the problem), and a mark is `<<name=expression=value>>` (GSM8K has no name: `<<expression=value>>`),
followed by the value as the sentence shows it. Names are snake_case; expressions use names, numbers,
`+ - * / // %` and brackets; values are exact.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solutions.calculations import NAME, UnusableSolution
from thoughtmill.factory.solutions.graphs import NAMED, Given, Graph, GraphStep, calculate


@dataclass(frozen=True, slots=True)
class Solution:
    """A solution graph with its text.

    `steps` are the calculations that the answer rests on, in order; the value of the last is the answer.
    `givens` are the numbers that they or the relations name. `lines` are the sentences with their marks.
    """

    givens: tuple[Given, ...]
    rules: tuple[str, ...]
    relations: tuple[str, ...]
    steps: tuple[GraphStep, ...]
    lines: tuple[str, ...]
    answer: Fraction

    def values(self) -> dict[str, Fraction]:
        """Return the value of every given and step by its name."""
        givens = {given.name: given.value for given in self.givens}
        return givens | {step.name: step.value for step in self.steps}


MAX_LENGTH = 10_000
"""Characters of the longest solution that is read; real ones have about a thousand."""


def parse(text: str, problem: str = "") -> Solution:
    """Read a worked solution, or raise `UnusableSolution` that says why nothing can be compiled from it.

    `problem` is its problem's text; where the solution names nothing (GSM8K), the numbers of the problem get
    their names from there, and a number that is the result of an earlier step is that step (see `_linked`).

    >>> solution = parse("He sold 48/2 = <<48/2=24>>24 clips.\\n#### 24", "He sold clips to 48 friends.")
    >>> solution.steps[0].name, solution.steps[0].expression, solution.givens[0].name
    ('clips', 'friends / 2', 'friends')
    """
    if len(text) > MAX_LENGTH:
        raise UnusableSolution(f"it is longer than {MAX_LENGTH} characters")
    sections: dict[str, list[str]] = {"Given": [], "Rule": [], "Relation": [], "": []}
    answer: Fraction | None = None
    for line in filter(None, map(str.strip, text.splitlines())):
        head, colon, rest = line.partition(": ")
        if line.startswith("####"):
            answer = answers.value(line[4:])
        elif colon and head in sections:
            sections[head].append(rest.strip())
        else:
            sections[""].append(line)
    if answer is None:
        raise UnusableSolution("no line `#### ` gives the answer as a number")
    graph = Graph([_given(line) for line in sections["Given"]], problem)
    graph.read(sections[""])
    steps = _towards(answer, graph.steps)
    relations = tuple(sections["Relation"])
    _hold(relations, graph.values)
    used = {
        name for text in (*relations, *(step.expression for step in steps)) for name in NAMED.findall(text)
    }
    givens = tuple(given for given in graph.givens.values() if given.name in used)
    return Solution(givens, tuple(sections["Rule"]), relations, steps, tuple(sections[""]), answer)


def _given(line: str) -> Given:
    name, _, number = (part.strip() for part in line.partition("="))
    value = answers.value(number)
    if value is None or not NAME.fullmatch(name):
        raise UnusableSolution(f"`Given: {line}` is not `name = number`")
    return Given(name, value)


def _hold(relations: Iterable[str], values: Mapping[str, Fraction]) -> None:
    """Raise `UnusableSolution` at a relation that the solution itself contradicts."""
    for relation in relations:
        sides = relation.split("=")
        known = values.keys() >= set(NAMED.findall(relation))
        if len(sides) != 2 or (known and calculate(sides[0], values) != calculate(sides[1], values)):
            raise UnusableSolution(f"the relation `{relation}` does not hold")


def _comes_to(value: Fraction, answer: Fraction) -> bool:
    return value == answer or answers.equal(answers.exact_text(value), answers.exact_text(answer))


def _towards(answer: Fraction, steps: list[GraphStep]) -> tuple[GraphStep, ...]:
    """Return the steps that the answer rests on: the last with its value, and those it uses."""
    gold = answers.exact_text(answer)
    last = max((i for i, step in enumerate(steps) if _comes_to(step.value, answer)), default=None)
    if last is None:
        came = f"the last comes to {answers.exact_text(steps[-1].value)}" if steps else "there is none"
        raise UnusableSolution(f"no calculation comes to the answer {gold}: {came}")
    used = {steps[last].name}
    kept = []
    for step in reversed(steps[: last + 1]):
        if step.name in used:
            kept.append(step)
            used.update(NAMED.findall(step.expression))
    return tuple(reversed(kept))

"""Tell one story: draw its numbers, write its problem, write its worked solution."""

from collections.abc import Iterator
from functools import cache
from random import Random
from re import search, sub
from typing import NamedTuple

from thoughtmill.factory.problems.stories.compositions import Composition
from thoughtmill.factory.problems.stories.expressions import Number, formula, show
from thoughtmill.factory.problems.stories.parts import Move, Step, Template
from thoughtmill.factory.problems.stories.patterns import fill
from thoughtmill.factory.problems.stories.words import cast

ASIDE_OF_100 = 25
LARGEST = 300


class Numbers(NamedTuple):
    """All numbers of a story by name, those given, and the name of the amount before each move."""

    values: dict[str, Number]
    givens: dict[str, Number]
    before: tuple[str, ...]


def draw_numbers(template: Template, steps: tuple[Step, ...], rng: Random) -> Numbers | None:
    """Draw the numbers of a story and calculate through it; None where a number does not come out well."""
    values: dict[str, Number] = {}
    before: list[str] = []
    it = ""
    for step in steps:
        for name, draw in step.draws.items():
            number = draw(rng, values)
            if number is None:
                return None
            values[name] = number
        for move in step.moves:
            value = formula(move.expression)(values)
            if not move.low <= value <= move.high or move.unit % value.denominator or not _by_head(value):
                return None
            values[move.name] = value
            before.append(it)
        if step.moves:
            it = step.moves[-1].name
        if not step.takes:
            it = template.start or it
        values["it"] = values[it]
    given = {name for step in steps for name in step.draws if not name.startswith("_")}
    return Numbers(values, {name: values[name] for name in values if name in given}, tuple(before))


def _by_head(value: Number) -> bool:
    """Return whether a value is one to calculate in the head: small, or round, as 250, 4200 and 17.50 are."""
    return int(show(value).replace(".", "").strip("0")) <= LARGEST


def draw_words(template: Template, rng: Random) -> dict[str, str]:
    """Draw the names and the nouns of a story."""
    words = cast(rng)
    for slot, nouns in template.slots.items():
        words[slot] = rng.choice(nouns)
    return words


def write_problem(
    template: Template, steps: tuple[Step, ...], words: dict[str, str], numbers: Numbers, rng: Random
) -> str:
    """Write the problem: each step in one of its wordings, perhaps an aside, and the question."""
    sentences = [rng.choice(step.texts) for step in steps]
    if template.asides and rng.randrange(100) < ASIDE_OF_100:
        sentences.insert(rng.choice((1, len(sentences))), rng.choice(template.asides))
    sentences.append(rng.choice(steps[-1].asks))
    values = {**numbers.values, "idle": rng.randint(2, 12)}
    filled = [fill(sentence, words, values) for sentence in sentences]
    return " ".join([text[0].upper() + text[1:] for text in filled])


def write_solution(
    template: Template, composition: Composition, words: dict[str, str], numbers: Numbers
) -> str:
    """Write the worked solution in the form that `factory.solutions` reads."""
    moves = [move for step in composition.steps for move in step.moves]
    lines = [f"Given: {name} = {show(number)}" for name, number in numbers.givens.items()]
    lines += [f"Rule: {rule}" for rule in dict.fromkeys(move.rule for move in moves)]
    lines += [f"Relation: {relation}" for relation in _relations(template, composition, numbers)]
    for move, it in zip(moves, numbers.before, strict=True):
        shown = show(numbers.values[move.name])
        expression = _resolve(move.expression, it).replace(" ", "")
        mark = f"<<{move.name}={expression}={shown}>>{shown}"
        values = {**numbers.values, "=": numbers.values[move.name], "it": numbers.values.get(it, 0)}
        lines.append(fill(move.sentence, {**words, "=": mark}, values))
    lines.append(f"#### {show(numbers.values[moves[-1].name])}")
    return "\n".join(lines)


def _relations(template: Template, composition: Composition, numbers: Numbers) -> Iterator[str]:
    """Yield the template's equations, and those of the later calculations that they do not cover."""
    if not template.relations:
        return
    yield from template.relations
    later = [move for step in composition.steps[1:] for move in step.moves]
    for move, it in zip(later, numbers.before[len(composition.steps[0].moves) :], strict=True):
        if not search(rf"\b{move.name}\b", " ".join(template.relations)):
            yield f"{move.name} = {_resolve(move.expression, it)}"


@cache
def _resolve(expression: str, it: str) -> str:
    """Return an expression with the amount so far called by its name."""
    return sub(r"\bit\b", it, expression)


def answer_of(steps: tuple[Step, ...], numbers: Numbers) -> str:
    """Return the answer of a story as canonical exact text."""
    last: Move = steps[-1].moves[-1]
    return show(numbers.values[last.name])

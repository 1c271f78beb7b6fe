"""Text patterns: sentences with gaps, which a story fills with its words and numbers.

    {who}         a word of the story: a name, a pronoun, the singular of a noun it drew
    {+thing}      the plural of a noun
    {a thing}     a noun with its article
    {#boxes}      a number
    {$price}      a number as money: $4.50
    {boxes thing} a number and a noun that agrees with it: 1 apple, 2 apples
    {=}           the mark of the calculation that a sentence of the solution shows
    {= thing}     the mark, and a noun that agrees with its value

A noun that the story drew none for stands for itself, so `{hours hour}` needs no preparation.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from thoughtmill.factory.problems.stories.expressions import Values, dollars, show
from thoughtmill.factory.problems.stories.words import article, forms

Words = Mapping[str, str]
Gap = Callable[[Words, Values], str]

_GAP = re.compile(r"\{([^{}]*)\}")


def fill(pattern: str, words: Words, values: Values) -> str:
    """Fill a pattern. `words` maps slots to nouns as `forms` reads them, and to names and pronouns.

    A mark's text is the word `=` and its value the number `=`.

    >>> fill("{who} has {n thing} in {a box}.", {"who": "Mei", "thing": "berry", "box": "egg cup"}, {"n": 2})
    'Mei has 2 berries in an egg cup.'
    """
    return "".join([part if isinstance(part, str) else part(words, values) for part in _parts(pattern)])


@cache
def _parts(pattern: str) -> tuple[str | Gap, ...]:
    pieces = _GAP.split(pattern)
    return tuple(piece if index % 2 == 0 else _gap(piece) for index, piece in enumerate(pieces))


def _gap(gap: str) -> Gap:
    head, _, noun = gap.partition(" ")
    if head == "a":
        return lambda words, values: article(forms(words.get(noun, noun))[0])
    if noun:
        number = _number(head)
        return lambda words, values: (
            number(words, values) + " " + forms(words.get(noun, noun))[values[head] != 1]
        )
    if gap.startswith("+"):
        return lambda words, values: forms(words.get(gap[1:], gap[1:]))[1]
    if gap.startswith("$"):
        return lambda words, values: dollars(values[gap[1:]])
    if gap.startswith("#") or gap == "=":
        return _number(gap.removeprefix("#"))
    return lambda words, values: forms(words[gap])[0]


def _number(name: str) -> Gap:
    if name == "=":
        return lambda words, values: words["="]
    return lambda words, values: show(values[name])

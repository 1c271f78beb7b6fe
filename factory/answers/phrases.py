r"""Answers other than numbers: the phrases of a chain that may state one, without their wrapping.

>>> answer_in(["$3/4$ of it"], ("number",))
Answer(text='0.75', kind='number')
"""

import re
from collections.abc import Iterable, Iterator

from thoughtmill.factory.answers import KINDS, Answer, answer_of

IN_WORDS = ("choice", "text")
"""Kinds that nearly any phrase can be read as; only a problem that asks for one has such an answer."""

_MATHS = re.compile(
    r"\$\$(.+?)\$\$|\$([^$\n]+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]"
    r"|\\begin\{(?:align|equation|gather|multline)\*?\}(.+?)\\end\{(?:align|equation|gather|multline)\*?\}",
    re.DOTALL,
)
_DRESS = " \t\n*$:"
_SENTENCE_END = re.compile(r"[.;!](?=\s|$)|,? (?:because|since|so that|which)\b")
_LETTER = re.compile(r"[\W_]*(?:(?:option|choice|answer)\b[\W_]*)?([A-J])(?![\w'’])")
_NAMED = re.compile(
    r"\b(?:(?i:option|choice|choose|pick|select|answer))\b[\W_]*(?:is\b[\W_]*)?([A-HJ])(?![\w'’])"
)
_SMALL_LETTER = re.compile(r"[\W_]*([a-j])(?:[\W_]*$|\))")
_BRACKETED = re.compile(r"\(([A-J])\)")
_AND = re.compile(r",?\s(?:and|or)\s")
_THING = re.compile(r"(?:an?|the) [a-z]{2}", re.IGNORECASE)
_IS = re.compile(r"\b(?:is|are|be|equals)\b:? |: ")
_EQUALS = re.compile(r"(?<![<>!\\])=")


def kinds_for(kind: str) -> tuple[str, ...]:
    """Return the kinds as which an answer is read where `kind` is asked for, the likeliest first.

    >>> kinds_for("number")[0]
    'number'
    """
    if kind == "text":
        return ("text",)
    others = [name for name in KINDS.names() if name not in IN_WORDS and name != kind]
    return (*others, kind) if kind == "expression" else (kind, *others)


def answer_in(phrases: Iterable[str], kinds: tuple[str, ...]) -> Answer | None:
    """Return the answer that the first readable phrase states, undressed as little as it takes."""
    in_words = kinds[0] in IN_WORDS
    for phrase in phrases:
        for form in _words(phrase) if in_words else _forms(phrase):
            if not in_words and _THING.match(form):
                continue  # `a lot` is no product of names
            found = answer_of(form, kinds)
            if found is not None:
                return found
    return None


def _forms(phrase: str) -> Iterator[str]:
    """Yield a phrase whole, its first mathematics, its first clause, and the right side of that."""
    yield phrase.strip(_DRESS).removesuffix(".").strip(_DRESS)
    if maths := _MATHS.search(phrase):
        yield _inside(maths)
    clause = _SENTENCE_END.split(phrase, maxsplit=1)[0].strip(_DRESS)
    yield clause
    if _EQUALS.search(clause):
        yield _EQUALS.split(clause)[-1].strip(_DRESS)


def _words(phrase: str) -> Iterator[str]:
    """Yield the letter that opens or is named in a phrase, its first clause, and all of it."""
    if letter := _LETTER.match(phrase) or _NAMED.search(phrase) or _SMALL_LETTER.match(phrase):
        yield letter[1].upper()
    if len(letters := set(_BRACKETED.findall(phrase))) == 1:
        yield letters.pop()
    yield _SENTENCE_END.split(phrase, maxsplit=1)[0].strip(_DRESS)
    yield phrase.strip(_DRESS).removesuffix(".").strip(_DRESS)


def last_maths(text: str) -> Iterator[str]:
    r"""Yield the end of a text that marks no answer: its last mathematics, and the right side of that.

    >>> list(last_maths(r"so the inverse is $f(x) = \frac{x+5}{6}$."))
    ['\\frac{x+5}{6}', 'f(x) = \\frac{x+5}{6}']
    """
    found = list(_MATHS.finditer(text[-1000:]))
    if len(found) > 1 and _AND.fullmatch(text[-1000:], found[-2].end(), found[-1].start()):
        values = [_inside(each) for each in found[-2:]]
        if len({_EQUALS.split(value)[0].strip() for value in values}) == 1:  # two values of a name
            yield ", ".join(values)
    last = _inside(found[-1]) if found else text.rstrip().rpartition("\n")[2].rstrip(" .")
    if not found and not _EQUALS.search(last):
        *said, stated = _IS.split(last)
        yield from [stated, last] if said else [last]
        return
    yield _EQUALS.split(last)[-1].strip(_DRESS)
    yield last


def _inside(maths: re.Match[str]) -> str:
    return next(group for group in maths.groups() if group is not None).strip().removesuffix(".").rstrip()

"""What a row must hold to become a problem: a text, a gold answer of its kind, an id if its set has ids."""

from decimal import Decimal
from typing import Any

from thoughtmill.factory.answers import ANY, Answer, answer_of
from thoughtmill.factory.core.families import text_id
from thoughtmill.factory.core.rows import FileRow
from thoughtmill.factory.problems.sources import Fields, ProblemSet, UnusableRow

NOTHING = {"n/a", "#n/a", "nan", "null", "none", "-", "--", "?"}
"""What people write where an answer is missing; as algebra, `n/a` would be a quotient."""

SHOWN = 80
"""Characters of a value that a reason shows."""


def fields_of(row: FileRow, problem_set: ProblemSet) -> Fields:
    """Return the fields that a problem set reads from a row; an `UnusableRow` says why it cannot."""
    if row.fault is not None:
        raise UnusableRow(row.fault)
    try:
        return problem_set.read(row.values)
    except KeyError as error:
        raise UnusableRow(f"no column `{error.args[0]}`") from error


def problem_columns(fields: Fields, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return the columns of `problems` that a row decides; an `UnusableRow` says why it cannot be a problem.

    Without a field `answer`, the gold answer is unknown, and the first kind is the kind to answer in.

    >>> problem_columns({"problem": "Half of 3?", "answer": "1.50"}, ("number",))["answer"]
    '1.5'
    """
    problem = _text("problem", fields["problem"])
    answer = _gold_answer(fields["answer"], kinds) if "answer" in fields else None
    return {
        "problem": problem,
        "answer": answer and answer.text,
        "answer_kind": answer.kind if answer else kinds[0],
        "subject": _word(fields.get("subject")),
        "level": _word(fields.get("level")),
        "solution": _word(fields.get("solution")),
        "parent_id": parent_id_of(problem, fields.get("parent")),
        "growth": None,
    }


def parent_id_of(problem: str, parent: Any) -> str | None:
    """Return the name of the problem whose text a row gives as its parent; None for that problem itself.

    >>> parent_id_of("How many pens?", "How many pens? "), parent_id_of("How many pads?", "How many pens?")
    (None, 'text-bbbc2e29e55de360')
    """
    text = _word(parent)
    return None if text is None or text == problem else text_id(text)


def says_nothing(value: Any) -> bool:
    """Say whether a value means that there is no answer: null, empty, `n/a`, not a number.

    >>> [says_nothing(value) for value in (None, " ", "N/A", float("nan"), 0, "0")]
    [True, True, True, True, False, False]
    """
    return value is None or not (word := str(value).strip()) or word.casefold() in NOTHING


def _gold_answer(value: Any, kinds: tuple[str, ...]) -> Answer:
    gold = _gold(value)
    answer = answer_of(gold, kinds)
    if answer is None:
        raise UnusableRow(f"the answer {shown(gold)} is not a {' or a '.join(kinds)}{_other(gold)}")
    return answer


def _other(gold: str) -> str:
    """Name the kinds that can read an answer which is of no kind of its set."""
    other = answer_of(gold, ANY)
    if other is None or other.kind == "text":
        return ""
    return f"; read as {other.kind} it is `{other.text}`: see `answer_kinds:`"


def own_id(fields: Fields) -> str | None:
    """Return the id that a row names, or None where its set has none; a row with an empty id is unusable.

    >>> own_id({"id": 7.0}), own_id({})
    ('7', None)
    """
    if "id" not in fields:
        return None
    value = fields["id"]
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # tables with a gap in a column of integers hold floats
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text("id", value)


def shown(value: Any) -> str:
    """Return a value as a reason shows it: quoted, and cut when it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _text(what: str, value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise UnusableRow(f"the {what} is {_unusable(value)}")


def _gold(value: Any) -> str:
    """Return a gold answer as text; it may be a number."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and not says_nothing(value):
        return str(value)
    text = _text("answer", value)
    if says_nothing(text):
        raise UnusableRow(f"the answer {text!r} says that there is none")
    return text


def _word(value: Any) -> str | None:
    return None if value is None else str(value).strip() or None


def _unusable(value: Any) -> str:
    if value is None:
        return "null"
    return "empty" if isinstance(value, str) else f"{shown(value)}, which is no text"

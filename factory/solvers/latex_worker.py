"""What the worker of math-verify does: it compares two answers in LaTeX."""

from math_verify import parse, verify


def reply(answers: tuple[str, str]) -> bool | None:
    """Return whether the predicted and the gold answer are equal; None when the gold one cannot be read.

    math-verify's own limits of time are off: the worker has one.
    """
    predicted, gold = (parse(rf"\boxed{{{answer}}}", parsing_timeout=None) for answer in answers)
    return bool(verify(gold, predicted, timeout_seconds=None)) if gold else None

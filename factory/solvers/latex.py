r"""LaTeX answers: such as `\frac{\sqrt{3}}{2}` or `(1, 2)`, compared by math-verify in a worker.

>>> with Latex() as latex:
...     latex.equal(r"\frac{1}{2}", "0.5")  # numbers start no process
True
>>> is_expression(r"2\sqrt{3}"), is_expression("12 or 13")
(True, False)
"""

import re

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers.reading import boxes
from thoughtmill.factory.answers.statements import stated
from thoughtmill.factory.core.worker import Worker, WorkerDied, WorkerTimeout

MAX_LENGTH = 2000
"""Characters of the longest expression that is compared."""

_EXPRESSION = re.compile(r"\\[A-Za-z]|^(?!.*[A-Za-z]{3}).*[\^(\[]")


class Latex(Worker):
    """The worker that compares answers; `cpu_s` is for one comparison."""

    def __init__(self, cpu_s: float = 5.0) -> None:
        super().__init__("thoughtmill.factory.solvers.latex_worker", cpu_s)

    def equal(self, predicted: str, gold: str) -> bool | None:
        """Return whether two answers are equal; None when it cannot be decided (length, time, gold).

        Where both state a number, `factory.answers.number.equal` decides and math-verify is not asked.
        """
        one, other = stated(predicted), stated(gold)
        if one is not None and other is not None:
            return answers.equal(one, other)
        if max(len(predicted), len(gold)) > MAX_LENGTH:
            return None
        try:
            verdict = self.ask([predicted, gold])
        except (WorkerTimeout, WorkerDied):  # of its memory limit, for one
            return None
        return None if verdict is None else bool(verdict)


def is_expression(answer: str) -> bool:
    """Return whether an answer is written as mathematics, though it may be no single number."""
    return len(answer) <= MAX_LENGTH and _EXPRESSION.search(answer) is not None


def boxed(chain: str) -> str | None:
    r"""Return the single answer that a chain boxes, as it is written, or None.

    >>> boxed(r"so it is \boxed{2\sqrt{3}}."), boxed(r"\boxed{x} or \boxed{y}")
    ('2\\sqrt{3}', None)
    """
    found = {answer.strip() for answer in boxes(chain)}
    return found.pop() or None if len(found) == 1 else None

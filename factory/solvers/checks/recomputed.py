"""Checks of a chain by its calculations, each recomputed exactly.

>>> outcome = Outcome(Answer("71"), None)
>>> no_step_is_wrong("48 / 2 = 24 clips, and 24 + 48 = 71 in all", "", outcome).detail
'2 steps, 1 wrong: 24+48 = 71, which is 72; the error reaches the answer'
>>> steps_reach_answer("48 / 2 = 24 clips", "", outcome).detail
'the last step comes to 24, the answer is 71'
"""

from collections.abc import Sequence
from fractions import Fraction

from thoughtmill.factory.answers import Answer, equal
from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.solvers.checks import applies_to
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.steps import ChainStep, steps


@applies_to("chain")
def no_step_is_wrong(rationale: str, problem: str, outcome: Outcome) -> Check:
    """Say whether no step is wrong; None when there is no step.

    The detail counts the wrong steps, shows the first and says whether their error reaches the answer.
    """
    found = steps(rationale)
    if not found:
        return Check("steps", None, "no step")
    wrong = [step for step in found if not step.right]
    detail = f"{len(found)} steps, {len(wrong)} wrong"
    if wrong:
        reaches = outcome.answer is not None and _reaches(found, outcome.answer.text)
        reach = "reaches the answer" if reaches else "does not reach the answer"
        detail += f": {'; '.join(map(str, wrong[:3]))}; the error {reach}"
    return Check("steps", not wrong, detail)


@applies_to("chain")
def steps_reach_answer(rationale: str, problem: str, outcome: Outcome) -> Check:
    """Say whether the last step's result is the answer; None when there is no step or no answer."""
    found = steps(rationale)
    if not found or outcome.answer is None:
        return Check("steps_reach_answer", None, "no step" if not found else "no answer")
    last = found[-1]
    return Check(
        "steps_reach_answer",
        equal(Answer(answers.exact_text(last.stated)), outcome.answer),
        f"the last step comes to {last.result}, the answer is {outcome.answer}",
    )


@applies_to("chain")
def no_error_in_answer(rationale: str, problem: str, outcome: Outcome) -> Check:
    """Say whether no wrong step leads to the answer; None when there is no step or no answer.

    A right answer that comes from a wrong step is right by chance.
    """
    found = steps(rationale)
    if not found or outcome.answer is None:
        return Check("no_error_in_answer", None, "no step" if not found else "no answer")
    return Check("no_error_in_answer", not _reaches(found, outcome.answer.text))


def _reaches(found: Sequence[ChainStep], answer: str) -> bool:
    """Return whether a wrong result, or one computed from it, is the answer.

    A wrong step whose result an earlier right step has (a calculator mark beside a badly read sentence)
    does no harm, nor does a wrong result that a later right step computes anew. Signs are ignored: a text
    writes them in many ways.
    """
    if all(step.right for step in found):
        return False
    wrong: dict[Fraction, bool] = {}  # the results so far, and whether they come from an error
    for step in found:
        result = abs(step.stated)
        from_error = any(wrong.get(abs(number.value)) for number in find(step.expression))
        if step.right or wrong.get(result, True):
            wrong[result] = from_error or not step.right
    value = answers.value(answer)
    return value is not None and wrong.get(abs(value), False)

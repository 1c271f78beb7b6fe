"""What each check says of a record, in a sentence."""

import inspect

from thoughtmill.factory.solvers.checks import CHECKS

MEANINGS = {
    "agreement": "another thought of the problem has the same answer",
    "answer_rule": "the answer is read from the text by the named rule",
    "eot_kind": "the equations are of the named kind: straight, linear or nonlinear",
    "equal_by": "the answer and the gold answer are equal by the named rule",
    "fence_saw": "the program did nothing that its fence refuses",
    "general": "the rules hold no number of their problem",
    "leaks_answer": "the rules do not state the gold answer",
    "names": "the rules name no person, place or counted thing of their problem",
    "no_error_in_answer": "the answer does not come from a wrong step",
    "numbers_known": "each number comes from the problem, from a step, or is common knowledge",
    "numbers_used": "each number of the problem is used",
    "pure": "the program only computes: it uses no file, no clock and no chance",
    "redrawn_agreement": "program and equations still agree when the numbers of the problem are redrawn",
    "root_interval": "the answer is the only root in the named interval",
    "sign": "the answer is not below zero, unless the problem allows it",
    "single_assignment": "no name is assigned twice",
    "solved": "the rationale has an answer, or is readable where it needs none",
    "steps": "every calculation that the chain states is right",
    "steps_reach_answer": "the steps lead to the answer",
    "variables_used": "every variable that is set is used",
    "whole_people": "the answer is whole where the problem asks how many people there are",
}
"""Our checks, each as what is true when it passes."""


def meaning(check: str) -> str:
    """Return what is true of a record that passes a check; of another package's, its first sentence.

    >>> meaning("steps"), meaning("never_heard_of")
    ('every calculation that the chain states is right', '')
    """
    if check in MEANINGS or check not in CHECKS:
        return MEANINGS.get(check, "")
    said = inspect.getdoc(CHECKS.named(check)) or ""
    return said.partition("\n")[0].removesuffix(".")

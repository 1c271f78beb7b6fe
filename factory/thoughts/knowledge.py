"""Knowledge: the general rules a problem needs, with nothing of the problem itself (LoRID, section 3.1).

>>> print(parse('["The total of equal groups is the number of groups times the size of one group."]'))
The total of equal groups is the number of groups times the size of one group.
"""

import json

from thoughtmill.factory.solvers.checks.rules import leaks
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers

KIND = "rules"


def parse(completion: str) -> str | None:
    """Return the rules of a JSON list, one a line; None when there is no list of sentences."""
    begin, end = completion.find("["), completion.rfind("]")
    if begin < 0 or end < begin:
        return None
    try:
        rules = json.loads(completion[begin : end + 1])
    except (ValueError, RecursionError):  # the reader of JSON counts brackets on Python's stack
        return None
    if not isinstance(rules, list) or not rules or not all(isinstance(rule, str) for rule in rules):
        return None
    lines = [" ".join(rule.split()) for rule in rules]
    return "\n".join(lines) if all(lines) else None


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Return an outcome without an answer; rules fail when they are not general."""
    leaked = leaks(rationale, problem)
    return Outcome(None, leaked and "not_general", leaked)

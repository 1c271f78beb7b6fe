"""Knowledge: the general rules a problem needs, with nothing of the problem itself (LoRID, section 3.1).

>>> print(parse('["The total of equal groups is the number of groups times the size of one group."]'))
The total of equal groups is the number of groups times the size of one group.
"""

import json
import re

from thoughtmill.factory.solvers.checks.rules import leaks
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers

KIND = "rules"
READS_CUT = True

_INSIDE = r'(?>(?:[^"\\]|\\.)*)'
_STRING = f'"{_INSIDE}"'
_CUT = re.compile(rf'\[\s*+((?>(?:{_STRING}\s*+,\s*+)*)(?>(?:{_STRING}\Z)?))(?:"{_INSIDE}\\?)?', re.S)


def parse(completion: str) -> str | None:
    """Return the rules of a JSON list, one a line; None when there is no list of sentences.

    Of a list that is cut or never closed, these are the whole entries, each once: what cuts a list is often a
    rule that is repeated.

    >>> parse('["Prices add up.", "Prices add up.", "The total is the')
    'Prices add up.'
    """
    begin = completion.find("[")
    if begin < 0:
        return None
    rules = _list(completion[begin : completion.rfind("]") + 1])
    if rules is None:
        rules = [*dict.fromkeys(_list(_closed(completion[begin:].rstrip())) or ())]
    lines = [" ".join(rule.split()) for rule in rules]
    return "\n".join(lines) or None if all(lines) else None


def _list(text: str) -> list[str] | None:
    """Return a JSON list of strings; None for any other text."""
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError):  # the reader of JSON counts brackets on Python's stack
        return None
    return rules if isinstance(rules, list) and all(isinstance(rule, str) for rule in rules) else None


def _closed(text: str) -> str:
    """Close a list of strings behind the last whole one; return nothing for any other text."""
    found = _CUT.fullmatch(text)
    return f"[{found[1].rstrip().rstrip(',')}]" if found else ""


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Return an outcome without an answer; rules fail when they are not general."""
    leaked = leaks(rationale, problem)
    return Outcome(None, leaked and "not_general", leaked)

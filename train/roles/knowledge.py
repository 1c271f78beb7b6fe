"""Knowledge as the deep reasoner gets it: lists of rules are read first, and training mixes good with bad.

A student that has only learnt with perfect rules copies their order as its plan, and trusts wrong rules as
much. `finetune.knowledge` shows it others: `{gold: 0.4, partial: 0.3, other: 0.15, none: 0.15}`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from random import Random

import duckdb

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.thoughts import knowledge
from thoughtmill.train.roles import ROLES, Example

BULLET = re.compile(r"\s*(?:[-*•]|\d+[.)])\s+")
LEAST_WORDS = 3
LOOP = 4
"""A rule that repeats as many words in a row three times is a loop of the writer."""

WRITTEN = "select problem_id, text, failure from read_parquet($path) where role = $role and sample = 0"

Change = Callable[[Sequence[str], Sequence[str], Random], list[str]]
"""Makes the rules that a student is shown from those of its problem and those of another problem."""


def own_knowledge(base: str) -> Path:
    """Return the file of the knowledge that the students of a base wrote about training problems."""
    return Path("data/own_knowledge", f"{base}.parquet")


def read(text: str, cut: bool = False) -> str | None:
    """Return the rules of a list that a student wrote, one a line; None where none is left.

    Bullets and numbers go. A rule that was cut, that loops or that has fewer than three words is dropped, and
    one that is repeated counts once. A list in JSON is read like a teacher's.

    >>> read("1. Prices add up.\\n2. Prices add up.\\n3. The total is the", cut=True)
    'Prices add up.'
    """
    if text.lstrip().startswith("["):
        text, cut = knowledge.parse(text) or "", False
    lines = [" ".join(BULLET.sub("", line, count=1).split()) for line in text.split("\n")]
    rules = dict.fromkeys(line for line in (lines[:-1] if cut else lines) if _is_rule(line))
    return "\n".join(rules) or None


def _is_rule(line: str) -> bool:
    words = line.split()
    runs = [tuple(words[at : at + LOOP]) for at in range(len(words) - LOOP + 1)]
    return len(words) >= LEAST_WORDS and (not runs or max(map(runs.count, set(runs))) < 3)


def _shuffled(rules: Sequence[str], others: Sequence[str], rng: Random) -> list[str]:
    return rng.sample(rules, len(rules))


def _partial(rules: Sequence[str], others: Sequence[str], rng: Random) -> list[str]:
    """Leave out each rule by chance, put a rule of another problem in its place by chance, and shuffle."""
    kept = [rule for rule in rules if rng.random() < 0.5]
    wrong = rng.sample(others, min(len(others), rng.randint(0, len(rules) - len(kept)))) if others else []
    return rng.sample([*kept, *wrong], len(kept) + len(wrong))


CHANGES: Mapping[str, Change] = {
    "gold": lambda rules, others, rng: list(rules),
    "shuffled": _shuffled,
    "partial": _partial,
    "other": lambda rules, others, rng: list(others),
    "none": lambda rules, others, rng: [],
}
OWN = "own"
KINDS = (*CHANGES, OWN)


def mixed(
    examples: Sequence[Example], shares: Mapping[str, float], seed: int, written: Path
) -> list[Example]:
    """Return examples with other knowledge, by shares of its kinds; roles without knowledge stay as they are.

    The seed and the place of an example decide its kind. `own` is what the role that gives knowledge (KG)
    wrote about the problem, in the table `predictions` at `written`.
    """
    asked = {role for role in {one.role for one in examples} if ROLES.named(role).given_by}
    if not asked or not shares:
        return list(examples)
    givers = {role: str(ROLES.named(role).given_by) for role in asked if shares.get(OWN)}
    own = {role: _written(written, giver) for role, giver in givers.items()}
    gold = {one.problem_id: (one.given or "").split("\n") for one in examples if one.role in asked}
    places, lists = {problem_id: at for at, problem_id in enumerate(gold)}, list(gold.values())
    names = sorted(shares)
    bounds = list(accumulate(shares[name] for name in names))

    def changed(place: int, one: Example) -> Example:
        rng = Random(f"{seed}/knowledge/{place}")
        (kind,) = rng.choices(names, cum_weights=bounds)
        if kind == OWN:
            if one.problem_id not in own[one.role]:
                raise ThoughtmillError(_lacking(written, one.problem_id))
            return replace(one, given=own[one.role][one.problem_id])
        away = rng.randrange(1, max(len(lists), 2))
        others = lists[(places[one.problem_id] + away) % len(lists)] if len(lists) > 1 else []
        rules = CHANGES[kind]((one.given or "").split("\n"), others, rng)
        return replace(one, given="\n".join(rules) or None)

    return [changed(place, one) if one.role in asked else one for place, one in enumerate(examples)]


def _written(path: Path, role: str) -> dict[str, str | None]:
    if not path.is_file():
        raise ThoughtmillError(_lacking(path))
    rows = duckdb.connect().execute(WRITTEN, {"path": str(path), "role": role}).fetchall()
    return {problem_id: read(text, failure == "truncated") for problem_id, text, failure in rows}


def _lacking(path: Path, problem_id: str = "") -> str:
    words = f"`{path}` holds nothing about {problem_id}" if problem_id else f"`{path}` is missing"
    return (
        f"finetune.knowledge: own: {words}: train `kg`, then run `python -m thoughtmill.train.own_knowledge`"
    )

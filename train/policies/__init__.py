"""The registry of policies, which turn sampled answers into one answer.

`python -m thoughtmill.train.policies SAMPLES.jsonl` prints the figures of every policy its samples allow.

The name of a policy is that of its entry, with a number of samples and a role where the entry needs them:
`lorid`, `greedy/ir`, `majority@20/ir`, `prove@5`. To add a policy, write its plan, a `PolicyEntry` and a line
in `POLICIES`, or an entry point of the group `thoughtmill.policies` in your package.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import Field

from thoughtmill.factory.answers import equal
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.registry import Registry
from thoughtmill.train.policies.plans import Decision, Grader, Plan, Policy, SampleKey, each
from thoughtmill.train.roles import ROLES

NAME = re.compile(r"([\w-]+)(?:@([1-9][0-9]*))?(?:/(.+))?")


class PolicySettings(Section):
    """The parameters of policies, with the defaults of their papers."""

    max_rounds: int = Field(20, gt=0, description="LoRID's rounds before the fallback")
    least_gain: float = Field(
        0.5, ge=0, description="lorid_stop: agreements that the next 1,000 tokens must promise"
    )
    order: tuple[str, ...] = Field(
        ("eot", "pot", "cot"), min_length=2, description="ETD: whom to trust first"
    )
    loops: int = Field(3, ge=0, description="how often a pair that disagrees is given hints")
    pairs: int = Field(3, gt=0, description="the pairs of a network")
    window: int = Field(4, gt=1, description="samples that must be unanimous to stop early")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="that the leading answer stays ahead")
    verifier: str | dict[int, dict[str, float]] | None = Field(
        None, description="file of a learnt verifier, for verifier@K, or its weights"
    )


class Asked(NamedTuple):
    """The role and the number of samples in a policy's name, and the settings: arguments of a plan."""

    role: str
    k: int
    settings: PolicySettings


Plans = Callable[[Sequence[str], Asked], list[Plan[dict[str, Decision]]]]
Sizes = Callable[[str, int], list[int]]


def by_problem(plan: Callable[[str, Asked], Plan[Decision]]) -> Plans:
    """Return the plans of a policy that decides each problem separately."""
    return lambda problem_ids, asked: each(lambda problem_id: plan(problem_id, asked)).plans(problem_ids)


def halves(role: str, most: int) -> list[int]:
    """Return the k to try for a role with `most` samples: all, half of them, and so on down to 1.

    >>> halves("ir", 20)
    [1, 2, 5, 10, 20]
    """
    return sorted({most >> shift for shift in range(most.bit_length())})


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """An entry: a policy, or a family of policies that differ in a number of samples K and a role.

    `form` is the rest of a policy's name: nothing, `@K`, `/ROLE` or `@K/ROLE`. `roles` returns the roles that
    are asked, `sizes` the K to try on stored samples, `ready` whether the settings hold all that it needs.
    `grader` compares an answer with the gold answer.
    """

    plans: Plans
    form: str = ""
    roles: Callable[[Asked], tuple[str, ...]] = lambda asked: (asked.role,)
    sizes: Sizes = halves
    ready: Callable[[Asked], bool] = lambda asked: True
    grader: Grader = equal


POLICIES: Registry[PolicyEntry] = Registry(
    "policy",
    "thoughtmill.policies",
    {
        "greedy": "thoughtmill.train.policies.lorid:GREEDY",
        "majority": "thoughtmill.train.policies.votes:MAJORITY",
        "pass": "thoughtmill.train.policies.votes:PASS",
        "early_stop": "thoughtmill.train.policies.votes:EARLY_STOP",
        "adaptive": "thoughtmill.train.policies.votes:ADAPTIVE",
        "difficulty": "thoughtmill.train.policies.votes:DIFFICULTY",
        "prove": "thoughtmill.train.policies.votes:PROVE",
        "lorid": "thoughtmill.train.policies.lorid:LORID",
        "lorid_stop": "thoughtmill.train.policies.lorid:LORID_STOP",
        "same_round": "thoughtmill.train.policies.lorid:SAME_ROUND",
        "lorid_released": "thoughtmill.train.policies.lorid:LORID_RELEASED",
        "etd": "thoughtmill.train.policies.ensembles:ETD",
        "etd_vote": "thoughtmill.train.policies.ensembles:ETD_VOTE",
        "etd_two_agree": "thoughtmill.train.policies.ensembles:ETD_TWO_AGREE",
        "thoughts": "thoughtmill.train.policies.ensembles:THOUGHTS",
        "verifier": "thoughtmill.train.policies.verifiers:VERIFIER",
        "pair": "thoughtmill.train.policies.pairs:PAIR",
        "pair_unhinted": "thoughtmill.train.policies.pairs:PAIR_UNHINTED",
        "network": "thoughtmill.train.policies.pairs:NETWORK",
    },
)


def policy(name: str, settings: PolicySettings, drawn: Collection[str] = ()) -> Policy:
    """Return the policy of a name; the `ThoughtmillError` for an unknown name says how policies are named.

    Roles are those of the registry and, where samples are replayed, those of the samples (`drawn`).
    """
    entry, asked = _entry(name, settings, drawn)
    return Policy(lambda problem_ids: entry.plans(problem_ids, asked), entry.grader)


def roles_of(name: str, settings: PolicySettings) -> tuple[str, ...]:
    """Return the roles that a policy asks.

    >>> roles_of("prove@5", PolicySettings()), roles_of("lorid", PolicySettings())
    (('cot', 'pot'), ('ir', 'kg', 'dr'))
    """
    entry, asked = _entry(name, settings, ())
    return entry.roles(asked)


def candidates(stored: Iterable[SampleKey], settings: PolicySettings) -> list[str]:
    """Return the names of all policies to try on stored samples, with each K of their entries."""
    most: dict[str, int] = {}
    for _, role, round_, _ in stored:
        most[role] = max(most.get(role, 0), round_)
    roles = sorted(role for role in most if role not in ROLES or not _refusal(role))
    entries = {name: POLICIES.named(name) for name in POLICIES.names()}
    of_form = {
        form: {name: entry for name, entry in entries.items() if entry.form == form}
        for form in ("/ROLE", "@K/ROLE", "@K", "")
    }
    names = [f"{name}/{role}" for name in of_form["/ROLE"] for role in roles]
    for role in roles:
        for name, entry in of_form["@K/ROLE"].items():
            names += [f"{name}@{k}/{role}" for k in entry.sizes(role, most[role])]
    for name, entry in of_form["@K"].items():
        asked = entry.roles(Asked("", 1, settings))
        sizes = entry.sizes("", min(most.get(role, 0) for role in asked))
        names += [f"{name}@{k}" for k in sizes if entry.ready(Asked("", k, settings))]
    return [*names, *of_form[""]]


def _entry(name: str, settings: PolicySettings, drawn: Collection[str]) -> tuple[PolicyEntry, Asked]:
    found = NAME.fullmatch(name)
    kind, k, role = found.groups("") if found else ("", "", "")
    form, reason = ("@K" if k else "") + ("/ROLE" if role else ""), ""
    if kind in POLICIES and (entry := POLICIES.named(kind)).form == form:
        reason = _refusal(role) if role and (role in ROLES or role not in drawn) else ""
        if not reason:
            return entry, Asked(role, int(k or 0), settings)
    there = ", ".join(f"{name}{POLICIES.named(name).form}" for name in POLICIES.names())
    raise ThoughtmillError(f"unknown policy `{name}`{reason and f' ({reason})'}; there are: {there}")


def _refusal(role: str) -> str:
    """Return why a role alone cannot give an answer, or an empty text if it can."""
    if role not in ROLES:
        return f"there is no role `{role}`"
    entry = ROLES.named(role)
    if entry.parts:
        return f"`{role}` writes {', '.join(entry.parts)}: name one of them"
    if entry.peer is not None:
        return f"`{role}` is only asked with a hint"
    return "" if entry.answers else f"`{role}` writes no answer"

"""Policies by name, and their replay over stored samples.

`python -m thoughtmill.train.policies SAMPLES.jsonl` prints the figures of every policy its samples allow.

`kind`, `kind/role`, `kind@k/role`: `greedy/ir`, `majority@20/ir`, `pass@20/ir`, `early_stop@20/ir`,
`adaptive@20/ir`, `difficulty@20/ir`, `prove@5`; `lorid`, `same_round`, `lorid_released`; `etd`, `etd_vote`,
`etd_two_agree`; `pair`, `pair_unhinted`, `network`. To add one, write its plan and its line in `policy`.
"""

import re
from collections.abc import Callable, Iterable

from pydantic import Field

from thoughtmill.factory.answers.number import equal, lorid_grader
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import Section
from thoughtmill.train.policies import ensembles, lorid, pairs, votes
from thoughtmill.train.policies.plans import Decision, Plan, Policy, SampleKey, each

NAME = re.compile(r"([a-z_]+)(?:@([1-9][0-9]*))?(?:/(.+))?")
OF_ONE = ("majority", "pass")
KINDS_OF_K = (*OF_ONE, "early_stop", "adaptive", "difficulty")
KINDS_ALONE = ("lorid", "same_round", "lorid_released", "etd", "etd_vote", "etd_two_agree", "pair",
               "pair_unhinted", "network")  # fmt: skip


class PolicySettings(Section):
    """What policies are parameterised by, with the defaults of their papers."""

    max_rounds: int = Field(20, gt=0, description="LoRID's rounds before the fallback")
    order: tuple[str, ...] = Field(
        ("eot", "pot", "cot"), min_length=2, description="ETD: whom to trust first"
    )
    loops: int = Field(3, ge=0, description="how often a pair that disagrees is given hints")
    pairs: int = Field(3, gt=0, description="the pairs of a network")
    window: int = Field(4, gt=1, description="samples that must be unanimous to stop early")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="that the leading answer stays ahead")


def policy(name: str, how: PolicySettings) -> Policy:
    """Return the policy of a name, or raise a `ThoughtmillError` that says how they are named."""
    found = NAME.fullmatch(name)
    kind, role, k = (found[1], found[3], int(found[2] or 0)) if found else ("", None, 0)
    plans: dict[str, Callable[[str], Plan[Decision]]] = {
        "lorid": lambda one: lorid.lorid(one, how.max_rounds),
        "same_round": lambda one: lorid.same_round(one, how.max_rounds),
        "lorid_released": lambda one: lorid.lorid_released(one, how.max_rounds),
        "etd": lambda one: ensembles.etd(one, how.order),
        "etd_vote": lambda one: ensembles.etd_vote(one, how.order),
        "etd_two_agree": lambda one: ensembles.etd_two_agree(one, how.order),
        "pair": lambda one: pairs.pair(one, how.loops),
        "pair_unhinted": lambda one: pairs.pair(one, how.loops, hints=False),
        "network": lambda one: pairs.network(one, how.loops, how.pairs),
    }
    if role is not None and not k:
        plans = {"greedy": lambda one: votes.greedy(one, role)}
        if kind == "greedy" and role in ("dr", "dr_other", "dr_bare"):
            return Policy(lambda problem_ids: lorid.deep_alone(problem_ids, role))
    elif role is not None:
        plans = {
            "majority": lambda one: votes.majority(one, role, k),
            "pass": lambda one: votes.passed(one, role, k),
            "early_stop": lambda one: votes.early_stop(one, role, k, how.window),
            "adaptive": lambda one: votes.adaptive(one, role, k, how.confidence),
        }
        if kind == "difficulty":
            return Policy(lambda ids: [votes.difficulty(ids, role, k, how.window, how.confidence)])
    elif k:
        plans = {"prove": lambda one: votes.prove(one, "cot", "pot", k)}
    if kind not in plans or role == "kg":  # knowledge has no answer
        raise ThoughtmillError(
            f"unknown policy `{name}`; write greedy/ROLE, prove@K, "
            f"{', '.join(f'{one}@K/ROLE' for one in KINDS_OF_K)}, or one of {', '.join(KINDS_ALONE)}"
        )
    return each(plans[kind], lorid_grader if kind == "lorid_released" else equal)


def candidates(stored: Iterable[SampleKey]) -> list[str]:
    """Return the names of all policies to try on stored samples: k as large as it gets, and its halves.

    IR's majority is tried at every k, as what others are held against at equal cost. With one sample there is
    nothing to stop early.
    """
    drawn = sorted({(role, round_) for _, role, round_, _ in stored})
    rounds = dict(drawn)
    names = [f"greedy/{role}" for role, round_ in drawn if round_ == 0 and role != "kg"]
    for role, most in rounds.items():
        steps = sorted({most >> shift for shift in range(most.bit_length())})
        if role == "kg" or role.endswith("_hint"):
            continue
        names += [f"{kind}@{k}/{role}" for kind in KINDS_OF_K for k in steps if k > 1 or kind in OF_ONE]
        names += [f"majority@{k}/{role}" for k in range(1, most + 1) if k not in steps and role == "ir"]
        names += [f"prove@{k}" for k in steps if role == "cot"]
    return [*names, *KINDS_ALONE]

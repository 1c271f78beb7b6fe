"""What the papers' tables hold: students, policies, rows, and what the papers report.

To measure other students, add an entry to `GROUPS` and rows to a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GREEDY = (
    "greedy/ir", "greedy/dr", "greedy/dr_other", "greedy/dr_bare", "greedy/cot", "greedy/pot", "greedy/eot",
    "etd", "etd_vote", "etd_two_agree",
)  # fmt: skip
"""Policies at temperature 0: they are run once, not for each seed."""
SAMPLED = ("lorid", "same_round", "lorid_released", "pair", "pair_unhinted", "network")


@dataclass(frozen=True, slots=True)
class Students:
    """Students that answer together: their roles, what each learns differently, and what they are asked.

    Roles of `shared` are those of the group `single`, which is trained with them. `drawn` are policies that
    sample; only `single` draws votes and all seeds.
    """

    roles: tuple[str, ...]
    greedy: tuple[str, ...]
    drawn: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shared: tuple[str, ...] = ()


SINGLE = "single"
GROUPS: dict[str, Students] = {
    "union": Students(("etd",), ("greedy/cot", "greedy/pot", "greedy/eot", "etd", "etd_vote")),
    "mixed": Students(
        ("ir", "kg", "dr"),
        ("greedy/dr", "greedy/dr_bare", "greedy/dr_other"),
        ("lorid",),
        {"dr": {"knowledge": {"gold": 0.4, "partial": 0.3, "other": 0.15, "none": 0.15}}},
        shared=("ir", "kg"),
    ),  # DR that has learnt also from knowledge that is not right
    SINGLE: Students(
        ("ir", "cot", "pot", "eot", "kg", "dr", "gp", "eq", "gp_hint", "eq_hint"), GREEDY, SAMPLED
    ),
}
"""All students by the name of their group; what takes the most time comes last."""

LOOPS = 2
VOTES = {"ir": 3, "cot": 1, "pot": 1, "eot": 4}
"""Votes of each role for a sample of the others. Those of IR cost about as much as a round of IR, KG and DR;
so do those of equations, the shortest thought."""


def sampled(samples: int) -> tuple[str, ...]:
    """Return the policies that draw: votes of each thought among some samples, and those of the papers.

    >>> sampled(4)[:2]
    ('majority@12/ir', 'majority@4/cot')
    """
    votes = (f"majority@{count * samples}/{role}" for role, count in VOTES.items())
    return (*votes, f"prove@{samples}", *SAMPLED)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table: a policy, asked of a group of students."""

    title: str
    policy: str
    group: str = SINGLE
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the policy that differ from those of the run."""
    votes: bool = False
    """Whether a row with the votes of IR at equal tokens follows."""


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table of a paper: its rows, and what the paper reports."""

    title: str
    says: str
    rows: tuple[TableRow, ...]
    reported: str


def tables(samples: int) -> tuple[PaperTable, ...]:
    """Return the tables for so many samples of each role."""
    return (_etd(samples), _lorid(samples), _pairs())


def _etd(samples: int) -> PaperTable:
    names = {"cot": "chains", "pot": "programs", "eot": "equations"}
    alone = (TableRow(f"{name} alone", f"greedy/{role}") for role, name in names.items())
    union = (TableRow(f"union's student: {name}", f"greedy/{role}", "union") for role, name in names.items())
    votes = (
        TableRow(f"{count} votes of {name}", f"majority@{count}/{role}")
        for role, name in names.items()
        for count in sorted({samples, VOTES[role] * samples})
    )
    return PaperTable(
        "Ensembles of thoughts",
        "EoTD and ETD (arXiv 2401.11864): students of one thought each, and one student of the union. The "
        "fallback order takes the equations' answer, else the program's, else the chain's.",
        (
            *alone,
            TableRow("fallback order of the three", "etd", votes=True),
            TableRow("vote of the three", "etd_vote", votes=True),
            TableRow("two that agree", "etd_two_agree"),
            *union,
            TableRow("union's student: fallback order", "etd", "union"),
            TableRow("union's student: vote", "etd_vote", "union"),
            *votes,
            TableRow(f"chains that a program confirms, of {samples}", f"prove@{samples}", votes=True),
        ),
        "**Reported there**, GSM8K, greedy, all weights trained for 10 epochs on thoughts of gpt-3.5-turbo: "
        "CodeT5-Small 1.1 untrained, 18.87 with equations, 33.58 with ETD; with ETD CodeT5-Base 40.63 and "
        "CodeT5-Large 42.45.",
    )


def _lorid(samples: int) -> PaperTable:
    return PaperTable(
        "Intuitive and deep reasoner",
        "LoRID (arXiv 2508.13037). IR answers alone, DR with the rules that KG writes. In rounds they answer "
        f"until two agree, {samples} rounds at most; then all vote.",
        (
            TableRow("IR", "greedy/ir"),
            TableRow("DR with KG's rules", "greedy/dr"),
            TableRow("DR with another problem's rules", "greedy/dr_other"),
            TableRow("DR without rules", "greedy/dr_bare"),
            TableRow("IR and DR agree, over all rounds", "lorid", votes=True),
            *(
                TableRow(f"DR taught with mixed knowledge: {name}", policy, "mixed")
                for name, policy in (
                    ("KG's rules", "greedy/dr"),
                    ("another problem's", "greedy/dr_other"),
                    ("none", "greedy/dr_bare"),
                    ("IR and DR agree", "lorid"),
                )
            ),
            TableRow("IR and DR agree in the same round", "same_round", votes=True),
            TableRow("the released scorer (any shared answer counts)", "lorid_released"),
            TableRow(f"{samples} votes of IR", f"majority@{samples}/ir"),
        ),
        "**Reported there**, GSM8K and MATH, LoRA of rank 512 for 5 epochs on MetaMathQA with knowledge of "
        "gpt-4o, 20 rounds, the released scorer: LLaMA-2-7B 78.5 and 25.2, LLaMA-3-8B 87.9 and 44.7, "
        "Mistral-7B 84.2 and 38.7, Qwen2.5-Math-7B 91.7 and 61.2, DeepSeekMath-7B 90.0 and 54.8.",
    )


def _pairs() -> PaperTable:
    loops = (
        TableRow(
            f"a pair, {count} loop{'s' * (count > 1)} of hints", "pair", settings={"loops": count}, votes=True
        )
        for count in range(1, LOOPS + 1)
    )
    return PaperTable(
        "Pairs and networks",
        "Can LLMs Compute with Reasons? (arXiv 2402.12080). GP reasons in words, EQ writes equations; until "
        "they agree, each tries again with the other's work as a hint. A network is three pairs.",
        (
            TableRow("GP, one sample", "majority@1/gp"),
            TableRow("EQ, one sample", "majority@1/eq"),
            TableRow("a pair, no second try", "pair_unhinted", settings={"loops": 0}),
            TableRow(f"a pair, {LOOPS} tries without hints", "pair_unhinted", votes=True),
            *loops,
            TableRow("a network of pairs", "network", votes=True),
        ),
        "What this paper reports was not at hand, and is left out.",
    )

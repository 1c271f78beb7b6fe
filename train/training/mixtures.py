"""Mixtures and curricula: how often an epoch has each example, and which come first."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import duckdb

from thoughtmill.factory.core.corpus import Corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.roles import Example
from thoughtmill.train.training.settings import FinetuneSettings

QUERY = """
    with asked as (
        select unnest(range(len($ids))) as place, unnest($ids) as problem_id, unnest($roles) as role
    ),
    difficulties as (
        select problem_id, 1 - avg((correct is true)::integer) as difficulty
        from records where correct is not null group by problem_id
    )
    select {expression} from asked join problems using (problem_id) left join difficulties using (problem_id)
    order by place
"""
"""Expressions see the columns of `problems`, the `role` of an example, and `difficulty`: the share of the
records of its problem, of all thoughts, that are wrong."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """How often an epoch has each example, and the rank of each in the first epoch."""

    weights: list[float]
    ranks: list[float] | None = None

    def of(self, chosen: Sequence[int]) -> "Mixture":
        """Return the mixture of some examples."""
        ranks = None if self.ranks is None else [self.ranks[at] for at in chosen]
        return Mixture([self.weights[at] for at in chosen], ranks)

    def epoch(self, seed: int, epoch: int) -> list[int]:
        """Return the examples of an epoch in random order, or in the order of ranks if it is the first.

        A weight of 2.5 is an example twice or three times, by chance.
        """
        rng = Random(f"{seed}/mix/{epoch}")
        order = [at for at, weight in enumerate(self.weights) for _ in range(int(weight + rng.random()))]
        rng.shuffle(order)
        if self.ranks is not None and epoch == 0:
            order.sort(key=self.ranks.__getitem__)
        return order


def mixture(corpus: Corpus, examples: Sequence[Example], settings: FinetuneSettings) -> Mixture | None:
    """Return the mixture of a run, None where each example comes once an epoch in any order."""
    if not settings.mix and settings.curriculum is None:
        return None
    weights = [1.0] * len(examples)
    for condition, weight in settings.mix.items():
        holds = _asked(corpus, examples, f"({condition})::boolean", f"finetune.mix: {condition}")
        weights = [weight if so else before for so, before in zip(holds, weights, strict=True)]
    ranks = None
    if settings.curriculum is not None:
        name = f"finetune.curriculum: {settings.curriculum}"
        found = _asked(corpus, examples, f"({settings.curriculum})::double", name)
        ranks = [float("inf") if value is None else float(value) for value in found]
    return Mixture(weights, ranks)


def _asked(
    corpus: Corpus, examples: Sequence[Example], expression: str, name: str
) -> list[float | bool | None]:
    """Return the value of an SQL expression for each example."""
    given = {"ids": [one.problem_id for one in examples], "roles": [one.role for one in examples]}
    query = QUERY.replace("{expression}", expression)
    try:
        return [value for (value,) in corpus.con.execute(query, given).fetchall()]
    except duckdb.Error as error:
        raise ThoughtmillError(f"{name}: {str(error).splitlines()[0]}") from error

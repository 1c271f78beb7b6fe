"""The test problems and the policies of the section `infer`, which `infer` and `evaluate` both read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies import PolicySettings, policy

if TYPE_CHECKING:  # checking settings must not import tables
    from thoughtmill.factory.core.corpus import Corpus


class DecisionSettings(params.Section):
    """The keys of the section `infer` that choose problems and policies."""

    corpus: str = "data"
    corpus_revision: str | None = None
    splits: tuple[str, ...] = ("test", "test_numbers", "test_compositions", "test_templates")
    limit: int | None = Field(
        None, gt=0, description="problems of each set and split, drawn once and for all"
    )
    policies: Annotated[tuple[str, ...], AfterValidator(params.unique)] = Field(
        ("greedy/ir", "lorid"), min_length=1
    )
    policy: PolicySettings = PolicySettings()

    @model_validator(mode="after")
    def _held_out(self) -> "DecisionSettings":
        if "train" in self.splits:
            raise ValueError("`splits`: students learn from `train`: name splits that they have not read")
        return self

    @model_validator(mode="after")
    def _policies_exist(self) -> "DecisionSettings":
        for name in self.policies:
            try:
                policy(name, self.policy)
            except ThoughtmillError as error:
                raise ValueError(f"`policies`: {error}") from error
        return self


def decision_settings() -> DecisionSettings:
    """Return these keys of `params.yaml`; the stage `infer` checks the others."""
    given: dict[str, Any] = params.load().get("infer") or {}
    known = {name: value for name, value in given.items() if name in DecisionSettings.model_fields}
    return params.validated(known, DecisionSettings, "params.yaml: infer")


def problems_of(corpus: "Corpus", splits: Sequence[str], limit: int | None) -> list[dict[str, Any]]:
    """Return the problems with a gold answer; `limit` draws this many of each set and split."""
    found = corpus.con.execute(
        """
        select problem_id, problem, answer, answer_kind, source || ', ' || split as test_set
        from problems
        where list_contains($splits, split) and answer is not null
        qualify row_number() over (partition by source, split order by md5(problem_id)) <= $limit
        order by problem_id
        """,
        {"splits": list(splits), "limit": limit or 2**62},
    ).fetchall()
    if not found:
        raise ThoughtmillError(f"infer.splits: the corpus has no problem in {', '.join(splits)}")
    names = ("problem_id", "problem", "answer", "answer_kind", "test_set")
    return [dict(zip(names, row, strict=True)) for row in found]

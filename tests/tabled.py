"""Tables of samples small enough to decide by hand."""

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import tables
from thoughtmill.train.policies.plans import Decision, Plan, Sample, SampleKey, each, replay

TOKENS = {"kg": 5}
"""New tokens of each sample, 10 where nothing is said."""


def table(
    rounds: dict[str, list[str | None]], problem_id: str = "p", sample: int = 0, first: int = 1
) -> dict[SampleKey, Sample]:
    """Return samples of one problem: what each role came to in the rounds from `first` on."""
    return {
        (problem_id, role, round_, sample): wrote(role, answer)
        for role, answers in rounds.items()
        for round_, answer in enumerate(answers, start=first)
    }


def wrote(role: str, answer: str | None) -> Sample:
    """Return a sample that came to an answer, or to none."""
    failure = None if answer is not None or role == "kg" else "no_answer"
    return Sample(f"so {answer}", answer and Answer(answer), failure, TOKENS.get(role, 10))


def predictions(stored: dict[SampleKey, Sample], run: str) -> list[tables.Row]:
    """Return samples as the rows of `predictions` of a run; a run that ends with 3 is of another training."""
    rows = []
    for (problem_id, role, round_, sample), one in sorted(stored.items()):
        text, kind = one.predicted_answer or (None, None)
        rows.append(
            {"run": run, "base": "tiny", "training_seed": int(run[-1]) // 3, "data_version": "v",
             "problem_id": problem_id, "role": role, "round": round_, "sample": sample, "text": one.text,
             "predicted_answer": text, "predicted_kind": kind, "failure": one.failure, "correct": None,
             "new_tokens": one.new_tokens}
        )  # fmt: skip
    return rows


def decided(plan: Plan[Decision], stored: dict[SampleKey, Sample]) -> tuple[tuple[str, ...], bool, int, int]:
    """Replay one problem's plan: its answers, whether resolved, its rounds and new tokens."""
    found = replay(each(lambda _: plan), ["p"], stored)
    decision = found.decisions["p"]
    return tuple(map(str, decision.answers)), decision.resolved, decision.rounds, found.new_tokens.get("p", 0)

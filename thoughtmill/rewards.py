"""Rewards for reinforcement learning: a completion is solved in the fences and compared with the gold answer.

Both functions take the columns of the export `rl`. `correct` is a reward function of TRL's GRPOTrainer, and
`correct_rollout` gives the reward that a task of `verifiers` returns. What a model writes is hostile:
programs never run in the trainer's process.

>>> correct(["3 * 4 = 12\\n#### 12", "#### 7"], solution=["12", "12"], thought=["cot", "cot"])
[1.0, 0.0]
"""

from collections.abc import Mapping, Sequence
from typing import Any

from thoughtmill.api import verify

Completion = str | Sequence[Mapping[str, Any]]
"""A text, or the turns that the model wrote."""


def correct(
    completions: Sequence[Completion],
    solution: Sequence[str],
    thought: Sequence[str],
    problem: Sequence[str] | None = None,
    answer_kind: Sequence[str] | None = None,
    **columns: Any,
) -> list[float]:
    """Return 1.0 for each completion whose answer is the gold answer, else 0.0.

    `columns` takes whatever else a trainer passes to its reward functions.
    """
    del columns
    count = len(completions)
    rows = [
        {
            "completion": _text(completion),
            "answer": gold,
            "thought": name,
            "problem": text,
            "answer_kind": kind,
        }
        for completion, gold, name, text, kind in zip(
            completions,
            solution,
            thought,
            problem or [""] * count,
            answer_kind or ["number"] * count,
            strict=True,
        )
    ]
    return [float(row["correct"] is True) for row in verify(rows)]


def correct_rollout(
    completion: Completion, answer: str, info: Mapping[str, Any] | None = None, **arguments: Any
) -> float:
    """Return 1.0 if the last turn of a rollout has the gold answer, else 0.0.

    `completion` is its turns or the text of the last, such as `trace.last_reply` of `verifiers` 0.4. `info`
    may name the `thought`, `cot` by default, and `answer_kind` of a row.
    """
    del arguments
    given = info or {}
    kind = [given.get("answer_kind", "number")]
    return correct([completion], [answer], [given.get("thought", "cot")], answer_kind=kind)[0]


def _text(completion: Completion) -> str:
    """Return the text of the last turn."""
    if isinstance(completion, str):
        return completion
    return str(completion[-1]["content"]) if completion else ""

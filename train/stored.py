"""Stored samples: files of JSON lines that policies are replayed on, read and written.

`python -m thoughtmill.train.stored RUN > samples.jsonl` writes the samples of a run, which
`python -m thoughtmill.train.policies` reads.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from thoughtmill.factory.answers import KINDS, Answer, answer_of, gold_answer
from thoughtmill.factory.core import corpus, stage
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import read_jsonl, root
from thoughtmill.factory.core.params import validated
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.train.policies.plans import Sample, SampleKey
from thoughtmill.train.policies.predictions import predictions_in
from thoughtmill.train.roles.solving import solve

Text = Annotated[str, BeforeValidator(lambda given: str(given) if isinstance(given, int | float) else given)]
Count = Annotated[int, BeforeValidator(lambda given: int(given) if _whole(given) else given), Field(ge=0)]


def _whole(given: Any) -> bool:
    """Return whether a value is a whole number written as 3.0, as pandas does in a column with gaps."""
    return isinstance(given, float) and given.is_integer()


class StoredSample(BaseModel):
    """A stored sample in a file; ids and answers may be numbers, and other columns are ignored."""

    problem_id: Text
    answer: Text
    answer_kind: str | None = None
    role: str = Field(pattern=r"^[^\n]+$")
    round: Count | None = None
    sample: Count
    text: str | None = None
    predicted_answer: Text | None = None
    predicted_kind: str | None = None
    failure: str | None = None
    new_tokens: Count
    problem: str = ""


def read_samples(path: Path) -> tuple[dict[SampleKey, Sample], dict[str, Answer]]:
    """Return the samples of a JSONL file by their keys, and the gold answers by problem.

    A row holds `problem_id`, `answer`, `role`, `round` (0 is temperature 0), `sample`, `new_tokens`, and
    either `predicted_answer` (null for none) or `text`, which is solved as the thought of its role. Without
    `round`, sample s is round s + 1. `answer_kind` and `predicted_kind` may be left out.
    """
    stored: dict[SampleKey, Sample] = {}
    answers: dict[str, Answer] = {}
    with Solvers(Limits(), equations_timeout_s=5.0) as solvers:
        for number, row in read_jsonl(path):
            where = f"{path}, line {number}"
            key, sample, answer = _read(validated(row, StoredSample, where), solvers, where)
            if key in stored:
                raise ThoughtmillError(f"{where}: {'/'.join(map(str, key))} occurs twice")
            if answers.setdefault(key[0], answer) != answer:
                raise ThoughtmillError(f"{where}: {key[0]} had another gold answer before")
            stored[key] = sample
    if not stored:
        raise ThoughtmillError(f"{path} holds no samples")
    return stored, answers


def _read(row: StoredSample, solvers: Solvers, where: str) -> tuple[SampleKey, Sample, Answer]:
    turn = (row.sample + 1, 0) if row.round is None else (row.round, row.sample)
    gold = _answer(row.answer, row.answer_kind)
    if gold is None:
        raise ThoughtmillError(f"{where}: answer: {row.answer!r} is not an answer")
    if "predicted_answer" in row.model_fields_set:
        predicted, failure = _answer(row.predicted_answer, row.predicted_kind), row.failure
    elif row.text is not None:
        predicted, failure = solve(row.role, row.text, row.problem, gold.kind, solvers)
    else:
        raise ThoughtmillError(f"{where}: give `predicted_answer`, or `text` to be solved")
    sample = Sample(row.text or "", predicted, failure, row.new_tokens)
    return (row.problem_id, row.role, *turn), sample, gold


def _answer(text: str | None, kind: str | None) -> Answer | None:
    """Return the answer that a text writes, if any; without a kind, of the first kind that reads it."""
    return answer_of(text, KINDS.names() if kind is None else (kind,)) if text else None


def exported(
    predictions: Iterable[Mapping[str, Any]], answers: Mapping[str, Answer]
) -> Iterator[dict[str, Any]]:
    """Yield rows of `predictions` in the form that `read_samples` reads."""
    names = (
        "problem_id", "role", "round", "sample", "text", "predicted_answer", "predicted_kind", "failure",
        "new_tokens",
    )  # fmt: skip
    for row in predictions:
        gold = answers[row["problem_id"]]
        yield {"answer": gold.text, "answer_kind": gold.kind} | {name: row[name] for name in names}


def main(run: str) -> None:
    """Print the samples of a run in `data/predictions`, one line of JSON each."""
    data = root() / "data"
    rows = [row for reader in predictions_in(data) for row in reader]
    chosen = [row for row in rows if row["run"] == run]
    if not chosen:
        there = ", ".join(sorted({str(row["run"]) for row in rows}))
        raise ThoughtmillError(f"there is no run `{run}` in predictions; there are: {there}")
    gold = {row["problem_id"]: gold_answer(row) for row in corpus.problems(data)}
    for row in exported(chosen, {name: answer for name, answer in gold.items() if answer is not None}):
        print(json.dumps(row))


if __name__ == "__main__":
    stage.run(main)

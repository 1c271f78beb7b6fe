"""The set `table`: files or a Hub data set of anyone's, whose columns `seed.sources` names."""

import json
from collections.abc import Iterator

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.problems.sources import (
    ColumnSettings,
    Fields,
    ProblemSet,
    SourceCompletion,
    SourceSettings,
    no_split,
)
from thoughtmill.schemas.fields import SPLITS

OF_COMPLETIONS = ("reasoning", "model", "sample")


def table(source: SourceSettings) -> ProblemSet:
    """Return the problem set that an entry of the set `table` describes; its split is `train` by default."""
    if source.name is None or (source.file is None) == (source.hub is None):
        raise ThoughtmillError("params.yaml: seed: a `table` needs `name:` and either `file:` or `hub:`")
    split = source.split or "train"
    if split not in SPLITS:
        raise no_split(source.name, split, SPLITS)
    thoughts = source.columns.thoughts
    named = source.columns.model_dump(exclude_none=True, exclude={*thoughts, *OF_COMPLETIONS})
    columns = {"id" if ours == "problem_id" else ours: theirs for ours, theirs in named.items()}

    def read(row: Fields) -> Fields:
        found = {ours: row[theirs] for ours, theirs in columns.items()}
        return found | {"completions": list(_completions(row, source.columns))} if thoughts else found

    return ProblemSet(read, ((split, split),), "unstated", source.hub)


def _completions(row: Fields, columns: ColumnSettings) -> Iterator[SourceCompletion]:
    """Yield what the columns of thoughts hold; a list is one sample each, or one list of rules."""
    reasoning, model, sample = (
        row.get(name) if (name := getattr(columns, each)) else None for each in OF_COMPLETIONS
    )
    for thought, column in columns.thoughts.items():
        value = row[column]
        if thought == "knowledge" and isinstance(value, list):
            value = json.dumps(value, ensure_ascii=False)
        texts = value if isinstance(value, list) else [value]
        numbers = [None] * len(texts) if sample is None else range(int(sample), int(sample) + len(texts))
        for number, text in zip(numbers, texts, strict=True):
            if isinstance(text, str) and text.strip():
                yield SourceCompletion(thought, text, reasoning, model, number)

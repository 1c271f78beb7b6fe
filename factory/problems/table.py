"""The set `table`: a file or Hub data set of anyone's, whose columns `seed.sources` names."""

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.problems.sources import Fields, ProblemSet, SourceSettings, no_split
from thoughtmill.schemas.fields import SPLITS


def table(source: SourceSettings) -> ProblemSet:
    """Return the problem set that an entry of the set `table` describes; its split is `train` by default."""
    if source.name is None or (source.file is None) == (source.hub is None):
        raise ThoughtmillError("params.yaml: seed: a `table` needs `name:` and either `file:` or `hub:`")
    split = source.split or "train"
    if split not in SPLITS:
        raise no_split(source.name, split, SPLITS)
    columns = source.columns

    def read(row: Fields) -> Fields:
        found = {"problem": row[columns.problem], "answer": row[columns.answer]}
        if columns.solution:
            found["solution"] = row[columns.solution]
        if columns.problem_id:
            found["id"] = row[columns.problem_id]
        return found

    return ProblemSet(read, ((split, split),), "unstated", source.hub)

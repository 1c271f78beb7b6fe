"""The set `table`: files or a Hub data set of anyone's, whose columns `seed.sources` names."""

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
    named = source.columns.model_dump(exclude_none=True)
    columns = {"id" if ours == "problem_id" else ours: theirs for ours, theirs in named.items()}

    def read(row: Fields) -> Fields:
        return {ours: row[theirs] for ours, theirs in columns.items()}

    return ProblemSet(read, ((split, split),), "unstated", source.hub)

"""The table `predictions` on disk: a Parquet file for each base, under its name."""

from pathlib import Path

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.tables import TableReader
from thoughtmill.schemas import Predictions


def predictions_in(data: Path) -> list[TableReader]:
    """Return a reader for each base that has answered, in the order of names."""
    paths = sorted((data / "predictions").glob("*.parquet"))
    if not paths:
        raise ThoughtmillError(f"{data / 'predictions'} is empty: run `python -m thoughtmill.train.infer`")
    return [TableReader(path, Predictions) for path in paths]

"""What `tabulate` derives from the tables of a corpus, for queries: one module per table.

Each gives the rows of its table as a pure function of the tables, the prompts and `params.yaml`, so none is a
part of the data version.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thoughtmill.factory.core import corpus, params, tables
from thoughtmill.factory.derived.duplicates import duplicates
from thoughtmill.factory.derived.features import features
from thoughtmill.factory.derived.lengths import lengths
from thoughtmill.factory.derived.prompts import prompts
from thoughtmill.factory.problems.stories import StoriesSettings
from thoughtmill.schemas import Duplicates, Features, Lengths, Prompts


def derive(data: Path, thoughts: tuple[str, ...], given: Mapping[str, Any], target: Path) -> None:
    """Write the tables that follow from those under `data` to the folder `target`.

    `given` is `params.yaml`. Without exemplars beside the data, prompts stay unknown.
    """
    exemplars, records = data / "exemplars.jsonl", data / "records.parquet"
    problems = corpus.problems(data)
    asked = thoughts if exemplars.exists() else ()
    ngram = (given.get("curate") or {}).get("ngram", 13)
    tables.write(target / "prompts.parquet", Prompts, prompts(_used(data, thoughts), asked, exemplars))
    tables.write(target / "duplicates.parquet", Duplicates, duplicates(problems, records, ngram))
    tables.write(target / "features.parquet", Features, features(problems, _stories(given)))
    tables.write(target / "lengths.parquet", Lengths, lengths(records))


def _used(data: Path, thoughts: tuple[str, ...]) -> list[str]:
    """Return the prompts that completions name."""
    completions = [str(path) for path in corpus.files(data, thoughts)["completions"]]
    query = "select distinct prompt_sha from read_parquet(?) order by all"
    with tables.connect() as con:
        return [row[0] for row in con.execute(query, [completions]).fetchall()]


def _stories(given: Mapping[str, Any]) -> StoriesSettings | None:
    """Return the settings of the embedded stories, if `params.yaml` names them as a source."""
    seed = given.get("seed") or {}
    if not any(source.get("set") == "embedded" for source in seed.get("sources") or ()):
        return None
    return params.validated(seed.get("embedded") or {}, StoriesSettings, "params.yaml: seed.embedded")

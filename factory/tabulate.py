"""Stage `tabulate`: write all tables and views to a DuckDB file, and the data version to a manifest.

`data/corpus.duckdb` differs at each build, even with equal content, and it holds what only this machine
knows. So the outputs of the stage are `data/manifest.json` and the tables in `data/derived/`, and no stage
reads the database.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from thoughtmill.factory.core import corpus, database, params, stage, tables
from thoughtmill.factory.core.files import folder_aside, root, write_json
from thoughtmill.factory.core.scratch import stream
from thoughtmill.factory.derived import derive
from thoughtmill.factory.ledger.history import history
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.thought_requests import ThoughtRequests
from thoughtmill.factory.thoughts.prompts import load
from thoughtmill.schemas import Attempts, Samplings

ASKED = "select distinct thought, teacher, sample from read_parquet(?) order by all"
KEYS = "select distinct request_key from read_parquet($files) where teacher <> 'inherited'"


def tabulate(data: Path, thoughts: tuple[str, ...], target: Path) -> None:
    """Derive the tables for queries, and build the database of all Parquet files under `data`."""
    shown = corpus.manifest(data, thoughts)
    project = data.parent
    given = params.load(project / "params.yaml") if (project / "params.yaml").exists() else {}
    completions = [str(path) for path in corpus.files(data, thoughts)["completions"]]
    with folder_aside(data / "derived") as part:
        derive(data, thoughts, given, part)
        tables.write(part / "samplings.parquet", Samplings, samplings(completions, given, data))
    with tables.connect() as con:
        keys = (key for (key,) in stream(con, KEYS, files=completions))
        tables.write(data / "local" / "attempts.parquet", Attempts, history(keys))
    database.build(data, thoughts, target, shown["data_version"])
    write_json(data / "manifest.json", shown)


def samplings(completions: list[str], given: Mapping[str, Any], data: Path) -> Iterator[tables.Row]:
    """Yield the parameters of the requests behind completions, by thought, teacher and sample.

    They are made again from `params.yaml`, as `generate` makes them. Completions that a growth wrote have
    none.
    """
    if "generate" not in given:
        return
    settings = params.validated(given["generate"] or {}, GenerateSettings, "params.yaml: generate")
    with tables.connect() as con:
        asked = con.execute(ASKED, [completions]).fetchall()
    for thought in dict.fromkeys(thought for thought, _, _ in asked if thought in given["thoughts"]):
        prompt = load(thought, data / "exemplars.jsonl")
        for chosen in settings.chosen(thought):
            requests = ThoughtRequests([], thought, prompt, settings, chosen)
            for sample in (each for what, who, each in asked if (what, who) == (thought, chosen.name)):
                sent = _sent(chosen, thought, requests.parameters(sample - chosen.first_sample))
                parameters = json.dumps(sent, sort_keys=True, ensure_ascii=False)
                yield {
                    "thought": thought, "teacher": chosen.name, "sample": sample, "parameters": parameters,
                }  # fmt: skip


def _sent(chosen: ChosenTeacher, thought: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an endpoint was sent beside the messages, or the numbers in the settings of a program."""
    if isinstance(chosen.settings, EndpointSettings):
        request = Request({}, thought, 0, (), parameters)
        return RequestKeys(chosen.settings).keyed(request)[1]
    return {
        name: value for name, value in chosen.settings.model_dump().items() if isinstance(value, int | float)
    }


def main() -> None:
    """Read all tables, write `data/corpus.duckdb`, `data/derived/` and `data/manifest.json`."""
    data = root() / "data"
    tabulate(data, params.thoughts(), data / "corpus.duckdb")


if __name__ == "__main__":
    stage.run(main)

"""Stage `release`: write the folder for the Hub: a config per thought and table, a card, a manifest."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from thoughtmill.factory.core import corpus, params, stage, tables
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.files import digest, folder_aside, root, write_json
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.pages.card import Release, card
from thoughtmill.schemas import Released

FILES = ("train", "validation", "test")

RELEASED = """
select r.record_id, r.problem_id, r.sample, p.source, r.split, p.problem, p.answer, p.answer_kind,
    r.rationale, w.reasoning, r.predicted_answer, r.predicted_kind, c.passed as agreed, p.license
from records r
join problems p using (problem_id)
join completions w on w.completion_id = r.completion_id
left join checks c on c.record_id = r.record_id and c.check = 'agreement'
where r.thought = $thought and split_part(r.split, '_', 1) = $file and (r.kept or r.drop_reason = 'held_out')
order by r.record_id
"""


class ReleaseSettings(Section):
    """The section `release` of `params.yaml`."""

    title: str = "Thoughtmill corpus"
    license: str = "other"


def released(con: duckdb.DuckDBPyConnection, thought: str, file: str) -> Iterator[tables.Row]:
    """Yield the rows of one Parquet file of a thought's config.

    `train` holds the kept records; `validation` and `test` hold good records of held-out problems.
    """
    rows = con.sql(RELEASED, params={"thought": thought, "file": file})
    for batch in rows.to_arrow_reader(tables.GROUP_ROWS):
        yield from batch.to_pylist()


def released_thoughts(con: duckdb.DuckDBPyConnection, thoughts: tuple[str, ...]) -> list[str]:
    """Return the thoughts of a corpus: those that were asked for, then those that only growths wrote."""
    found = [row[0] for row in con.execute("select distinct thought from records order by all").fetchall()]
    return [*thoughts, *(thought for thought in found if thought not in thoughts)]


def release(data: Path, thoughts: tuple[str, ...], settings: ReleaseSettings, target: Path) -> None:
    """Write the release of the corpus under `data` to the folder `target`, as a whole."""
    shown = corpus.read_manifest(data)
    con = connect(memory_limit="1GB", threads=2)
    corpus.fill(con, data, thoughts, "view")
    made = Release(settings.title, settings.license, shown["data_version"])
    with folder_aside(target) as part:
        for thought in track(released_thoughts(con, thoughts), "release"):
            for file in FILES:
                path = part / thought / f"{file}.parquet"
                tables.write(path, Released, released(con, thought, file))
                if len(tables.TableReader(path, Released)):
                    made.add(thought, file, path.relative_to(part))
                else:
                    path.unlink()  # the Hub shows a split for every file, even without rows
        for name, paths in corpus.files(data, thoughts).items():
            for path in paths:
                copy = part / "tables" / path.relative_to(data)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
                made.add(name, "full", copy.relative_to(part))
        (part / "README.md").write_text(card(made, con), "utf-8")
        proof = {path.relative_to(part).as_posix(): digest(path) for path in sorted(part.rglob("*.*"))}
        shown["release"] = proof
        write_json(part / "manifest.json", shown)


def main() -> None:
    """Read all tables, write `data/release/`."""
    data = root() / "data"
    thoughts = params.thoughts()
    release(data, thoughts, params.section("release", ReleaseSettings), data / "release")
    if not any(any((data / "release" / thought).glob("*.parquet")) for thought in thoughts):
        print(
            "the release holds no record to learn from; `thoughtmill summary` says what failed",
            file=sys.stderr,
        )


if __name__ == "__main__":
    stage.run(main)

import hashlib
import http.server
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs

import duckdb
import pytest

from tests import tiny
from tests.commands import run
from tests.hub import redirect
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.hub_files import HubFiles
from thoughtmill.schemas import TABLES
from thoughtmill.train.roles import examples

WHERE = """
kept and record_id in (select record_id from checks where passed)
and (problem_id, thought) in (select (problem_id, thought) from difficulty where right_share > 0.5)
"""
COUNT = "select count(*) from records join problems using (problem_id)"


def rows(source: Path | str, **pinned: str) -> int:
    row = open_corpus(str(source), **pinned).con.execute(COUNT).fetchone()
    assert row is not None
    return int(row[0])


def database(path: Path, version: str | None = "v1") -> Path:
    folder = tiny.write_corpus(path.parent / "parquet")
    with duckdb.connect(str(path)) as con:
        for table in ("problems", "records"):
            con.execute(f"create table {table} as from '{folder / table}.parquet'")
        con.execute("create table meta (key varchar, value varchar)")
        if version:
            con.execute("insert into meta values ('data_version', ?)", [version])
    return path


def release(folder: Path) -> Path:
    tiny.write_corpus(folder / "tables")
    (folder / "tables" / "manifest.json").rename(folder / "manifest.json")
    return folder


def test_a_corpus_opens_from_its_database_its_parquet_and_a_release(tmp_path: Path) -> None:
    held = len(tiny.records())
    assert rows(database(tmp_path / "corpus.duckdb")) == held
    assert rows(tiny.write_corpus(tmp_path / "data")) == held
    assert rows(release(tmp_path / "release")) == held


@pytest.mark.parametrize("form", ["corpus.duckdb", "", "release"])
def test_all_tables_and_views_are_there_however_a_corpus_lies(form: str, built_corpus: Path) -> None:
    corpus = open_corpus(built_corpus / form)
    for table in (*TABLES, "agreement", "yield", "cost", "pairs", "lineage"):
        assert corpus.con.execute(f'select count(*) from "{table}"').fetchone() is not None
    assert [example.problem_id for example in examples(corpus, "cot", WHERE)] == ["ours-train-0"]


def test_a_corpus_tells_its_data_version(tmp_path: Path) -> None:
    assert open_corpus(str(database(tmp_path / "corpus.duckdb", "v7"))).data_version == "v7"
    assert open_corpus(str(tiny.write_corpus(tmp_path / "data", version="v8"))).data_version == "v8"


def test_a_database_is_opened_for_reading_only(tmp_path: Path) -> None:
    corpus = open_corpus(str(database(tmp_path / "corpus.duckdb")))
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        corpus.con.execute("delete from records")


def test_a_corpus_of_another_data_version_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_corpus(tmp_path / "data", version="v8")
    assert rows(folder, data_version="v8")
    with pytest.raises(ThoughtmillError, match="is data version v8, not v9: check out the version you want"):
        open_corpus(str(folder), data_version="v9")


def test_a_database_without_a_data_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="names no data version"):
        open_corpus(str(database(tmp_path / "corpus.duckdb", None)))


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "corpus.duckdb").write_bytes(b"not a database" * 500)
    with pytest.raises(ThoughtmillError, match=r"^[^\n]*corpus\.duckdb cannot be read as a corpus[^\n]*$"):
        open_corpus(str(tmp_path / "corpus.duckdb"))


@pytest.mark.parametrize("missing", ["records.parquet", "problems.parquet", "manifest.json"])
def test_a_folder_that_lacks_a_file_is_refused_by_the_name_of_that_file(tmp_path: Path, missing: str) -> None:
    folder = tiny.write_corpus(tmp_path / "data")
    (folder / missing).unlink()
    with pytest.raises(ThoughtmillError, match=f"{missing} is missing"):
        open_corpus(str(folder))


def test_a_release_of_an_older_version_is_one_line(built_corpus: Path) -> None:
    folder = built_corpus / "release"
    (folder / "tables" / "refused.parquet").unlink()
    shown = json.loads((folder / "manifest.json").read_text())
    del shown["files"]["refused.parquet"]
    (folder / "manifest.json").write_text(json.dumps(shown))
    with pytest.raises(ThoughtmillError, match=r"release was made by an older Thoughtmill"):
        open_corpus(folder)


def test_a_corrupt_manifest_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_corpus(tmp_path / "data")
    (folder / "manifest.json").write_text("{")
    with pytest.raises(ThoughtmillError, match=r"manifest\.json is torn"):
        open_corpus(str(folder))


@pytest.mark.parametrize("source", ["no/such/folder", "owner/name", "nothing"])
def test_what_is_no_corpus_is_refused_unless_a_revision_pins_it_on_the_hub(source: str) -> None:
    with pytest.raises(ThoughtmillError, match=f"{source} is not a corpus"):
        open_corpus(source)


def test_a_name_that_the_hub_could_never_have_is_one_line() -> None:
    with pytest.raises(ThoughtmillError, match=r"^a name/of nothing at v1: [^\n]+$"):
        open_corpus("a name/of nothing", revision="v1")


class OneRevisionHub(http.server.BaseHTTPRequestHandler):
    """A Hub that holds one revision of one data set."""

    folder: Path
    commit = hashlib.sha1(b"one revision").hexdigest()
    fetched: ClassVar[list[tuple[str, int]]] = []

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_POST(self) -> None:
        """Answer what `paths-info` asks: which of some paths are files, and how long they are."""
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["paths"]
        there = [name for name in asked if (self.folder / name).is_file()]
        told = json.dumps([self._about(name) for name in there]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def _about(self, name: str) -> dict[str, object]:
        return {"type": "file", "path": name, "size": (self.folder / name).stat().st_size, "oid": "0" * 40}

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        names = [file.relative_to(self.folder).as_posix() for file in self.folder.rglob("*.*")]
        content, status = b'{"error": "not here"}', 404
        if path.endswith((f"/revision/{self.commit}", "/revision/v1")):
            told = {
                "id": "mill/corpus",
                "sha": self.commit,
                "siblings": [{"rfilename": name} for name in names],
            }
            content, status = json.dumps(told).encode(), 200
        elif "/tree/" in path:
            sizes = [
                {"type": "file", "path": name, "size": (self.folder / name).stat().st_size, "oid": "0"}
                for name in names
            ]
            content, status = json.dumps(sizes).encode(), 200
        elif resolved := re.search(rf"/resolve/(?:{self.commit}|v1)/(.*)", path):
            content, status = (self.folder / resolved[1]).read_bytes(), 200
        if status == 200 and (found := re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))):
            content, status = content[int(found[1]) : int(found[2]) + 1], 206
            self.fetched.append((path.rsplit("/", 1)[1], len(content)))
        self.send_response(status)
        self.send_header("X-Repo-Commit", self.commit)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(built_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve the release of the small corpus as `mill/corpus`; return the folder of what is downloaded."""
    OneRevisionHub.folder = built_corpus / "release"
    OneRevisionHub.fetched.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OneRevisionHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    redirect(monkeypatch, f"http://127.0.0.1:{server.server_port}", tmp_path / "home")
    HubFiles.clear_instance_cache()
    yield tmp_path / "home"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("revision", ["v1", OneRevisionHub.commit])
def test_a_revision_on_the_hub_opens_and_teaches_like_the_folder_it_was(hub: Path, revision: str) -> None:
    corpus = open_corpus("mill/corpus", revision=revision)
    assert corpus.con.execute(COUNT).fetchone() == (rows(OneRevisionHub.folder),)
    assert [example.problem_id for example in examples(corpus, "cot", WHERE)] == ["ours-train-0"]
    assert list(hub.rglob("*.parquet"))


def test_a_revision_that_the_hub_lacks_is_one_line(hub: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"^mill/corpus at v2: [^\n]+$"):
        open_corpus("mill/corpus", revision="v2")


def test_a_release_on_the_hub_is_queried_where_it_is(hub: Path, tmp_path: Path) -> None:
    query = (
        "select agreeing, count(*) as problems, any_value(messages) is not null as prompted"
        " from agreement left join lineage using (problem_id) left join prompts using (prompt_sha)"
        " group by agreeing order by all"
    )

    def asked(source: str) -> subprocess.CompletedProcess[str]:
        return run(tmp_path, "sql", "--from", source, query, "--csv")

    here = asked(str(OneRevisionHub.folder))
    there = asked("hf://datasets/mill/corpus@v1")
    assert (there.returncode, there.stderr) == (0, "")
    assert there.stdout == here.stdout == asked("hf://datasets/mill/corpus@" + OneRevisionHub.commit).stdout
    assert len(here.stdout.splitlines()) > 1
    assert {name for name, _ in OneRevisionHub.fetched} >= {"records.parquet", "problems.parquet"}
    assert not list(hub.rglob("*.parquet"))
    gone = asked("hf://datasets/mill/corpus@v2")
    assert gone.returncode == 2
    assert gone.stderr.startswith("error: mill/corpus at v2 cannot be read as a release")
    assert gone.stderr.count("\n") == 1

"""The explorer's files: every record is in them, in the same bytes at each build, and as text."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tests import jugs
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.pages import explorer, meanings
from thoughtmill.factory.pages.explorer import packing, texts, words
from thoughtmill.factory.solvers.checks import CHECKS
from thoughtmill.schemas import Problems

CALL = re.compile(r'thoughtmill\.arrived\("([\w/-]+)","([A-Za-z0-9+/=]*)"\);\n')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explorer")
    explorer.write(jugs.opened(), folder, "f" * 64)
    return folder


def payload(folder: Path, name: str) -> bytes:
    """Return the bytes that a script brings; it may hold nothing but one call."""
    found = CALL.fullmatch((folder / "explore" / f"{name}.js").read_text("ascii"))
    assert found is not None
    assert found[1] == name
    return gzip.decompress(base64.b64decode(found[2]))


def held(folder: Path, name: str) -> Any:
    return json.loads(payload(folder, name))


def problems(folder: Path) -> list[Any]:
    pages = len(held(folder, "meta")["pages"])
    return [problem for page in range(pages) for problem in held(folder, f"problems/{page}")]


def test_every_record_is_there_with_its_completion_and_checks(folder: Path) -> None:
    con = jugs.opened()
    shown = {record["record_id"]: record for problem in problems(folder) for record in problem["records"]}
    wanted = con.execute("select record_id, completion, rationale from lineage").fetchall()
    assert len(shown) == len(wanted) == jugs.PROBLEMS * len(jugs.THOUGHTS)
    for record_id, completion, rationale in wanted:
        assert shown[record_id].get("completion") == completion
        assert shown[record_id].get("rationale") == rationale
    checks = sum(len(record["checks"]) for record in shown.values())
    assert (checks,) == con.execute("select count(*) from checks").fetchone()


def test_two_builds_are_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    explorer.write(jugs.opened(), tmp_path, "f" * 64)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert all((folder / path).read_bytes() == (tmp_path / path).read_bytes() for path in files)


def test_a_large_corpus_has_larger_files_and_not_more(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in (
        (texts, "TITLES", 1), (texts, "PAGE", 1), (texts, "MOST_FILES", 2),
        (words, "CHUNK", 1), (words, "MOST_FILES", 2),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    explorer.write(jugs.opened(), tmp_path, "f" * 64)
    counts = {name: len(list((tmp_path / "explore" / name).iterdir())) for name in ("titles", "problems")}
    assert counts == {"titles": 2, "problems": 2}
    assert 2 <= len(list((tmp_path / "explore" / "words").iterdir())) <= 8
    assert problems(tmp_path) == problems(folder)
    titles = [title for page in range(2) for title in held(tmp_path, f"titles/{page}")]
    assert titles == [title for page in sorted(_pages(folder)) for title in held(folder, f"titles/{page}")]


def _pages(folder: Path) -> list[int]:
    return [int(path.stem) for path in (folder / "explore" / "titles").iterdir()]


def test_a_file_of_data_is_one_call_and_no_text_of_the_corpus_is_code(folder: Path) -> None:
    data = [path for path in (folder / "explore").rglob("*.js") if path.name not in explorer.SCRIPTS]
    assert len(data) > 10
    assert all(CALL.fullmatch(path.read_text("ascii")) for path in data)


def test_the_page_is_the_same_for_every_corpus_and_loads_only_its_own_scripts(folder: Path) -> None:
    page = (folder / "explore.html").read_text("utf-8")
    assert page == explorer.page()
    assert re.findall(r'src="([^"]+)"', page) == [f"explore/{name}" for name in explorer.SCRIPTS]
    assert "default-src 'none'; script-src 'self' file:" in page
    assert "jug" not in page


def indexed(con: duckdb.DuckDBPyConnection) -> words.WordIndex:
    found, index = explorer.Explorer(con, ""), words.WordIndex(con)
    assert list(found.problems(0, len(found.cuts) - 1, index))
    return index


def test_an_index_in_parts_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(indexed(jugs.opened()).chunks())
    monkeypatch.setattr(words, "HELD", 7)
    assert list(indexed(jugs.opened()).chunks()) == whole


def test_a_word_leads_to_the_problems_and_the_records_that_have_it() -> None:
    con = jugs.opened()
    found = {posting.word: posting for posting in indexed(con).postings()}
    assert len(found["jugs"].problems) == jugs.PROBLEMS
    assert len(found["unknowns"].records) == len(
        con.execute("select 1 from records where contains(rationale, 'unknowns')").fetchall()
    )
    assert list(found) == sorted(found)


def test_words_are_cut_into_chunks_whose_first_words_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "CHUNK", 20)
    chunks = list(indexed(jugs.opened()).chunks())
    assert len(chunks) > 5
    assert [word for word, _ in chunks] == sorted(word for word, _ in chunks)


@pytest.mark.parametrize("numbers", [[], [0], [127, 128], [5, 300, 2**31, 2**40]])
def test_numbers_are_read_back_from_seven_bits_a_byte(numbers: list[int]) -> None:
    packed = packing.varints(np.array(numbers, np.int64))
    read, part, shift = [], 0, 0
    for byte in packed:
        part |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            read.append(part)
            part = shift = 0
    assert read == numbers


def test_pages_of_texts_are_cut_by_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(texts, "PAGE", 20_000)
    explorer.write(jugs.opened(), tmp_path, "")
    pages = held(tmp_path, "meta")["pages"]
    assert len(pages) > 3
    assert [name for _, name in pages] == sorted(name for _, name in pages)
    assert len(problems(tmp_path)) == jugs.PROBLEMS


def test_a_corpus_without_any_record_has_an_explorer(tmp_path: Path) -> None:
    jugs.build(tmp_path / "data")
    with duckdb.connect() as con:
        for name in ("records", "checks"):
            path = tmp_path / "data" / f"{name}.parquet"
            con.execute(f"copy (select * from '{path}' where false) to '{path}.new' (format parquet)")
            Path(f"{path}.new").replace(path)
    with tables.connect() as con:
        corpus.fill(con, tmp_path / "data", jugs.THOUGHTS, "view")
        explorer.write(con, tmp_path, "")
    assert held(tmp_path, "meta")["records"] == 0
    assert [problem["records"] for problem in problems(tmp_path)] == [[]] * jugs.PROBLEMS


def test_a_problem_has_the_number_of_its_parent_and_one_without_records_has_a_row(tmp_path: Path) -> None:
    jugs.build(tmp_path)
    path = tmp_path / "problems.parquet"
    rows = list(tables.rows_of(path))
    child = next(row for row in rows if row["problem_id"] == "jugs-3") | {
        "parent_id": "jugs-2",
        "growth": "redraw",
    }
    alone = child | {"problem_id": "jugs-alone", "parent_id": "jugs-3"}
    others = [row for row in rows if row["problem_id"] != "jugs-3"]
    tables.write(path, Problems, [*others, child, alone])
    with tables.connect() as con:
        corpus.fill(con, tmp_path, jugs.THOUGHTS, "view")
        columns = explorer.Explorer(con, "").columns
        parents = np.frombuffer(columns.column("parents"), "<i4").tolist()
        records = np.frombuffer(columns.column("records"), "<u4").tolist()
        thoughts = np.frombuffer(columns.column("thought"), "u1")
    names = sorted([row["problem_id"] for row in rows] + ["jugs-alone"])
    assert parents[names.index("jugs-3")] == names.index("jugs-2")
    assert parents[names.index("jugs-alone")] == names.index("jugs-3")
    assert sorted(set(parents)) == [-1, names.index("jugs-2"), names.index("jugs-3")]
    assert records == [0 if name == "jugs-alone" else 4 for name in names]
    assert len(thoughts) == sum(records) + 1


def test_every_check_of_ours_is_explained() -> None:
    assert set(CHECKS.ours) - set(meanings.MEANINGS) == {"program_variables", "equation_variables"}
    assert all(meanings.meaning(check) for check in CHECKS.names())

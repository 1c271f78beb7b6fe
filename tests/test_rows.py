"""Files of rows: every format, compression and encoding; a row that cannot be read says why."""

import bz2
import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import lists, sampled_from

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.rows import READERS, FileRow, files_of, rows_of_file

ROWS = [{"problem": f"{number} £ “each”?", "answer": str(number)} for number in range(3)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
TEXTS = {
    "r.jsonl": LINES,
    "r.ndjson": LINES,
    "lines.json": LINES,
    "list.json": json.dumps(ROWS),
    "pretty.json": json.dumps(ROWS, indent=1),
    "held.json": json.dumps({"version": "1", "data": ROWS}),
    "r.csv": "".join(
        f"{row}\n" for row in ["problem,answer", *(f"{r['problem']},{r['answer']}" for r in ROWS)]
    ),
    "semicolons.csv": "problem;answer\r\n" + "".join(f"{r['problem']};{r['answer']}\r\n" for r in ROWS),
    "tabs.CSV": "problem\tanswer\n" + "".join(f"{r['problem']}\t{r['answer']}\n" for r in ROWS),
    "r.TSV": "problem\tanswer\n" + "".join(f"{r['problem']}\t{r['answer']}\n" for r in ROWS),
}


def read(path: Path, content: str | bytes, encoding: str | None = None) -> list[FileRow]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(rows_of_file(path, encoding, path.name))


def zst(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


@pytest.mark.parametrize(("name", "text"), TEXTS.items())
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str, text: str) -> None:
    assert [row.values for row in read(tmp_path / name, text)] == ROWS


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".ZST", zst), (".bz2", bz2.compress)])
@pytest.mark.parametrize("name", ["r.jsonl", "list.json", "r.csv"])
def test_a_compressed_file_is_read_as_its_text_is(tmp_path: Path, name: str, suffix: str, pack: Any) -> None:
    assert [row.values for row in read(tmp_path / f"{name}{suffix}", pack(TEXTS[name].encode()))] == ROWS


def test_a_parquet_file_is_read(tmp_path: Path) -> None:
    pd.DataFrame(ROWS).to_parquet(tmp_path / "r.parquet")
    assert [row.values for row in rows_of_file(tmp_path / "r.parquet")] == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("name", ["r.jsonl", "list.json", "semicolons.csv"])
def test_an_encoding_is_found(tmp_path: Path, name: str, encoding: str) -> None:
    assert [row.values for row in read(tmp_path / name, TEXTS[name].encode(encoding))] == ROWS


def test_a_guessed_encoding_is_noted_once_and_a_given_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TEXTS["r.csv"].replace("£", "§")
    path = tmp_path / "r.csv"
    assert read(path, text.encode("cp1252")) == list(rows_of_file(path, None, path.name))
    assert capsys.readouterr().err == (
        "note: r.csv is not UTF-8; it is read as cp1252, a guess; `encoding:` says another\n"
    )
    assert read(path, "a\n½\n".encode("cp850"), "cp850")[0].values == {"a": "½"}
    assert capsys.readouterr().err == ""


def test_a_line_that_is_not_utf8_among_lines_that_are_is_a_broken_row(tmp_path: Path) -> None:
    good = '{"a": "é"}\n'.encode()
    rows = read(tmp_path / "r.jsonl", good * 2 + b'{"a": "\xe9"}\n')
    assert [row.fault for row in rows[:2]] == [None, None]
    assert rows[2].fault == (
        "the byte 0xe9 is not in the encoding of the file: say which it is with `encoding:`"
    )
    assert rows[2].shown() == '{"a": "\\udce9"}'


def test_an_unknown_encoding_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="`encoding: latin-99` is unknown"):
        read(tmp_path / "r.csv", "a\n1\n", "latin-99")


def test_every_row_of_a_broken_file_is_there_with_its_place(tmp_path: Path) -> None:
    text = '{"a": 1}\n\n[1]\n{\n{"a": 1, "a": 2}\n{"a": "\\ud800"}\n' + '{"a": ' * 5000 + "\n"
    rows = read(tmp_path / "r.jsonl", text)
    assert [(row.place.rpartition(" ")[2], (row.fault or "").partition(":")[0]) for row in rows] == [
        ("1", ""),
        ("3", "not a JSON object"),
        ("4", "not JSON"),
        ("5", "the key `a` is there twice"),
        ("6", "half of a surrogate pair is no character"),
        ("7", "not JSON"),
    ]
    assert rows[3].shown() == '{"a": 1, "a": 2}'
    rows = read(tmp_path / "r.csv", 'a,b\n"1\n2",3\n1,2,3\n"1"2,3\n4,5\n6,"7\n')
    assert [(row.place, row.values, row.fault) for row in rows] == [
        ("r.csv, line 2", {"a": "1\n2", "b": "3"}, None),
        ("r.csv, line 4", {}, "not as many fields as the heading: 3, not 2"),
        ("r.csv, line 5", {}, "not CSV: ',' expected after '\"'"),
        ("r.csv, line 6", {"a": "4", "b": "5"}, None),
        ("r.csv, line 7", {}, "not CSV: unexpected end of data"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("r.csv", "a,a\n1,2\n", "two columns are named `a`"),
        ("r.json", "{", "not JSON"),
        ("r.json", "{}", "not a JSON list of objects"),
        ("r.json", '[{"a": 1}', "not JSON"),
        ("r.json", '[{"a": 1}] 2', "something follows the end of the list"),
        ("r.json", "[" * 100_000, "not JSON"),
        ("r.json", '[{"a": 1, "a": 2}]', "the key `a` is there twice"),
        ("r.csv", "a,b\n1,2\n".encode("utf-16")[:-1], "not CSV"),
        ("r.parquet", "PAR1", "not Parquet"),
        ("r.parquet.gz", "", r"cannot read `.parquet.gz`; give one of .jsonl, .ndjson, .json, .csv"),
        ("r.txt", "", "cannot read `.txt`"),
        ("rows", "", "the name has no ending that says its format; give one of .jsonl"),
        ("r.jsonl.gz", "no gzip", "not JSON"),
        ("r.jsonl.gz", gzip.compress(LINES.encode(), mtime=0)[:-9], "not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(ThoughtmillError) as error:
        read(tmp_path / name, content)
    assert str(error.value).startswith(f"{name}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_two_columns_of_one_name_in_parquet_are_named(tmp_path: Path) -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    pa.parquet.write_table(table, tmp_path / "r.parquet")
    with pytest.raises(ThoughtmillError, match="two columns are named `a`"):
        list(rows_of_file(tmp_path / "r.parquet"))


def test_an_object_longer_than_any_buffer_is_read_whole(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"a": "x" * size, "b": [{"c": "]}"}]} for size in (0, 65_530, 300_000, 7)]
    assert [row.values for row in read(tmp_path / "r.json", json.dumps(rows))] == rows
    assert [row.values for row in read(tmp_path / "r.json", "\n".join(map(json.dumps, rows)))] == rows


def test_columns_without_a_name_are_called_by_their_place(tmp_path: Path) -> None:
    assert read(tmp_path / "r.csv", ",a,\n0,x,y\n")[0].values == {"column_1": "0", "a": "x", "column_3": "y"}


def test_commas_in_the_text_do_not_hide_the_separator(tmp_path: Path) -> None:
    text = 'problem;answer\nAnn has 2, Bo 3, and Cy 4.;9\n"One; two, or three?";3\n'
    assert [row.values["answer"] for row in read(tmp_path / "r.csv", text)] == ["9", "3"]


def test_a_spreadsheet_may_say_its_separator(tmp_path: Path) -> None:
    row = read(tmp_path / "r.csv", "sep=|\na,b|c\n1,2|3\n")[0]
    assert (row.place, row.values) == ("r.csv, line 3", {"a,b": "1,2", "c": "3"})


def test_quotes_in_a_text_that_quotes_no_fields_are_text(tmp_path: Path) -> None:
    text = 'problem\tanswer\n"I have 3 nuts," said Bo.\t3\nHow long is 5"?\t5\n"Why?"\t1\n'
    rows = read(tmp_path / "r.tsv", text)
    assert [row.values["problem"] for row in rows] == [
        '"I have 3 nuts," said Bo.',
        'How long is 5"?',
        '"Why?"',
    ]


def test_files_are_named_by_paths_patterns_and_folders_each_once(tmp_path: Path) -> None:
    for name in ("b.csv", "a.jsonl", "deep/c.json.gz", "deep/notes.txt", "[x].csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def names(named: str | list[str]) -> list[str]:
        return [path.relative_to(tmp_path).as_posix() for path in files_of(named, tmp_path)]

    assert names("b.csv") == ["b.csv"]
    assert names("[x].csv") == ["[x].csv"]
    assert names(["*.jsonl", "**/*.*"]) == ["a.jsonl", "[x].csv", "b.csv", "deep/c.json.gz", "deep/notes.txt"]
    assert names(".") == ["[x].csv", "a.jsonl", "b.csv", "deep/c.json.gz"]
    with pytest.raises(ThoughtmillError, match="no file is named"):
        names([])
    with pytest.raises(ThoughtmillError, match=r"gone\.csv is missing"):
        names("gone.csv")
    with pytest.raises(ThoughtmillError, match=r"no file matches .*\*\.tsv"):
        names("*.tsv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ThoughtmillError, match="empty holds no file to read"):
        names("empty")


PIECES = [
    b'{"a": 1}', b'"', b",", b";", b"\n", b"\r", b"\t", b"[", b"]", b"{", b"}", b"\\", b"\x00", b"\xff\xfe",
    b"\xe9", b"\xc3\xa9", b"a", b"1", b"sep=;\n", b"\xef\xbb\xbf", b"null", b"1e999", b"9" * 5000, b":",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=lists(sampled_from(PIECES), max_size=12), suffix=sampled_from([*READERS, ".csv.gz", ".jsonl.zst"])
)
def test_a_file_of_any_bytes_is_rows_or_one_error(tmp_path: Path, content: list[bytes], suffix: str) -> None:
    with suppress(ThoughtmillError):
        for row in read(tmp_path / f"r{suffix}", b"".join(content)):
            assert isinstance(row.values, dict)
            assert row.shown().encode()

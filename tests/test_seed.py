"""Stage `seed`: rows of problem sets, from files and from the Hub, become `problems`."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from thoughtmill.factory.answers import KINDS
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.problems import PROBLEM_SETS, SourceSettings, chosen
from thoughtmill.factory.problems.stories import SPLITS
from thoughtmill.factory.seed import SeedSettings, seed
from thoughtmill.schemas import Problems
from thoughtmill.schemas.fields import SPLITS as SCHEMA_SPLITS

OURS = [
    {
        "question": "Mo has 3 nets of 1,250 beads. How many beads?",
        "answer": "3*1250=<<3*1250=3750>>3750\n#### 3,750",
    },
    {"question": "How much is half of $36?", "answer": "36/2 = <<36/2=18>>18\n#### $18.00"},
]


def rows(folder: Path, *sources: dict[str, Any]) -> list[tables.Row]:
    return list(seed(SeedSettings.model_validate({"sources": sources}), folder))


def jsonl(path: Path, entries: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path.name


def test_gold_answers_of_gsm8k_become_canonical(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "g.jsonl", OURS)
    found = rows(tmp_path, {"set": "gsm8k", "file": file, "split": "test"})
    assert [row["answer"] for row in found] == ["3750", "18"]
    assert [row["problem_id"] for row in found] == ["gsm8k-test-0", "gsm8k-test-1"]
    assert found[0]["solution"] == OURS[0]["answer"]


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    jsonl(tmp_path / "g.jsonl", OURS)
    (tmp_path / "g.json").write_text(json.dumps(OURS))
    pd.DataFrame(OURS).to_csv(tmp_path / "g.csv", index=False)
    pd.DataFrame(OURS).to_parquet(tmp_path / "g.parquet")
    found = [
        rows(tmp_path, {"set": "gsm8k", "file": f"g.{ending}", "split": "train"})
        for ending in ("jsonl", "json", "csv", "parquet")
    ]
    assert found[0] and all(each == found[0] for each in found)


def test_a_local_data_set_is_read_as_the_hub_is(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()
    pd.DataFrame({"ask": ["What is 2 + 2?"], "gold": ["4"]}).to_parquet(folder / "train.parquet")
    columns = {"problem": "ask", "answer": "gold"}
    found = rows(tmp_path, {"set": "table", "name": "mine", "hub": str(folder), "columns": columns})
    assert [(row["problem_id"], row["answer"]) for row in found] == [("mine-train-0", "4")]


def test_a_data_set_that_the_hub_does_not_have_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="cannot be loaded; give `file:`") as error:
        rows(tmp_path, {"set": "table", "name": "mine", "hub": str(tmp_path / "nowhere")})
    assert "\n" not in str(error.value)


def test_a_table_maps_columns_and_keeps_its_own_ids(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "t.jsonl", [{"q": "2 + 2?", "gold": 4, "key": "x7", "how": "2+2"}])
    columns = {"problem": "q", "answer": "gold", "problem_id": "key", "solution": "how"}
    entry = {"set": "table", "name": "mine", "file": file, "columns": columns, "license": "CC0-1.0"}
    (row,) = rows(tmp_path, entry)
    assert (row["problem_id"], row["answer"], row["solution"], row["license"]) == (
        "mine-train-x7", "4", "2+2", "CC0-1.0",
    )  # fmt: skip


def test_a_limit_takes_the_first_rows(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "g.jsonl", OURS)
    assert len(rows(tmp_path, {"set": "gsm8k", "file": file, "split": "train", "limit": 1})) == 1


def test_broken_rows_are_named_together(tmp_path: Path) -> None:
    broken = [
        {"problem": " ", "answer": "1"},
        {"problem": "ok?", "answer": "1"},
        {"problem": "Why?", "answer": "ten"},
    ]
    file = jsonl(tmp_path / "t.jsonl", [*broken, {"answer": "1"}])
    with pytest.raises(ThoughtmillError) as error:
        rows(tmp_path, {"set": "table", "name": "mine", "file": file})
    said = str(error.value)
    assert "3 broken rows" in said
    assert "line 1: the problem is empty" in said
    assert "line 3: the answer 'ten' is not a number" in said
    assert "line 4: no column 'problem'" in said


def test_an_id_that_occurs_twice_is_named_when_the_table_is_written(tmp_path: Path) -> None:
    columns = {"problem_id": "key"}
    file = jsonl(tmp_path / "t.jsonl", [{"problem": f"{n}?", "answer": n, "key": "k"} for n in range(2)])
    found = rows(tmp_path, {"set": "table", "name": "mine", "file": file, "columns": columns})
    with pytest.raises(ThoughtmillError, match="mine-train-k: it occurs more than once"):
        tables.write(tmp_path / "problems.parquet", Problems, found)


def test_files_of_one_name_and_split_are_read_one_after_another_where_rows_have_their_own_ids(
    tmp_path: Path,
) -> None:
    columns = {"problem": "q", "answer": "a", "problem_id": "id"}
    found = [
        {"set": "table", "name": "mine", "columns": columns}
        | {"file": jsonl(tmp_path / f"{name}.jsonl", [{"q": "1 + 1?", "a": "2", "id": name}])}
        for name in ("k", "l")
    ]
    read = seed(SeedSettings.model_validate({"sources": found}), tmp_path)
    assert [row["problem_id"] for row in read] == ["mine-train-k", "mine-train-l"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"set": "gsm9k"}, "unknown set `gsm9k`; there are: embedded, gsm8k"),
        ({"set": "gsm8k", "file": "gone.jsonl", "split": "train"}, r"gone\.jsonl is missing"),
        ({"set": "gsm8k", "file": "g.jsonl"}, "say with `split:`"),
        ({"set": "gsm8k", "file": "g.jsonl", "split": "dev"}, "no split `dev`"),
        ({"set": "embedded", "split": "test"}, "no split `test`"),
        ({"set": "gsm8k", "file": "g.txt", "split": "train"}, r"cannot read `\.txt`"),
        ({"set": "gsm8k", "file": "g.jsonl", "split": "train", "sha256": "0" * 64}, "not the pinned file"),
        ({"set": "table", "file": "g.jsonl"}, "needs `name:`"),
        ({"set": "table", "name": "mine"}, "needs `name:` and either"),
    ],
)
def test_a_wrong_entry_is_one_clear_line(tmp_path: Path, entry: dict[str, Any], said: str) -> None:
    jsonl(tmp_path / "g.jsonl", OURS)
    (tmp_path / "g.txt").touch()
    with pytest.raises(ThoughtmillError, match=said):
        rows(tmp_path, entry)


def test_a_pinned_file_is_read(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "g.jsonl", OURS)
    pinned = digest(tmp_path / file)
    assert len(rows(tmp_path, {"set": "gsm8k", "file": file, "split": "train", "sha256": pinned})) == 2


@pytest.mark.parametrize("text", ["a,b\n1\n", "a,b\n1,2,3\n"])
def test_a_ragged_csv_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ThoughtmillError, match=r"t\.csv, line 2: not as many fields"):
        rows(tmp_path, {"set": "table", "name": "mine", "file": "t.csv"})


@pytest.mark.parametrize(("name", "text"), [("t.json", "{"), ("t.json", "{}"), ("t.parquet", "PAR1")])
def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ThoughtmillError, match=f"{name}: not"):
        rows(tmp_path, {"set": "table", "name": "mine", "file": name})


def test_the_embedded_set_fills_every_split_it_has(tmp_path: Path) -> None:
    counts = {split: 1 + number % 3 for number, split in enumerate(SPLITS)}
    settings = SeedSettings.model_validate({"embedded": counts})
    found = list(seed(settings, tmp_path))
    assert Counter(row["split"] for row in found) == counts
    assert len({row["problem_id"] for row in found}) == len(found)


@pytest.mark.parametrize(
    ("entry", "count"),
    [
        ({"set": "gsm8k", "file": "gsm8k/train.jsonl", "split": "train"}, 7473),
        ({"set": "gsm8k", "file": "gsm8k/test.jsonl", "split": "test"}, 1319),
        ({"set": "svamp", "file": "svamp/SVAMP.json", "split": "test"}, 1000),
        ({"set": "asdiv", "file": "asdiv/asdiv.jsonl"}, 2096),
        ({"set": "multiarith", "file": "multiarith/multiarith.jsonl", "split": "test"}, 600),
    ],
)
def test_every_registered_set_is_read_whole(shared_data: Path, entry: dict[str, Any], count: int) -> None:
    found = rows(shared_data, entry)
    assert len(found) == len({row["problem_id"] for row in found}) == count


def test_options_stand_under_the_name_of_their_set_and_no_other_key_passes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"`embeded` is an unknown key; did you mean `embedded`\?"):
        SeedSettings.model_validate({"embeded": {}})
    with pytest.raises(ThoughtmillError, match=r"seed: embedded: `trian` is an unknown key"):
        SeedSettings.model_validate({"embedded": {"trian": 3}})
    with pytest.raises(ValueError, match="`gsm8k`: this set has no options"):
        SeedSettings.model_validate({"gsm8k": {"seed": 1}})


def test_every_set_states_its_licence_and_a_kind_of_answer_that_is_known() -> None:
    for name in PROBLEM_SETS.names():
        source = {"set": name, "name": "mine", "file": "mine.csv"}
        problem_set = chosen(SourceSettings.model_validate(source))
        assert problem_set.license
        assert problem_set.answer_kinds
        assert all(kind in KINDS for kind in problem_set.answer_kinds)
        assert {ours for ours, _ in problem_set.splits} <= set(SCHEMA_SPLITS)

"""Stage `seed`: rows of problem sets, from files and from the Hub, become `problems`."""

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from thoughtmill.factory.answers import KINDS
from thoughtmill.factory.core import params, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.problems import PROBLEM_SETS, SourceSettings, chosen
from thoughtmill.factory.problems.stories import SPLITS
from thoughtmill.factory.seed import SeedSettings, main, seed
from thoughtmill.schemas import Problems, Refused
from thoughtmill.schemas.fields import SPLITS as SCHEMA_SPLITS

OURS = [
    {
        "question": "Mo has 3 nets of 1,250 beads. How many beads?",
        "answer": "3*1250=<<3*1250=3750>>3750\n#### 3,750",
    },
    {"question": "How much is half of $36?", "answer": "36/2 = <<36/2=18>>18\n#### $18.00"},
]


def rows(folder: Path, *sources: dict[str, Any], refused: str = "stop") -> list[tables.Row]:
    return list(seed(SeedSettings.model_validate({"sources": sources, "refused": refused}), folder, no_row))


def no_row(row: tables.Row) -> None:
    """Take a refused row and forget it."""


def kept(folder: Path, *sources: dict[str, Any]) -> tuple[list[tables.Row], list[tables.Row]]:
    """Return the problems and the refused rows of sources, with `refused: keep`."""
    refused: list[tables.Row] = []
    settings = SeedSettings.model_validate({"sources": sources, "refused": "keep"})
    return list(seed(settings, folder, refused.append)), refused


def mine(folder: Path, entries: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a source that reads rows from a file."""
    return {"set": "table", "name": "mine", "file": jsonl(folder / "t.jsonl", entries), **more}


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
    assert not logging.getLogger("huggingface_hub.utils._http").isEnabledFor(logging.WARNING)  # of retries


def test_a_misspelt_key_of_a_source_is_told_of_where_it_is(tmp_path: Path) -> None:
    told = params.faults({"sources": [{"set": "gsm8k", "splitt": "train"}]}, SeedSettings, "seed")
    assert told == ["seed: `sources.0.splitt` is an unknown key; did you mean `split`?"]


def test_a_table_maps_columns_and_keeps_its_own_ids(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "t.jsonl", [{"q": "2 + 2?", "gold": 4, "key": "x7", "how": "2+2"}])
    columns = {"problem": "q", "answer": "gold", "problem_id": "key", "solution": "how"}
    entry = {"set": "table", "name": "mine", "file": file, "columns": columns, "license": "CC0-1.0"}
    (row,) = rows(tmp_path, entry)
    assert (row["problem_id"], row["answer"], row["solution"], row["license"]) == (
        "mine-train-x7", "4", "2+2", "CC0-1.0",
    )  # fmt: skip


def test_a_table_whose_gold_answers_are_unknown_needs_no_column_of_them(tmp_path: Path) -> None:
    given = mine(tmp_path, [{"problem": "How many?"}], columns={"answer": None}, answer_kinds=["expression"])
    (row,) = rows(tmp_path, given)
    assert (row["answer"], row["answer_kind"]) == (None, "expression")


def test_a_limit_takes_the_first_rows(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "g.jsonl", OURS)
    assert len(rows(tmp_path, {"set": "gsm8k", "file": file, "split": "train", "limit": 1})) == 1


def test_broken_rows_are_named_together(tmp_path: Path) -> None:
    broken = [
        {"problem": " ", "answer": "1"},
        {"problem": "ok?", "answer": "1"},
        {"problem": "Why?", "answer": "many"},
    ]
    file = jsonl(tmp_path / "t.jsonl", [*broken, {"answer": "1"}])
    with pytest.raises(ThoughtmillError) as error:
        rows(tmp_path, {"set": "table", "name": "mine", "file": file})
    said = str(error.value)
    assert "3 of 4 rows cannot become problems" in said
    assert "write `refused: keep` under `seed`" in said
    assert "line 1: the problem is empty" in said
    assert "line 3: the answer 'many' is not a number" in said
    assert "line 4: no column `problem`" in said


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("k", "an earlier row has the id `mine-train-k`"),
        (None, "the id is null"),
        (" ", "the id is empty"),
        ({"k": 1}, "the id is {'k': 1}, which is no text"),
        (True, "the id is True, which is no text"),
    ],
)
def test_a_row_whose_id_tells_it_from_no_other_is_refused(tmp_path: Path, key: Any, reason: str) -> None:
    entries = [{"problem": "2?", "answer": 2, "key": "k"}, {"problem": "3?", "answer": 3, "key": key}]
    problems, refused = kept(tmp_path, mine(tmp_path, entries, columns={"problem_id": "key"}))
    assert [row["problem_id"] for row in problems] == ["mine-train-k"]
    assert [row["reason"] for row in refused] == [reason]


def test_ids_that_a_gap_in_their_column_made_decimal_are_whole_again(tmp_path: Path) -> None:
    file = "t.parquet"
    pd.DataFrame({"problem": ["a?", "b?", "c?"], "answer": [1, 2, 3], "n": [7, None, 9]}).to_parquet(
        tmp_path / file
    )
    entry = {"set": "table", "name": "mine", "file": file, "columns": {"problem_id": "n"}}
    problems, refused = kept(tmp_path, entry)
    assert [row["problem_id"] for row in problems] == ["mine-train-7", "mine-train-9"]
    assert [(row["place"], row["reason"]) for row in refused] == [("t.parquet, row 1", "the id is null")]


def test_files_of_one_name_and_split_are_read_one_after_another_where_rows_have_their_own_ids(
    tmp_path: Path,
) -> None:
    columns = {"problem": "q", "answer": "a", "problem_id": "id"}
    found = [
        {"set": "table", "name": "mine", "columns": columns}
        | {"file": jsonl(tmp_path / f"{name}.jsonl", [{"q": "1 + 1?", "a": "2", "id": name}])}
        for name in ("k", "l")
    ]
    read = seed(SeedSettings.model_validate({"sources": found}), tmp_path, no_row)
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
    found = list(seed(settings, tmp_path, no_row))
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
        ({"set": "math", "file": "math/test.jsonl", "split": "test"}, 5000),
        ({"set": "aqua", "file": "aqua/test.jsonl", "split": "test"}, 254),
    ],
)
def test_every_registered_set_is_read_whole(shared_data: Path, entry: dict[str, Any], count: int) -> None:
    found = rows(shared_data, entry)
    assert len(found) == len({row["problem_id"] for row in found}) == count


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("50%", "50"), ("12 apples", "12"), ("20 dollars", "20"), ("#### 7", "7"), (r"\boxed{9}", "9"),
        (r"\frac{3}{4}", "0.75"), ("1 250", "1250"), ("1'250", "1250"), ("(5)", "5"), ("１２", "12"),
        ("$1,250.50", "1250.5"), (r"64,\!328", "64328"), (r"\$32.50", "32.5"), (r"45\%", "45"),
        ("2 1/2", "2.5"),
    ],
)  # fmt: skip
def test_gold_numbers_are_read_as_people_write_them(tmp_path: Path, gold: str, answer: str) -> None:
    ((row,), _) = kept(tmp_path, mine(tmp_path, [{"problem": "How many?", "answer": gold}]))
    assert (row["answer"], row["answer_kind"]) == (answer, "number")


@pytest.mark.parametrize(
    ("gold", "reason"),
    [
        ("3,5", "is not a number; read as set it is `3, 5`: see `answer_kinds:`"),
        ("12 or 13", "is not a number; read as set it is `12, 13`"),
        (r"2\sqrt{5}", "is not a number; read as expression it is"),
        ("Tuesday", "the answer 'Tuesday' is not a number"),
        ("1 25", "the answer '1 25' is not a number"),
        ("1.000.000", "the answer '1.000.000' is not a number"),
    ],
)
def test_an_answer_that_may_be_several_is_refused_with_what_it_may_be(
    tmp_path: Path, gold: str, reason: str
) -> None:
    _, (row,) = kept(
        tmp_path, mine(tmp_path, [{"problem": "1?", "answer": 1}, {"problem": "2?", "answer": gold}])
    )
    assert reason in row["reason"]


def test_a_table_may_hold_answers_of_other_kinds(tmp_path: Path) -> None:
    entries = [{"problem": f"{gold}?", "answer": gold} for gold in (r"2\sqrt{5}", "7", "x^2+1", "N/A")]
    problems, refused = kept(tmp_path, mine(tmp_path, entries, answer_kinds=["number", "expression"]))
    assert [row["answer_kind"] for row in problems] == ["expression", "number", "expression"]
    assert [row["reason"] for row in refused] == ["the answer 'N/A' says that there is none"]


def test_rows_of_several_configs_have_the_config_in_their_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {
        "problem": "What is $1+1$?",
        "type": "Algebra",
        "level": "Level 1",
        "solution": r"It is $\boxed{2}$.",
    }
    seen = []

    def loaded(
        name: str, config: str | None, split: str, revision: str | None, streaming: bool
    ) -> list[dict[str, Any]]:
        seen.append((name, config, split, revision))
        return [row, row]

    monkeypatch.setattr("datasets.load_dataset", loaded)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    found = [each["problem_id"] for each in rows(tmp_path, {"set": "math", "split": "test"})]
    assert found[:2] == ["math-test-algebra-0", "math-test-algebra-1"]
    assert len(set(found)) == 14
    assert {config for _, config, _, _ in seen} >= {"prealgebra", "counting_and_probability"}
    one = rows(tmp_path, {"set": "math", "split": "test", "config": "geometry", "limit": 1})
    assert one[0]["problem_id"] == "math-test-geometry-0"
    row.update({"question": "2 * 4?", "answer": "#### 8", "id": "3", "instance": "12"})
    ids = [
        rows(tmp_path, {"set": "gsm_symbolic", "limit": 1, **more})[0]["problem_id"]
        for more in ({}, {"config": "p1"})
    ]
    assert ids == ["gsm_symbolic-test-3-12", "gsm_symbolic-test-p1-3-12"]


def test_a_question_without_an_answer_by_intention_is_refused(tmp_path: Path) -> None:
    row = {
        "question": "Bo has some nuts. How many?",
        "solution": "",
        "perturbation_type": "critical thinking",
    }
    file = jsonl(tmp_path / "p.jsonl", [{**row, "answer": "None"}, {**row, "answer": "8"}])
    problems, refused = kept(tmp_path, {"set": "gsm_plus", "file": file})
    assert [each["answer"] for each in problems] == ["8"]
    assert [each["reason"] for each in refused] == ["the question has no answer (critical thinking)"]


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
        assert set(problem_set.answer_kinds) <= set(KINDS.names())
        assert {ours for ours, _ in problem_set.splits} <= set(SCHEMA_SPLITS)


def test_a_row_that_cannot_become_a_problem_is_kept_with_place_text_and_reason(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('problem,answer\nHow many?,3\nWhy?,n/a\nToo,many,fields\nNext?,"4\n')
    entry = {"set": "table", "name": "mine", "file": "t.csv", "split": "test"}
    problems, refused = kept(tmp_path, entry)
    assert [row["problem_id"] for row in problems] == ["mine-test-0"]
    assert [(row["position"], row["place"], row["text"], row["reason"]) for row in refused] == [
        (
            1,
            "t.csv, line 3",
            '{"problem": "Why?", "answer": "n/a"}',
            "the answer 'n/a' says that there is none",
        ),
        (2, "t.csv, line 4", "Too,many,fields", "not as many fields as the heading: 3, not 2"),
        (3, "t.csv, line 5", 'Next?,"4', "not CSV: unexpected end of data"),
    ]
    tables.write(tmp_path / "refused.parquet", Refused, refused)
    assert list(tables.TableReader(tmp_path / "refused.parquet", Refused)) == refused


def test_a_refused_row_takes_no_number_of_another(tmp_path: Path) -> None:
    entries = [{"problem": "1?", "answer": answer} for answer in (1, "n/a", 3)]
    problems, _ = kept(tmp_path, mine(tmp_path, entries))
    assert [row["problem_id"] for row in problems] == ["mine-train-0", "mine-train-2"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"problem": {"text": "2?"}, "answer": 2}, "the problem is {'text': '2?'}, which is no text"),
        ({"problem": None, "answer": 2}, "the problem is null"),
        ({"problem": 5, "answer": 2}, "the problem is 5, which is no text"),
        ({"problem": "2?", "answer": None}, "the answer is null"),
        ({"problem": "2?", "answer": " "}, "the answer is empty"),
        ({"problem": "2?", "answer": [2]}, "the answer is [2], which is no text"),
        ({"problem": "2?", "answer": True}, "the answer is True, which is no text"),
        ({"problem": "2?"}, "no column `answer`"),
    ],
)
def test_a_value_of_another_type_is_never_made_text(
    tmp_path: Path, entry: dict[str, Any], reason: str
) -> None:
    _, refused = kept(tmp_path, mine(tmp_path, [{"problem": "1?", "answer": 1}, entry]))
    assert [row["reason"] for row in refused] == [reason]


def test_an_object_that_has_a_key_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(
        '{"problem": "1?", "answer": 1}\n{"problem": "1?", "answer": 1, "answer": 2}\n'
    )
    _, refused = kept(tmp_path, {"set": "table", "name": "mine", "file": "t.jsonl"})
    assert refused[0]["reason"] == "the key `answer` is there twice"
    assert refused[0]["text"] == '{"problem": "1?", "answer": 1, "answer": 2}'


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("question,answer", "no column `problem`; there are: `question`, `answer`;"),
        ("problem ,answer", "there are: `problem `, `answer`; did you mean `problem `?"),
        ("problem;Answer", "no column `answer`; there are: `problem`, `Answer`; did you mean `Answer`?"),
        ("problem,answer,answer", "two columns are named `answer`"),
    ],
)
def test_a_column_that_is_missing_is_said_once_with_those_that_there_are(
    tmp_path: Path, heading: str, said: str
) -> None:
    sign = ";" if ";" in heading else ","
    row = sign.join(["Why?", "1", "2"][: heading.count(sign) + 1])
    (tmp_path / "t.csv").write_text(f"{heading}\n" + f"{row}\n" * 200)
    for refused in ("stop", "keep"):
        with pytest.raises(ThoughtmillError) as error:
            rows(tmp_path, {"set": "table", "name": "mine", "file": "t.csv"}, refused=refused)
        assert said in str(error.value)
        assert str(error.value).startswith("t.csv")
        assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("name", "text"), [("t.csv", ""), ("t.csv", "problem,answer\n"), ("t.jsonl", "\n"), ("t.json", "[]")]
)
def test_a_file_without_rows_is_an_error(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ThoughtmillError, match=f"{name} has no rows"):
        rows(tmp_path, {"set": "table", "name": "mine", "file": name})


def test_sources_without_any_row_are_an_error(tmp_path: Path) -> None:
    nothing = dict.fromkeys(SPLITS, 0)
    with pytest.raises(ThoughtmillError, match="no source has a row"):
        list(seed(SeedSettings.model_validate({"embedded": nothing}), tmp_path, no_row))


def test_a_source_of_which_no_row_becomes_a_problem_is_an_error(tmp_path: Path) -> None:
    entries = [{"problem": "1?", "answer": "n/a"}]
    with pytest.raises(ThoughtmillError, match="no row becomes a problem: 1 of 1 rows"):
        rows(tmp_path, mine(tmp_path, entries), refused="keep")


def test_a_file_elsewhere_is_named_without_its_folders(tmp_path: Path) -> None:
    elsewhere = tmp_path / "home" / "t.csv"
    elsewhere.parent.mkdir()
    elsewhere.write_text("problem,answer\n1?,1\nWhy?,n/a\n")
    (tmp_path / "project").mkdir()
    settings = SeedSettings.model_validate(
        {"refused": "keep", "sources": [{"set": "table", "name": "mine", "file": str(elsewhere)}]}
    )
    refused: list[Any] = []
    sources: list[Any] = []
    assert len(list(seed(settings, tmp_path / "project", refused.append, sources.append))) == 1
    assert ([row["place"] for row in refused], [row["place"] for row in sources]) == (
        ["t.csv, line 3"],
        ["t.csv"],
    )


def test_several_files_and_patterns_are_one_source(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    jsonl(tmp_path / "b" / "2.jsonl", [{"problem": "3?", "answer": 3}])
    jsonl(tmp_path / "b" / "1.jsonl", [{"problem": "2?", "answer": 2}, {"problem": "2?", "answer": "n/a"}])
    (tmp_path / "a.csv").write_text("problem,answer\n1?,1\n")
    entry = {"set": "table", "name": "mine", "file": ["a.csv", "b/*.jsonl", "b/1.jsonl"]}
    problems, refused = kept(tmp_path, entry)
    assert [(row["problem_id"], row["answer"]) for row in problems] == [
        ("mine-train-0", "1"), ("mine-train-1", "2"), ("mine-train-3", "3"),
    ]  # fmt: skip
    assert [row["place"] for row in refused] == ["b/1.jsonl, line 2"]
    pins = [digest(tmp_path / name) for name in ("a.csv", "b/1.jsonl", "b/2.jsonl")]
    assert len(kept(tmp_path, entry | {"sha256": pins})[0]) == 3
    with pytest.raises(ThoughtmillError, match=r"b/2\.jsonl is not the pinned file"):
        kept(tmp_path, entry | {"sha256": [*pins[:2], "0" * 64]})
    with pytest.raises(ThoughtmillError, match="pins 1 files, not 3"):
        kept(tmp_path, entry | {"sha256": pins[0]})


def test_one_bad_answer_among_thousands_is_told_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ("n/a" if number == 12_345 else number for number in range(20_000))
    lines = "".join(f"What is {answer}?,{answer}\n" for answer in answers)
    (tmp_path / "t.csv").write_text(f"problem,answer\n{lines}")
    (tmp_path / "dvc.yaml").touch()
    params = "seed: {sources: [{set: table, name: mine, file: t.csv}]}"
    (tmp_path / "params.yaml").write_text(params)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ThoughtmillError, match=r"1 of 20000 rows .* line 12347: the answer 'n/a'"):
        main()
    assert not list((tmp_path / "data").iterdir())
    (tmp_path / "params.yaml").write_text(params.replace("seed: {", "seed: {refused: keep, "))
    main()
    assert "1 of 20000 rows cannot become problems: t.csv, line 12347" in capsys.readouterr().err
    assert len(tables.TableReader(tmp_path / "data" / "problems.parquet", Problems)) == 19_999
    assert len(tables.TableReader(tmp_path / "data" / "refused.parquet", Refused)) == 1

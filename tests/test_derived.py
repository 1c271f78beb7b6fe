"""What `tabulate` derives for queries: prompts, samplings, duplicates, features, lengths."""

import hashlib
import json
from pathlib import Path

from tests.small_corpus import THOUGHTS
from thoughtmill.factory.core import tables
from thoughtmill.factory.derived.duplicates import duplicates
from thoughtmill.factory.derived.features import features, steps
from thoughtmill.factory.derived.lengths import lengths
from thoughtmill.factory.derived.prompts import prompts, written
from thoughtmill.factory.ledger.keys import prompt_sha
from thoughtmill.factory.problems.stories import StoriesSettings, tell
from thoughtmill.factory.tabulate import samplings
from thoughtmill.factory.thoughts.prompts import load
from thoughtmill.schemas import Completions, Problems, Records

EXEMPLARS = Path(__file__).parents[1] / "data" / "exemplars.jsonl"


def test_the_text_of_a_prompt_is_what_its_sha_was_made_of() -> None:
    messages = load("pot", EXEMPLARS).messages({})[:-1]
    odd = ({"role": "system", "content": 'x "\\ \n\t\x01\x7f é \u2028 \N{GRINNING FACE} </s>'},)
    for each in (messages, odd, ()):
        assert hashlib.sha256(written(each).encode()).hexdigest() == prompt_sha(each)
    for prompt in (load("pot", EXEMPLARS), load("pot", EXEMPLARS).reminding()):
        messages = prompt.messages({})[:-1]
        (row,) = prompts([prompt_sha(messages)], ["cot", "pot"], EXEMPLARS)
        assert (row["thought"], row["given"], row["messages"]) == ("pot", "problem", written(messages))


def test_a_prompt_of_nobody_is_a_row_without_messages() -> None:
    (row,) = prompts(["f" * 64], ["cot"], EXEMPLARS)
    assert row == {"prompt_sha": "f" * 64, "thought": None, "given": None, "messages": None}


def test_parameters_are_those_that_an_endpoint_was_sent(small_corpus: Path) -> None:
    teacher = {"model": "o3", "base_url": "http://10.0.0.7/v1"}
    given = {
        "thoughts": ["cot", "pot"],
        "generate": {
            "teachers": {"replay": {"teacher": "openai", **teacher}},
            "seed": 5, "sampling": {"cot": {"temperature": 0.5, "max_tokens": 9}},
        },
    }  # fmt: skip
    (small_corpus / "exemplars.jsonl").write_text(EXEMPLARS.read_text("utf-8"), "utf-8")
    completions = [str(small_corpus / "completions" / f"{thought}.parquet") for thought in THOUGHTS]
    rows = {
        row["thought"]: json.loads(row["parameters"]) for row in samplings(completions, given, small_corpus)
    }
    assert rows["cot"]["model"] == "o3"
    assert rows["cot"]["max_completion_tokens"] == 9  # as the preset of the model has it
    assert "temperature" not in rows["cot"]
    assert "10.0.0.7" not in str(rows)


def test_a_program_in_place_of_a_model_has_its_settings(small_corpus: Path) -> None:
    path = small_corpus / "completions" / "cot.parquet"
    rows = [{**row, "teacher": "embedded"} for row in tables.TableReader(path, Completions)]
    tables.write(path, Completions, rows)
    (small_corpus / "exemplars.jsonl").write_text(EXEMPLARS.read_text("utf-8"), "utf-8")
    given = {"thoughts": ["cot"], "generate": {"embedded": {"error_rate": 0.2, "seed": 4}}}
    (row,) = samplings([str(path)], given, small_corpus)
    assert json.loads(row["parameters"]) == {"error_rate": 0.2, "seed": 4}


def problem(problem_id: str, text: str, split: str = "train", parent: str | None = None) -> tables.Row:
    row = dict.fromkeys(Problems.to_schema().columns)
    return {**row, "problem_id": problem_id, "problem": text, "split": split, "parent_id": parent}


def record(
    problem_id: str, sample: int, rationale: str, reason: str | None, split: str = "train"
) -> tables.Row:
    record_id = f"{problem_id}/cot/{sample}"
    return {
        "record_id": record_id, "problem_id": problem_id, "thought": "cot", "sample": sample,
        "completion_id": record_id, "rationale": rationale, "predicted_answer": "1",
        "predicted_kind": "number", "failure": None, "correct": True, "fence": None, "split": split,
        "kept": reason is None, "drop_reason": reason,
    }  # fmt: skip


def found(folder: Path, problems: list[tables.Row], records: list[tables.Row]) -> list[tuple[str, str, str]]:
    tables.write(folder / "records.parquet", Records, records)
    rows = duplicates(problems, folder / "records.parquet", 4)
    return [(row["kind"], row["duplicate_id"], row["original_id"]) for row in rows]


def test_a_problem_is_beside_the_first_of_its_text_on_its_side_of_the_split(tmp_path: Path) -> None:
    problems = [problem("a", "How  many?"), problem("b", "How many?", "test"), problem("c", " How many?")]
    records = [
        record("a", 0, "x", None),
        record("b", 0, "x", "held_out", "test"),
        record("c", 0, "x", "duplicate_problem"),
    ]
    assert found(tmp_path, problems, records) == [("problem", "c", "a")]


def test_a_contaminated_problem_and_its_child_are_beside_the_held_out_problem(tmp_path: Path) -> None:
    text = "Ann has four pens and buys three more of them"
    problems = [
        problem("a", text), problem("a+rename-0", "Bob owns some pencils", parent="a"),
        problem("t1", "A train leaves at noon for the sea", "test"), problem("t2", f"{text} today", "test"),
    ]  # fmt: skip
    records = [record("a", 0, "x", "contaminated"), record("a+rename-0", 0, "x", "contaminated")]
    assert found(tmp_path, problems, records) == [("held_out", "a", "t2"), ("held_out", "a+rename-0", "t2")]


def test_a_rationale_is_beside_the_first_sample_with_its_words_or_calculations(tmp_path: Path) -> None:
    records = [
        record("a", 0, "So 3 * 4 = 12.", None), record("a", 1, "So 3 * 4 = 12.", "duplicate_rationale"),
        record("a", 2, "Thus 3*4 = 12!", "same_calculations"), record("a", 3, "Now 6 + 6 = 12.", None),
    ]  # fmt: skip
    assert found(tmp_path, [problem("a", "How many?")], records) == [
        ("rationale", "a/cot/1", "a/cot/0"), ("calculations", "a/cot/2", "a/cot/0"),
    ]  # fmt: skip


def test_an_embedded_problem_and_its_children_have_their_template(tmp_path: Path) -> None:
    settings = StoriesSettings(train=2)
    (_, story) = tell("train", 2, 1)
    rows = [
        problem("a", f"{story.problem} "),
        problem("a+redraw-0", "Two and 2.5?", parent="a"),
        problem("b", "?"),
    ]
    rows[0]["solution"] = story.solution
    told = list(features(rows, settings))
    assert [row["template"] for row in told] == [story.template, story.template, None]
    assert told[0]["composition"] == story.composition
    assert told[0]["steps"] == story.solution.count("<<")
    assert (told[1]["steps"], told[1]["numbers"], told[1]["words"]) == (None, 1, 2)
    assert [row["template"] for row in features(rows, None)] == [None] * 3


def test_steps_are_the_calculations_that_a_solution_marks() -> None:
    assert steps("<<48/2=24>>24 and <<b=x-1=3>> 2 * 3 = 6") == (2, "-/")
    assert steps("no marks, 2 * 3 = 6") == (0, "")


def test_tokens_are_words_digits_signs_and_line_ends(tmp_path: Path) -> None:
    rows = [record("a", 0, "Bögen: 12.5 €\n\n  #### 12", None), record("a", 1, "", None)]
    tables.write(
        tmp_path / "records.parquet",
        Records,
        [*rows, {**rows[0], "record_id": "z", "sample": 2, "rationale": None}],
    )
    assert list(lengths(tmp_path / "records.parquet")) == [
        {"record_id": "a/cot/0", "characters": 24, "lines": 2, "tokens": 14},
        {"record_id": "a/cot/1", "characters": 0, "lines": 0, "tokens": 0},
    ]


def test_a_corpus_without_params_or_exemplars_has_what_follows_from_its_tables(built_corpus: Path) -> None:
    assert {path.stem for path in (built_corpus / "derived").iterdir()} == {
        "duplicates", "features", "lengths", "prompts", "samplings",
    }  # fmt: skip

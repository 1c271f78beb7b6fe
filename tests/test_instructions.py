"""Sets of instructions that others made: each reader gives the problem and the completions of a row."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import hub, stages
from tests.test_seed import jsonl, kept
from thoughtmill.factory import seed
from thoughtmill.factory.core import tables
from thoughtmill.factory.problems import SourceSettings, chosen
from thoughtmill.factory.problems.instructions import BOX_PLEASE
from thoughtmill.factory.problems.sources import ColumnSettings, SourceCompletion, UnusableRow
from thoughtmill.schemas import Problems, Sources

TEXT = r"Two and three are $\boxed{5}$."
ROWS: dict[str, dict[str, Any]] = {
    "metamath": {
        "query": "2 + 3?",
        "response": "2 + 3 = 5. The answer is: 5",
        "original_question": "3 + 2?",
    },
    "lorid": {
        "id": 1,
        "type": "Algebra",
        "question": "2 + 3?",
        "rationale": "It is 5.\nThe answer is: 5",
        "knowledge": ["Add."],
    },
    "openmath": {
        "problem": "2 + 3?",
        "generated_solution": TEXT,
        "expected_answer": "5",
        "problem_source": "math",
    },
    "numina": {"source": "amc", "problem": "2 + 3?", "solution": TEXT, "messages": []},
    "openr1": {
        "problem": "2 + 3?",
        "answer": "5",
        "solution": "5",
        "generations": [f"<think>Hm.</think>{TEXT}", TEXT],
    },
    "openthoughts": {
        "domain": "math",
        "problem": f"{BOX_PLEASE} 2 + 3?",
        "ground_truth_solution": TEXT,
        "deepseek_reasoning": "Hm.",
        "deepseek_solution": TEXT,
    },
    "dart": {"query": "2 + 3?", "response": TEXT},
}


def read(name: str, row: dict[str, Any]) -> Any:
    return chosen(SourceSettings(set=name)).read(row)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_a_problem_with_its_gold_answer_and_brings_completions(name: str, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "rows.jsonl", [ROWS[name]])
    ((problem,), refused) = kept(tmp_path, {"set": name, "split": "train", "file": file})
    assert (problem["problem"], problem["answer"], refused) == ("2 + 3?", "5", [])
    assert problem["license"] in ("MIT", "Apache-2.0", "CC-BY-4.0")
    brought = read(name, ROWS[name])["completions"]
    assert {"cot"} <= {each.thought for each in brought} <= {"cot", "long_cot", "knowledge"}
    assert all(isinstance(each, SourceCompletion) and each.completion.strip() for each in brought)


@pytest.mark.parametrize(
    ("name", "changed", "answer", "model"),
    [
        ("openmath", {"question": "2 + 3?"}, "5", "Mixtral-8x7B"),
        ("numina", {"answer": "five"}, "five", None),
        ("dart", {"gt_ans": "6", "resp_src_agent": "other"}, "6", "other"),
    ],
)
def test_other_editions_of_a_set_are_read_too(
    name: str, changed: dict[str, Any], answer: str, model: str | None
) -> None:
    found = read(name, ROWS[name] | changed)
    assert (found["answer"], found["completions"][0].model) == (answer, model)


@pytest.mark.parametrize("name", ["numina", "openr1"])
@pytest.mark.parametrize("word", ["proof", "notfound"])
def test_a_problem_without_an_answer_to_compare_is_refused(name: str, word: str) -> None:
    with pytest.raises(UnusableRow, match=f"the answer is `{word}`"):
        read(name, ROWS[name] | {"answer": word})


def test_every_set_is_read_at_a_commit_of_the_hub_and_keeps_the_licence_of_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of them are streamed, for their first row; `lorid` is read from another name than its own."""
    sources: list[dict[str, Any]] = [{"set": name, "split": "train", "limit": 1} for name in ROWS]
    for entry in sources[::2]:
        del entry["limit"]
    sources[1] |= {"hub": "mill/rules"}
    with hub.Hub() as server:
        for number, entry in enumerate(sources):
            place = entry.get("hub") or chosen(SourceSettings(set=entry["set"])).hub
            card = f"---\nlicense: other\nlicense_name: own-{number}\n---\n"
            server.repositories[place] = repository = hub.StoredRepository()
            repository.commits.append(hub.Commit(f"{number + 1:040x}", "", published(entry["set"], card)))
            repository.commits.append(hub.Commit("f" * 40, "", {"README.md": b""}))
            repository.tags["v1"] = f"{number + 1:040x}"
            entry["revision"] = "v1"
        stages.lay_out(tmp_path, {"seed": {"sources": sources}})
        hub.redirect(monkeypatch, server.host, tmp_path / "home")
        monkeypatch.chdir(tmp_path)
        seed.main()
    places = [(row["revision"], row["license"], row["rows"]) for row in of(tmp_path, "sources", Sources)]
    assert sorted(places) == [(f"{number + 1:040x}", f"own-{number}", 1) for number in range(len(ROWS))]
    problems = of(tmp_path, "problems", Problems)
    assert {(row["problem"], row["answer"]) for row in problems} == {("2 + 3?", "5")}
    assert {row["license"] for row in problems} == {license for _, license, _ in places}


def published(name: str, card: str) -> dict[str, bytes]:
    """Return the files of a data set of one row; the config of `openthoughts` is `metadata`."""
    config = chosen(SourceSettings(set=name)).config
    head = card.replace("---\nl", f"---\nconfigs: [{{config_name: {config}, data_files: rows.jsonl}}]\nl", 1)
    row = json.dumps(ROWS[name]).encode()
    return {"README.md": (card if config is None else head).encode(), "rows.jsonl": row}


def of(folder: Path, name: str, table: Any) -> list[dict[str, Any]]:
    return list(tables.TableReader(folder / "data" / f"{name}.parquet", table))


def test_a_conversation_of_openthoughts_has_no_gold_answer() -> None:
    said = "<|begin_of_thought|>Hm.<|end_of_thought|><|begin_of_solution|>5<|end_of_solution|>"
    turns = [{"from": "user", "value": f"{BOX_PLEASE} 2 + 3?"}, {"from": "assistant", "value": said}]
    found = read("openthoughts", {"system": "", "conversations": turns})
    assert (found["problem"], found["answer"]) == ("2 + 3?", None)
    assert {each.completion for each in found["completions"]} == {said}


def test_what_is_not_mathematics_is_refused() -> None:
    with pytest.raises(UnusableRow, match="its domain is `code`"):
        read("openthoughts", ROWS["openthoughts"] | {"domain": "code"})


def test_rows_of_one_problem_are_its_samples_and_another_gold_answer_is_a_problem(tmp_path: Path) -> None:
    again = {**ROWS["dart"], "response": r"Surely \boxed{5.0}."}
    other = {**ROWS["dart"], "response": r"It is \boxed{6}."}
    file = jsonl(tmp_path / "rows.jsonl", [ROWS["dart"], again, other, again])
    problems, refused = kept(tmp_path, {"set": "dart", "file": file})
    assert [(row["problem_id"], row["answer"]) for row in problems] == [
        ("dart-train-0", "5"),
        ("dart-train-2", "6"),
    ]
    assert refused == []


def test_columns_of_a_table_name_completions_by_their_thought(tmp_path: Path) -> None:
    columns = {
        "problem": "q", "answer": "a", "cot": "say", "pot": "code", "knowledge": "rules",
        "reasoning": "think", "model": "by", "sample": "n",
    }  # fmt: skip
    entry = {"set": "table", "name": "mine", "file": "m.jsonl", "columns": columns}
    row = {
        "q": "2 + 3?", "a": "5", "say": ["5", "It is 5.", ""], "code": "ans = 5", "rules": ["Add.", "Sum."],
        "think": "Hm.", "by": "m", "n": 4,
    }  # fmt: skip
    source = SourceSettings.model_validate(entry)
    found = chosen(source).read(row)
    assert [(each.thought, each.completion, each.sample) for each in found["completions"]] == [
        ("cot", "5", 4),
        ("cot", "It is 5.", 5),
        ("pot", "ans = 5", 4),
        ("knowledge", json.dumps(["Add.", "Sum."]), 4),
    ]
    assert {(each.reasoning, each.model) for each in found["completions"]} == {("Hm.", "m")}
    assert set(found) == {"problem", "answer", "completions"}


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"cott": "say"}, "`cott` is an unknown key.*cot"), ({"cot": 3}, "`cot`: ")],
)
def test_a_column_that_is_no_field_and_no_thought_is_refused(columns: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ColumnSettings.model_validate(columns)

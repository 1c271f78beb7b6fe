"""The examples and the blocks of Python in the pages run, and say what they promise."""

import io
import json
import runpy
import sys
from contextlib import chdir, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.test_documents import blocks

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def small_release(built_corpus: Path) -> Path:
    return built_corpus / "release"


def said(script: str, *words: object) -> str:
    """Return what an example prints."""
    told = io.StringIO()
    with chdir(EXAMPLES.parent), patch.object(sys, "argv", [script, *map(str, words)]), redirect_stdout(told):
        runpy.run_path(str(EXAMPLES / script), run_name="__main__")
    return told.getvalue()


def test_a_release_answers_in_sql(small_release: Path) -> None:
    shown = said("query_release.py", small_release)
    assert "Why is a record not kept?" in shown
    assert "unparsable" in shown
    assert "ans = 3 * 4" in shown


def test_a_gold_answer_that_no_thought_confirms_is_in_doubt(small_release: Path) -> None:
    assert "ours-train-1: the gold answer is 14, but all thoughts agree on 9" in said(
        "agree.py", small_release
    )


def test_completions_get_verdicts() -> None:
    verdicts = [line.split()[0] for line in said("verify_file.py").splitlines()]
    assert verdicts == ["correct", "incorrect", "forbidden", "raised"]


def test_a_file_of_completions_gets_verdicts(tmp_path: Path) -> None:
    row = {
        "problem": "Mo has 3 bags of 4 nuts. How many?",
        "answer": "12",
        "completion": "3 * 4 = 12\n#### 12",
    }
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    assert said("verify_file.py", tmp_path / "rows.jsonl", "cot").startswith("correct")


def test_policies_are_compared_on_the_same_samples() -> None:
    shown = {line.split()[0]: line.split() for line in said("policy_replay.py").splitlines()}
    assert shown["pass@16/ir"][1] == "100.0%"
    assert int(shown["adaptive@16/ir"][3]) < int(shown["majority@16/ir"][3])


def test_a_teacher_of_ones_own_gets_verdicts() -> None:
    shown = said("own_teacher.py")
    assert "p-1/pot/0 ans = 3 * 4 12 True" in shown
    assert "p-2/pot/0 ans = 7 * 2 14 False" in shown


def test_the_notebook_runs_from_top_to_bottom(
    small_release: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASE", str(small_release))
    notebook = json.loads((EXAMPLES / "release.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, object] = {}
    for cell in cells:
        exec(cell, names)
    assert len(cells) == 5
    assert "ans = 3 * 4" in capsys.readouterr().out


def test_every_example_is_in_the_list_and_in_a_test() -> None:
    listed = (EXAMPLES / "README.md").read_text("utf-8")
    tests = Path(__file__).read_text("utf-8")
    names = [path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")]
    assert len(names) == 6
    assert [name for name in names if f"({name})" not in listed or f'"{name}"' not in tests] == []


@pytest.mark.parametrize("page", sorted({name for name, _ in blocks("python")} - {"extend.md"}))
def test_the_python_of_a_page_runs(page: str, small_release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(small_release.parent / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    text = "\n".join(text for name, text in blocks("python") if name == page)
    here = text.replace("hf://datasets/OWNER/NAME", "OWNER/NAME").replace("OWNER/NAME", str(small_release))
    script = small_release.parent / "page.py"
    script.write_text(here, "utf-8")
    said(str(script))

"""The examples run, and say what they promise."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.small_corpus import THOUGHTS
from thoughtmill.factory.release import Settings, release
from thoughtmill.factory.tabulate import tabulate

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def small_release(small_corpus: Path) -> Path:
    """The release of a corpus of three problems."""
    tabulate(small_corpus, THOUGHTS, small_corpus / "corpus.duckdb")
    release(small_corpus, THOUGHTS, Settings(), small_corpus / "release")
    return small_corpus / "release"


def said(script: str, *words: object) -> str:
    """Return what an example prints."""
    run = subprocess.run(
        [sys.executable, EXAMPLES / script, *map(str, words)],
        capture_output=True, text=True, check=False, timeout=120, cwd=EXAMPLES.parent,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_release_answers_in_sql(small_release: Path) -> None:
    shown = said("query_release.py", small_release)
    assert "Why is a record not kept?" in shown
    assert "unparsable" in shown
    assert "ans = 3 * 4" in shown


def test_a_gold_answer_that_no_thought_confirms_is_in_doubt(small_release: Path) -> None:
    assert "ours-train-1: all thoughts say 9, the gold answer is 14" in said("agree.py", small_release)

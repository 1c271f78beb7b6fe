"""Fixtures that several test files share."""

import atexit
import gc
import sys
from pathlib import Path

import pytest

from tests import small_corpus as small_corpus_rows

collect_ignore = ["foreign"]  # a package of its own, which a test installs


@atexit.register
def let_go() -> None:
    """Empty the modules of hypothesis when all is over, which keeps DuckDB quiet.

    Something holds them, and through them test functions that name DuckDB's types, past the end of Python;
    the compiled part of DuckDB then prints pages of what it says has leaked.
    """
    gc.callbacks.clear()  # one of them is of hypothesis
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "hypothesis":
            vars(module).clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real problem sets and teacher outputs beside the repository; absent on most machines."""
    folder = Path(__file__).parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real data sets is not beside this repository")
    return folder


@pytest.fixture
def small_corpus(tmp_path: Path) -> Path:
    """The `data` folder of a corpus of three problems, before `tabulate`."""
    return small_corpus_rows.write(tmp_path / "data")

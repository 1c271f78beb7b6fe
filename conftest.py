"""What the examples in docstrings find around them."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def small_release(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a release of three problems into `data/release` for the example that opens one."""
    if request.node.name == "thoughtmill.api.open_corpus":
        from tests import small_corpus
        from thoughtmill.factory.release import ReleaseSettings, release
        from thoughtmill.factory.tabulate import tabulate

        folder: Path = request.getfixturevalue("tmp_path")
        data = small_corpus.write(folder / "data")
        tabulate(data, small_corpus.THOUGHTS, data / "corpus.duckdb")
        release(data, small_corpus.THOUGHTS, ReleaseSettings(), data / "release")
        monkeypatch.chdir(folder)


@pytest.fixture(autouse=True)
def short_limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a project that gives programs a second, for the example with one that does not end."""
    if request.node.name == "thoughtmill.api.verify":
        folder: Path = request.getfixturevalue("tmp_path")
        (folder / "dvc.yaml").touch()
        (folder / "params.yaml").write_text("verify: {limits: {cpu_s: 1}}\n")
        monkeypatch.chdir(folder)

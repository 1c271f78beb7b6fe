"""Fixtures that several test files share."""

import atexit
import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis  # noqa: F401  before garbage is frozen: it asks who holds the random numbers of trio
import pytest

from tests import small_corpus as small_corpus_rows
from tests.fork_server import forking, spec_of
from thoughtmill.factory.release import ReleaseSettings, release
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.tabulate import tabulate

ROOT = Path(__file__).parents[1]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
"""So that commands which tests run find this checkout, whether it is installed or not."""
os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
"""Tests run side by side, and threads that wait for each other are slow. torch reads these when it loads."""

SLOW = (
    "pipeline", "asking", "ray", "generate_shards", "init", "infer_shards", "attacks", "whole", "local",
    "explorer_page", "infer", "finetune", "engine", "ask", "export_adapter", "corpus", "verify_rows", "grow",
    "exports", "diff", "mathematics_bounds", "foreign", "packaging", "foreign_adapters", "prove", "cookbook",
)  # fmt: skip
"""The slowest test files, the slowest first."""

FORKS = "THOUGHTMILL_FORKS"
"""The variable that names the folder of `forking` to the processes of xdist."""

collect_ignore = ["foreign"]  # a package of its own, which a test installs


gc.disable()  # while modules and tests are collected, which all stay
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Collect garbage from here on, and none of what is there."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest files, so that no process is left alone with one of them at the end."""
    rank = {name: at for at, name in enumerate(SLOW)}
    items.sort(key=lambda item: rank.get(item.path.stem.removeprefix("test_"), len(SLOW)))


def pytest_configure(config: pytest.Config) -> None:
    """Leave the caches of a user alone. Have the processes of xdist forked too, by the same server."""
    if hasattr(config, "workerinput"):
        return
    opened = ExitStack()
    config.add_cleanup(opened.close)
    folder = Path(opened.enter_context(TemporaryDirectory()))
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    if config.getoption("dist", "no") != "no" and config.option.tx:
        forks = opened.enter_context(forking(folder))
        config.option.tx = [spec_of(spec, forks / "python") for spec in config.option.tx]
        os.environ[FORKS] = str(forks)


def pytest_xdist_auto_num_workers() -> int:
    """Run two processes a core, as tests wait for servers and processes half of their time.

    Each may need 3 GiB of memory, with what it starts. More than eight bring little: a file is not divided.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(2 * (os.cpu_count() or 1), memory // (3 << 30), 8))


@atexit.register
def be_silent() -> None:
    """Show nothing that is printed past the end of Python.

    DuckDB's bindings print pages of objects there that they say have leaked; pytest has reported all by then.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@pytest.fixture(scope="session")
def solvers() -> Iterator[Solvers]:
    """Solvers with the default limits; a test file that needs others has its own."""
    with Solvers(Limits(), 5.0) as opened:
        yield opened


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a `python` and a `dvc` that have imported the libraries when they start."""
    if FORKS in os.environ:
        yield Path(os.environ[FORKS])
        return
    with forking(tmp_path_factory.mktemp("forks")) as folder:
        yield folder


@pytest.fixture(scope="session")
def python(forks: Path) -> str:
    """A `python` that starts at once, for tests whose subject is not how one starts."""
    return str(forks / "python")


@pytest.fixture(scope="module")
def forked(forks: Path) -> Iterator[None]:
    """They are first in `PATH`, before those of this environment, for all tests of a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "PATH", os.pathsep.join(map(str, (forks, Path(sys.executable).parent, os.environ["PATH"])))
        )
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real problem sets and teacher outputs beside the repository; absent on most machines."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real data sets is not beside this repository")
    return folder


@pytest.fixture(scope="session")
def small_corpora(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The `data` folder of a corpus of three problems before `tabulate`, and that after `release`."""
    before = small_corpus_rows.write(tmp_path_factory.mktemp("before") / "data")
    after = shutil.copytree(before, tmp_path_factory.mktemp("after") / "data")
    tabulate(after, small_corpus_rows.THOUGHTS, after / "corpus.duckdb")
    release(after, small_corpus_rows.THOUGHTS, ReleaseSettings(), after / "release")
    return before, after


@pytest.fixture
def small_corpus(small_corpora: tuple[Path, Path], tmp_path: Path) -> Path:
    """The `data` folder of a corpus of three problems before `tabulate`, to change as a test likes."""
    return shutil.copytree(small_corpora[0], tmp_path / "data")


@pytest.fixture
def built_corpus(small_corpora: tuple[Path, Path], tmp_path: Path) -> Path:
    """The `data` folder of the same corpus after `release`, to change as a test likes."""
    return shutil.copytree(small_corpora[1], tmp_path / "data")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel, built on the spot from a copy of what git tracks."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists() or (ROOT / name).is_symlink():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name, follow_symlinks=False)
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(built)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, check=True)
    (made,) = built.glob("*.whl")
    return made

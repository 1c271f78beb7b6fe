"""Extras: a package that is not installed is one line that says how to install it."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from thoughtmill.factory.core import extras

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def needed(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["duckdb>=2", 'huggingface-hub>=2; extra == "pipeline"', "torch>=2.9; extra == 'train'"]
    monkeypatch.setattr(metadata, "requires", lambda _: lines)


@pytest.mark.parametrize(
    ("module", "extra"), [("huggingface_hub.errors", "pipeline"), ("torch", "train"), ("torch.nn", "train")]
)
def test_a_missing_package_of_an_extra_is_named_with_its_extra(module: str, extra: str) -> None:
    found = extras.remedy(ModuleNotFoundError(name=module), "thoughtmill push")
    assert found == f"`thoughtmill push` needs `pip install 'thoughtmill[{extra}]'`"


@pytest.mark.parametrize("module", ["duckdb", "torchvision", "thoughtmill.train.gone", None])
def test_any_other_missing_module_is_none_of_our_extras(module: str | None) -> None:
    assert extras.remedy(ModuleNotFoundError(name=module), "thoughtmill push") is None


def without(package: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python where a package cannot be imported and Thoughtmill is installed with its extras."""
    info = folder / "thoughtmill-0.0.dist-info"
    info.mkdir()
    needs = 'Requires-Dist: jinja2>=3; extra == "pipeline"'
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: thoughtmill\nVersion: 0.0\n{needs}\n")
    (folder / "sitecustomize.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    env = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_a_stage_without_its_extra_is_one_line_and_status_2(tmp_path: Path) -> None:
    done = without("jinja2", tmp_path, "-m", "thoughtmill.factory.report")
    line = "error: `python -m thoughtmill.factory.report` needs `pip install 'thoughtmill[pipeline]'`\n"
    assert (done.returncode, done.stderr) == (2, line)


def test_other_programs_keep_their_traceback(tmp_path: Path) -> None:
    done = without("jinja2", tmp_path, "-c", "import thoughtmill.factory.report")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_interrupt_while_packages_are_imported_is_status_130_without_a_traceback(
    tmp_path: Path,
) -> None:
    (tmp_path / "duckdb.py").write_text("raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, "-m", "thoughtmill.factory.seed"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "interrupted\n")

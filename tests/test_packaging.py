"""What is installed: the packages we declare are those we import, and a wheel that owns one name."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from thoughtmill.factory.commands.init import PROFILES

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"thoughtmill", "tests", "bench", "foreign_thoughts"}
OUR_CODE = ("thoughtmill.", "bench.")
OTHERWISE_NAMED = {"yaml": "pyyaml", "triton": "torch", "websocket": "websocket-client"}
"""Modules that are not named like the distribution that brings them; torch for CUDA brings triton."""

WITH_PIPELINE = {
    "estimate",
    "init",
    "ledger",
    "merge",
    "pilot",
    "preview",
    "push",
    "report",
    "status",
    "uploads",
    "verified_samples",
}
"""Commands that need the extra `pipeline`."""

UNIMPORTED = {
    "dvc": "builds the corpus, as a command",
    "dvclive": "finetune.logs imports it when it is chosen",
    "fastapi": "`transformers serve` needs it",
    "uvicorn": "`transformers serve` needs it",
    "mkdocstrings-python": "a plugin of zensical",
    "math-verify": "bench.solvers compares with it",
    "mypy": "a command",
    "ruff": "a command",
    "pytest-xdist": "a plugin of pytest",
    "pandas-stubs": "for mypy",
    "types-pyyaml": "for mypy",
    "types-tabulate": "for mypy",
    "types-tqdm": "for mypy",
    "zensical": "builds the documentation, as a command",
    "setuptools": "the test of the wheel builds it without isolation",
}
"""What is declared although no import names it, and why."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras: str) -> set[str]:
    """Return the distributions that the base installation and some extras bring."""
    lines = [
        *PROJECT["dependencies"],
        *(line for one in extras for line in PROJECT["optional-dependencies"][one]),
    ]
    return {normal(re.split(r"[\[<>=~!; ]", line)[0]) for line in lines}


def distribution(module: str) -> str:
    """Return the distribution that brings a top-level module."""
    return OTHERWISE_NAMED.get(module, normal(module))


def statements(body: list[ast.stmt], lazily: bool) -> Iterator[ast.stmt]:
    """Yield the statements that an import runs, in `if` and `try` too; `lazily` also those of functions."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If) and getattr(statement.test, "id", "") == "TYPE_CHECKING":
            continue
        if lazily or not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in ("body", "orelse", "finalbody"):
                yield from statements(getattr(statement, part, []), lazily)
            for handler in getattr(statement, "handlers", []):
                yield from statements(handler.body, lazily)


@cache
def imports(path: Path, lazily: bool) -> frozenset[str]:
    """Return the dotted names that a module imports."""
    names: set[str] = set()
    for node in statements(ast.parse(path.read_text()).body, lazily):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def foreign(names: Iterable[str]) -> set[str]:
    """Return the distributions of other people among dotted names."""
    tops = {name.split(".")[0] for name in names} - OURS - sys.stdlib_module_names
    return {distribution(top) for top in tops}


def reached(start: list[Path]) -> set[Path]:
    """Return the modules of ours that importing some of them imports, with the packages they lie in."""
    found: set[Path] = set()
    new = set(start)
    while new:
        found |= new
        names = {name for path in new for name in imports(path, lazily=False)}
        ours = (name.removeprefix("thoughtmill.") for name in names if name.startswith(OUR_CODE))
        parts = [name.split(".") for name in ours]
        bases = [ROOT.joinpath(*words[:end]) for words in parts for end in range(1, len(words) + 1)]
        files = {file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py")}
        new = {file for file in files if file.exists()} - found
    return found


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_a_command_of_the_base_installation_imports_nothing_that_an_extra_brings() -> None:
    commands = {path.stem: path for path in (ROOT / "factory" / "commands").glob("*.py")}
    base = [path for name, path in commands.items() if name not in WITH_PIPELINE]
    assert {"prove", "sql", "verify_rows", "__init__"} <= {path.stem for path in base}
    found = {path: foreign(imports(path, lazily=False)) - declared() for path in reached(base)}
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize(
    ("folders", "extras"),
    [
        (["thoughtmill", "factory", "schemas"], ["pipeline", "ray"]),
        (["train"], ["train", "teacher"]),
        (["tests"], ["pipeline", "train", "teacher", "dev"]),
    ],
    ids=" ".join,
)
def test_everything_imported_is_declared(folders: list[str], extras: list[str]) -> None:
    found = {path: foreign(imports(path, lazily=True)) - declared(*extras) for path in modules(*folders)}
    assert not {path: names for path, names in found.items() if names}


def test_everything_declared_is_imported_or_has_its_reason() -> None:
    used = foreign(
        {name for path in modules("factory", "schemas", "train", "tests") for name in imports(path, True)}
    )
    all_of_them = declared(*PROJECT["optional-dependencies"])
    assert all_of_them - used <= UNIMPORTED.keys()
    assert UNIMPORTED.keys() <= all_of_them


def test_every_declared_version_is_a_lower_bound_that_the_tested_one_meets() -> None:
    tested = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    pinned = {normal(name): tuple(map(int, re.findall(r"\d+", version))) for name, version in tested.items()}
    lines = [
        *PROJECT["dependencies"],
        *(line for one in PROJECT["optional-dependencies"].values() for line in one),
    ]
    for line in lines:
        name, least = re.match(r"([\w.-]+)(?:\[\w+\])?(?:>=([\d.]+))?", line).groups()  # type: ignore[union-attr]
        assert normal(name) in pinned
        assert least is None or pinned[normal(name)] >= tuple(map(int, least.split(".")))


def run(*words: str | Path, cwd: Path | None = None) -> str:
    """Run a command that finds nothing of this checkout, which pip would take for an installed package."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_owns_one_name_and_carries_all_that_a_project_is_made_of(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names} == {
        "thoughtmill",
        wheel.name.split("-py3")[0] + ".dist-info",
    }
    tracked = {
        f"thoughtmill/{path.relative_to(ROOT).as_posix()}"
        for folder in ("factory", "schemas", "train")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not {"__pycache__", "bases"} & set(path.parts) and path.suffix != ".lock"
    }
    project = {"params.yaml", "dvc.yaml", "train/dvc.yaml", "data/exemplars.jsonl", *PROFILES}
    wanted = tracked | {f"thoughtmill/project/{name}" for name in project} | {"thoughtmill/py.typed"}
    assert wanted - {"thoughtmill/train/dvc.yaml"} <= names


def stand_in(folder: Path) -> Path:
    """Return a wheel of another package, `factory_boy`, which owns names that our folders have too."""
    made = folder / "factory_boy-3.3-py3-none-any.whl"
    info = "factory_boy-3.3.dist-info"
    files = {
        "factory/__init__.py": "class Factory: ...\n",
        "factory/seed.py": "",
        "schemas/__init__.py": "",
        "train/__init__.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: factory_boy\nVersion: 3.3\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return made


INSTALL = ("install", "--no-index", "--no-deps", "--no-compile")


def test_the_wheel_installs_beside_factory_boy_and_leaves_it_whole(wheel: Path, tmp_path: Path) -> None:
    pytest.importorskip("pip", reason="an environment without pip")
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"

    def pip(*words: str | Path) -> str:
        return run(sys.executable, "-m", "pip", "--python", python, *words, cwd=tmp_path)

    def names() -> dict[str, bytes]:
        (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
        found = (path for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {path.relative_to(site).as_posix(): path.read_bytes() for path in found}

    pip(*INSTALL, stand_in(tmp_path))
    theirs = names()
    pip(*INSTALL, wheel)
    both = names()
    assert {name.split("/")[0] for name in both.keys() - theirs.keys()} >= {"thoughtmill"}
    assert theirs.items() <= both.items()
    said = run(
        python,
        "-I",
        "-c",
        "import factory, thoughtmill as t; print(factory.Factory, t.__version__)",
        cwd=tmp_path,
    )
    assert said == f"<class 'factory.Factory'> {PROJECT['version']}\n"
    pip("uninstall", "--yes", "thoughtmill")
    assert names() == theirs


def test_what_an_installation_from_a_clone_leaves_there_belongs_to_no_pipeline() -> None:
    for file, line in ((".gitignore", "/build/"), (".dvcignore", "/build")):
        assert line in (ROOT / file).read_text().splitlines(), "it holds a copy of dvc.yaml"

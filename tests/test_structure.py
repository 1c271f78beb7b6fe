"""The architecture, tested: names, layers, and that DVC knows everything a stage reads."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.syntax import module, nodes
from thoughtmill.factory.check import SECTIONS
from thoughtmill.factory.core.registry import modules_of

ROOT = Path(__file__).parents[1]
PIPELINES = {"factory": ROOT / "dvc.yaml", "train": ROOT / "train" / "dvc.yaml"}
STAGES = [
    pytest.param(package, name, stage.get("do", stage), id=f"{package}-{name}")
    for package, pipeline in PIPELINES.items()
    if pipeline.exists()
    for name, stage in yaml.safe_load(pipeline.read_text())["stages"].items()
]


CODE = ("factory", "schemas", "train")


def module_of(package: str, name: str) -> Path:
    """Return the file of a stage; the embedded student's stage stands in a folder of its own."""
    return ROOT / package / ("embedded/student.py" if name == "student" else f"{name}.py")


@cache
def named(path: Path) -> frozenset[Path]:
    """Return the project's own files that a module imports by name."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    names.update(registered(path))
    ours = [name.split(".")[1:] for name in names if name.startswith("thoughtmill.")]
    files = (ROOT / f"{'/'.join(name)}{ending}" for name in ours for ending in (".py", "/__init__.py"))
    return frozenset(file for file in files if file.exists() and not is_empty(file))


def registered(path: Path) -> Iterator[str]:
    """Yield the modules that the registries of a module name, which are imported when they are chosen.

    `check` imports every stage, but its output does not depend on any.
    """
    if path == ROOT / "factory" / "check.py":
        return
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"thoughtmill(\.\w+)+(:\w+)?", node.value):
                yield node.value.partition(":")[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "modules_of":
            but_not = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
            yield from modules_of(ast.literal_eval(node.args[0]), **but_not).values()


@cache
def is_empty(path: Path) -> bool:
    """Say whether a module holds nothing but its docstring, so that nobody can depend on it."""
    return len(module(path).body) <= 1


def imported(path: Path) -> set[Path]:
    """Return the project's own files that a module imports, with itself, to the end."""
    found, new = {path}, {path}
    while new:
        new = {file for module in new for file in named(module)} - found
        found |= new
    return found


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def code_deps(package: str, stage: dict[str, list[str]]) -> set[Path]:
    """Return the code that a stage's `deps` list: folders and modules."""
    folder = PIPELINES[package].parent / str(stage.get("wdir", "."))
    deps = {(folder / str(dep)).resolve() for dep in stage["deps"]}
    return {
        dep
        for dep in deps
        if (dep.relative_to(ROOT).parts[0] in CODE and any(dep.rglob("*.py"))) or dep.suffix == ".py"
    }


@pytest.mark.parametrize(("package", "name", "stage"), STAGES)
def test_a_stage_runs_the_module_of_its_name(package: str, name: str, stage: dict[str, object]) -> None:
    path = module_of(package, name)
    assert path.exists()
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    assert str(stage["cmd"]).split()[:3] == ["python", "-m", f"thoughtmill.{module}"]


@pytest.mark.parametrize(("package", "name", "stage"), STAGES)
def test_a_stage_depends_on_all_code_that_its_module_imports_and_on_no_other(
    package: str, name: str, stage: dict[str, list[str]]
) -> None:
    deps, files = code_deps(package, stage), imported(module_of(package, name))
    missing = [file for file in files if not any(file == dep or dep in file.parents for dep in deps)]
    needless = [dep for dep in deps if not any(file == dep or dep in file.parents for file in files)]
    assert not missing
    assert not needless


@pytest.mark.parametrize(("package", "name", "stage"), STAGES)
def test_a_stage_has_a_test_file_and_reads_only_known_sections(
    package: str, name: str, stage: dict[str, list[object]]
) -> None:
    assert (ROOT / "tests" / f"test_{name}.py").exists()
    for entry in stage.get("params", []):
        keys = entry if isinstance(entry, str) else next(iter(entry.values()))  # type: ignore[attr-defined]
        for key in [keys] if isinstance(keys, str) else keys:
            assert str(key).split(".")[0] in SECTIONS


def test_schemas_import_nothing_of_ours() -> None:
    for path in modules("schemas"):
        assert {file.relative_to(ROOT).parts[0] for file in imported(path)} == {"schemas"}


@pytest.mark.parametrize("forbidden", ["torch", "transformers", "peft", "train"])
def test_the_factory_never_imports_what_trains(forbidden: str) -> None:
    pattern = re.compile(rf"^\s*(?:import|from) {forbidden}\b", re.MULTILINE)
    assert not [path for path in modules("factory") if pattern.search(path.read_text())]


@pytest.mark.parametrize("package", ["factory", "schemas", "train"])
def test_files_are_one_idea_and_functions_a_screen(package: str) -> None:
    for path in modules(package):
        text = path.read_text()
        assert text.count("\n") <= 400, path
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, (path, node.name)


@pytest.mark.parametrize("package", ["factory", "schemas", "train"])
def test_every_module_begins_with_a_sentence(package: str) -> None:
    for path in modules(package):
        said = ast.get_docstring(module(path))
        assert said and said.splitlines()[0].rstrip().endswith((".", ":", ",")), path


def test_no_class_name_is_defined_twice() -> None:
    where: dict[str, list[Path]] = {}
    for path in (path for folder in (*CODE, "thoughtmill", "bench", "tests") for path in modules(folder)):
        for node in nodes(path):
            if isinstance(node, ast.ClassDef) and node.name != "Config":  # pandera's own, inside a schema
                where.setdefault(node.name, []).append(path)
    assert not {name: paths for name, paths in where.items() if len(paths) > 1}


@pytest.mark.parametrize("package", CODE)
def test_no_regular_expression_repeats_a_group_possessively(package: str) -> None:
    """Python 3.11.0 to 3.11.4 match `(?:ab|a)*+` wrongly; the equal `(?>(?:ab|a)*)` is right everywhere."""
    possessive = re.compile(r"\)(?:[*+?]|\{\d*,?\d*\})\+")
    for path in modules(package):
        said = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                assert not possessive.search(node.value), (path, node.lineno)

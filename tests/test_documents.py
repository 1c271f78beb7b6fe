"""The documentation agrees with the code: links, commands, settings, tables, tree and rooms."""

import ast
import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests import generated
from tests.syntax import nodes
from thoughtmill.factory.check import faults
from thoughtmill.factory.commands import cli
from thoughtmill.train.claims import table

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])
TEXTS = {path: path.read_text("utf-8") for path in PAGES}
LINK = re.compile(r'\]\(([^)\s]+)\)|<(?:img src|a href)="([^"]+)"')
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ARCHITECTURE = TEXTS[ROOT / "docs" / "architecture.md"]
TOP = ("thoughtmill", "train", "schemas")
"""Rooms that are drawn whole; those of `factory/` are drawn apart."""


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Yield (page, text) for each block of code in a language."""
    for path, text in TEXTS.items():
        yield from ((path.name, found[2]) for found in BLOCK.finditer(text) if found[1] == language)


def shell_lines() -> list[tuple[str, str]]:
    """Return (page, command) for every command that a page tells a reader to type."""
    joined = [(name, text.replace("\\\n", " ")) for name, text in blocks("sh")]
    lines = [(name, line) for name, text in joined for line in text.splitlines()]
    return [
        (name, part.strip()) for name, line in lines for part in re.split(r" && |#", line) if part.strip()
    ]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", outside, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_an_anchor_that_exist(path: Path) -> None:
    for found in LINK.finditer(TEXTS[path]):
        link = found[1] or found[2]
        if re.match(r"https?://|mailto:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(TEXTS[target]), link


@pytest.mark.parametrize("name", generated.pages())
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == generated.pages()[name], "python -m tests.generated"


def test_every_command_is_one_that_exists_with_arguments_that_it_takes() -> None:
    lines = [(page, shlex.split(line)) for page, line in shell_lines() if line.startswith("thoughtmill ")]
    assert len(lines) > 10
    for page, (_, *words) in lines:
        assert words[0] in cli.COMMANDS, page
        cli.parser(words[:1]).parse_args(words)


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {line.split()[1] for _, line in shell_lines() if line.startswith("make ")}
    named |= {found for text in TEXTS.values() for found in re.findall(r"`make (\w+)`", text)}
    assert named <= targets


def test_every_module_that_is_run_exists() -> None:
    named = {
        name
        for text in TEXTS.values()
        for name in re.findall(r"-m ((?:thoughtmill|bench|tests)[\w.]*)", text)
    }
    assert named
    assert [name for name in sorted(named) if importlib.util.find_spec(name) is None] == []


def test_every_stage_that_is_run_exists() -> None:
    stages = {}
    for file in ("dvc.yaml", "train/dvc.yaml"):
        stages[file] = yaml.safe_load((ROOT / file).read_text("utf-8"))["stages"]
    for page, line in shell_lines():
        for file, stage in re.findall(r"((?:train/)?dvc\.yaml):(\w+)", line):
            assert stage in stages[file], (page, line)


@pytest.mark.parametrize(("page", "text"), sorted(set(blocks("yaml"))), ids=lambda text: text[:24])
def test_settings_that_a_page_shows_pass_the_check(page: str, text: str) -> None:
    default = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    if page != "extend.md":  # its names are of another package, which is not installed here
        assert list(faults({**default, **yaml.safe_load(text)})) == []


def test_every_file_of_ours_that_is_named_exists() -> None:
    ours = re.compile(r"`((?:factory|schemas|train(?!/bases)|tests|bench|docs|examples)/[\w./-]*\w)/?`")
    for path, text in TEXTS.items():
        if path.name != "CHANGELOG.md":  # it names what was before
            assert [name for name in ours.findall(text) if not (ROOT / name).exists()] == [], path.name


def test_the_tree_has_every_folder_and_no_other() -> None:
    lines = ARCHITECTURE.split("## The tree")[1].split("```")[1].splitlines()[1:]
    top, told = "", set()
    for line in lines:
        name = line.split()[0].rstrip("/")
        top = top if line.startswith(" ") else name
        told.add(Path(top) / name if line.startswith(" ") else Path(name))
    assert [folder for folder in sorted(told) if not (ROOT / folder).is_dir()] == []
    rooms = {path.parent for top in ("factory", "train") for path in ROOT.glob(f"{top}/*/__init__.py")}
    assert {room.relative_to(ROOT) for room in rooms} <= told


def modules() -> list[Path]:
    """Return every module of the package, once: not through the links of the folder `thoughtmill/`."""
    files = [path for top in ("factory", *TOP) for path in (ROOT / top).rglob("*.py")]
    return [path for path in files if not any(folder.is_symlink() for folder in path.parents)]


def room_of(path: Path) -> str:
    """Return the room of a module as the diagram names it; the command of a room stands with the stages."""
    top, *inner = path.relative_to(ROOT).parts
    if top in ("factory", "train") and len(inner) > 1 and path.name != "__main__.py":
        return inner[0]
    return top if top in TOP else "stages"


def imported(path: Path) -> Iterator[str]:
    """Yield the rooms that a module imports from."""
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            first, _, rest = name.partition(".")
            parts = rest.split(".")
            if first == "thoughtmill" and parts[0] in ("factory", *TOP):
                inside = ROOT.joinpath(*parts[:2])
                yield room_of(inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py"))


def test_a_room_imports_only_from_rooms_below_it() -> None:
    lines = ARCHITECTURE.split("## The rooms")[1].split("```")[1].splitlines()[1:]
    level = {room: number for number, line in enumerate(lines) for room in line.split()}
    arrows = {(room_of(path), room) for path in modules() for room in imported(path)}
    rooms = {room for arrow in arrows for room in arrow} | {room_of(path) for path in modules()}
    assert set(level) == rooms
    assert [
        (one, other) for one, other in sorted(arrows) if one != other and level[one] >= level[other]
    ] == []


def test_every_seam_is_told_with_its_group_of_entry_points() -> None:
    told = re.findall(r"^\| [\w ]+ \| `(thoughtmill\.\w+)` \|", ARCHITECTURE, re.MULTILINE)
    calls = [node for path in modules() for node in nodes(path) if _makes_registry(node)]
    words = [word.value for call in calls for word in ast.walk(call) if _is_text(word)]
    groups = {word for word in words if re.fullmatch(r"thoughtmill\.[a-z_]+", word)}
    assert sorted(told) == sorted(groups)


def _makes_registry(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Registry"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_claims_are_those_of_the_run_that_is_named() -> None:
    page = TEXTS[ROOT / "docs" / "claims.md"]
    shown = json.loads((ROOT / "data" / "students.json").read_text("utf-8"))
    if shown["runs"][0] not in page:
        pytest.skip("these students are not those of the page: adapters differ from machine to machine")
    between = page.split("<!-- students -->")[1].split("<!-- end of students -->")[0]
    assert between.strip() == table(shown["claims"])


def test_the_citation_names_the_version_and_the_three_papers() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert f'version = "{cited["version"]}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    papers = [paper["url"].rsplit("/", 1)[1] for paper in cited["references"]]
    assert papers == ["2508.13037", "2401.11864", "2402.12080"]
    assert all(paper["authors"] and paper["title"] for paper in cited["references"])


def test_no_figure_is_left_to_be_filled_in() -> None:
    for text in TEXTS.values():
        assert not re.findall(r"^[A-Z0-9]{5,}$|TODO|TBD|XXX", text, re.MULTILINE)

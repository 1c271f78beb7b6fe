"""README says what is so: the columns, the tree, the commands and the stages."""

import json
import re
from pathlib import Path

import pytest
import yaml

from thoughtmill.factory.commands.cli import COMMANDS
from thoughtmill.factory.core.corpus import VIEWS
from thoughtmill.factory.pages.card import described
from thoughtmill.schemas import TABLES, Released, Table
from thoughtmill.train.claims import table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_tables_of_the_readme_are_the_schemas() -> None:
    every: tuple[Table, ...] = (*TABLES.values(), Released)
    between = README.split("<!-- tables -->")[1].split("<!-- end of tables -->")[0]
    assert between.strip() == "\n\n".join(described(table) for table in every)


def test_every_folder_of_the_tree_is_there() -> None:
    tree = README.split("## The tree")[1].split("```")[1]
    top = ""
    for line in tree.splitlines()[1:]:
        name = line.split()[0]
        top = top if line.startswith(" ") else name
        assert (ROOT / (top if line.startswith(name) else top + name)).is_dir(), line


def test_every_command_is_there_and_no_other() -> None:
    assert set(re.findall(r"\| `thoughtmill (\w[\w-]*)", README)) == set(COMMANDS)


def test_every_stage_of_the_pipeline_is_told_in_its_order() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)[: len(stages)] == list(stages)


def test_the_claims_are_those_of_the_run_that_is_named() -> None:
    shown = json.loads((ROOT / "data" / "students.json").read_text("utf-8"))
    if shown["runs"][0] not in README:
        pytest.skip("these students are not those of the README: adapters differ from machine to machine")
    between = README.split("<!-- students -->")[1].split("<!-- end of students -->")[0]
    assert between.strip() == table(shown["claims"])


def test_every_view_is_named() -> None:
    for view in re.findall(r'create or replace view "?(\w+)"?', VIEWS.read_text()):
        assert view == "answered" or view in README


def test_the_first_screen_has_a_record_the_two_commands_and_sql() -> None:
    screen = "\n".join(README.splitlines()[:50])
    assert all(part in screen for part in ("make repro", "make test", "thoughtmill sql", "gold answer"))


def test_no_figure_is_left_to_be_filled_in() -> None:
    assert not re.findall(r"^[A-Z0-9]{5,}$", README, re.MULTILINE)

"""Profiles: a choice of base, roles and training takes the place of sections of params.yaml."""

import argparse
import shutil
from pathlib import Path

import pytest

from thoughtmill.factory.check import faults
from thoughtmill.factory.commands.profile import call, put
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.students.settings import section
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.settings import InferSettings

ROOT = Path(__file__).parents[1]
PROFILES = ("smol", "lorid", "etd")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "params", tmp_path / "params")
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_names_the_base_once_for_training_and_answering(project: Path, name: str) -> None:
    assert "base" in call(argparse.Namespace(profile=name))
    assert list(faults(params.load())) == []
    base = params.load()["base"]
    assert base["model"] == "train/bases/smollm2-135m-instruct"
    finetune, infer = section("finetune", FinetuneSettings), section("infer", InferSettings)
    assert finetune.base == infer.base
    assert str(infer.base.adapters) == f"data/adapters/{base['name']}"


def test_profiles_keep_their_students_apart_from_each_other_and_from_the_default() -> None:
    files = [ROOT / "params.yaml", *(ROOT / "params" / f"{name}.yaml" for name in PROFILES)]
    assert len({params.load(path)["base"]["name"] for path in files}) == len(files)


def test_lines_of_other_sections_and_their_comments_stay(project: Path) -> None:
    before = (project / "params.yaml").read_text()
    call(argparse.Namespace(profile="smol"))
    after = (project / "params.yaml").read_text()
    assert after.startswith(before.partition("base:")[0])
    call(argparse.Namespace(profile="smol"))
    assert (project / "params.yaml").read_text() == after


def test_a_profile_that_is_wrong_changes_nothing(project: Path) -> None:
    before = (project / "params.yaml").read_text()
    (project / "mine.yaml").write_text("base: {nam: mine}\nroles: [ir]\n")
    with pytest.raises(ThoughtmillError, match=r"base: `nam` is an unknown key; did you mean `name`\?"):
        put(project / "mine.yaml", project / "params.yaml")
    with pytest.raises(ThoughtmillError, match=r"smoll\.yaml is missing: there are: etd, local, lorid, smol"):
        call(argparse.Namespace(profile="smoll"))
    assert (project / "params.yaml").read_text() == before


@pytest.mark.parametrize("name", ["finetune", "infer"])
def test_a_stage_that_names_a_base_itself_is_told_where_to_name_it(project: Path, name: str) -> None:
    (project / "params.yaml").write_text(f"{name}: {{base: owner/name, revision: abc}}\n")
    model = {"finetune": FinetuneSettings, "infer": InferSettings}[name]
    with pytest.raises(
        ThoughtmillError, match=rf"^params.yaml: {name}.base: name the base of all stages once"
    ):
        section(name, model)
    assert any("name the base of all stages once" in fault for fault in faults(params.load()))

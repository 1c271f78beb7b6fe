"""Stage `present`: the report of the corpus, and on the same page what students answered."""

import json
from pathlib import Path

import pytest

from tests import jugs
from tests import test_students as students
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.report import ReportSettings, report
from thoughtmill.train.present import present


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = jugs.build(tmp_path)
    (data / "students.json").write_text(json.dumps(students.shown()))
    return data


def test_students_stand_after_the_sections_of_the_corpus(data: Path) -> None:
    report(data, jugs.THOUGHTS, ReportSettings())
    present(data, jugs.THOUGHTS, ReportSettings())
    corpus, both = ((data / name / "index.html").read_text() for name in ("report", "students"))
    assert ">Students</h2>" not in corpus
    assert 'href="explore.html#' in corpus
    assert 'href="../report/explore.html#' in both
    assert 'href="explore.html' not in both
    assert both.index(">Samples</h2>") < both.index(">Students</h2>")


@pytest.mark.parametrize("held", ['{"claims": ', '{"policies": []}', "[1]", "older"])
def test_students_json_of_another_form_is_one_line(data: Path, held: str) -> None:
    older = students.shown()
    del older["claims"][0]["accuracy"]
    (data / "students.json").write_text(json.dumps(older) if held == "older" else held)
    with pytest.raises(ThoughtmillError, match=r"students\.json is torn or of an older form"):
        present(data, jugs.THOUGHTS, ReportSettings())


def test_without_students_the_command_that_trains_them_is_named(data: Path) -> None:
    (data / "students.json").unlink()
    with pytest.raises(ThoughtmillError, match=r"students\.json is missing: run `dvc repro` in train/"):
        present(data, jugs.THOUGHTS, ReportSettings())

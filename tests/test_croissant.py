"""The Croissant description of a release is valid, loads every row, and leads from any row to its origin."""

import json
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow.parquet as pq
import pytest

from thoughtmill.factory.core.files import digest

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated")  # what mlcroissant calls in rdflib and pandas


@pytest.fixture
def made(built_corpus: Path) -> Path:
    return built_corpus / "release"


@pytest.fixture
def described(made: Path) -> dict[str, Any]:
    return dict(json.loads((made / "croissant.json").read_text()))


@pytest.fixture
def dataset(made: Path) -> mlcroissant.Dataset:
    return mlcroissant.Dataset(jsonld=str(made / "croissant.json"))


def test_it_is_valid_and_lacks_a_date_alone(dataset: mlcroissant.Dataset, described: dict[str, Any]) -> None:
    assert described["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert not dataset.metadata.issues.errors
    (warning,) = dataset.metadata.issues.warnings  # two builds give the same bytes, so there is no date
    assert "datePublished" in warning


def test_every_row_of_every_config_loads(
    made: Path, dataset: mlcroissant.Dataset, described: dict[str, Any]
) -> None:
    files = {part["@id"]: part.get("includes") for part in described["distribution"]}
    every = {path.relative_to(made).as_posix() for path in made.rglob("*.parquet")}
    assert every == {path for paths in files.values() for path in paths or ()}
    for records in dataset.metadata.record_sets:
        rows = sum(pq.read_metadata(made / path).num_rows for path in files[f"{records.id}-files"])
        assert len(list(dataset.records(records.id))) == rows, records.id


def test_each_file_has_its_size_and_digest(made: Path, described: dict[str, Any]) -> None:
    files = {part["@id"]: part for part in described["distribution"] if part["@type"] == "cr:FileObject"}
    there = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert set(files) == there - {"croissant.json", "manifest.json"}
    for name, file in files.items():
        assert file["sha256"] == digest(made / name)
        assert file["contentSize"] == f"{(made / name).stat().st_size} B"


def test_a_row_leads_to_its_problem_prompt_request_model_and_solver(described: dict[str, Any]) -> None:
    origins = {
        field["@id"]: field["equivalentProperty"]
        for records in described["recordSet"]
        for field in records["field"]
        if "equivalentProperty" in field
    }
    assert origins["pot/record_id"] == origins["records/completion_id"] == "prov:wasDerivedFrom"
    assert origins["completions/problem_id"] == origins["problems/parent_id"] == "prov:wasDerivedFrom"
    assert origins["completions/request_key"] == "prov:wasGeneratedBy"
    assert origins["completions/prompt_sha"] == "prov:used"
    assert origins["completions/model"] == "prov:wasAttributedTo"
    assert "records/record_id" not in origins
    made_by = described["prov:wasGeneratedBy"]
    assert made_by["prov:wasAssociatedWith"]["name"] == "Thoughtmill"
    assert {"@id": "origin/thoughtmill.json"} in made_by["prov:used"]

"""Stage `release`: a folder that loads as the Hub would load it, and that proves itself."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import Features, load_dataset
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard

from tests.small_corpus import THOUGHTS
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.corpus import manifest
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, write_json
from thoughtmill.factory.core.slices import Slice, opened
from thoughtmill.factory.core.tables import TableReader, write
from thoughtmill.factory.exports import EXPORTS, configs
from thoughtmill.factory.release import ReleaseSettings, main, release
from thoughtmill.factory.tabulate import tabulate
from thoughtmill.schemas import TABLES, Released, columns
from thoughtmill.schemas.fields import DROP_REASONS, FAILURES


@pytest.fixture
def made(built_corpus: Path) -> Path:
    return built_corpus / "release"


def loaded(folder: Path, config: str, split: str, cache: Path) -> list[dict[str, object]]:
    return list(load_dataset(str(folder), config, split=split, cache_dir=str(cache)))


def test_a_thought_loads_with_its_kept_records_as_train(made: Path, tmp_path: Path) -> None:
    (row,) = loaded(made, "cot", "train", tmp_path / "cache")
    assert row == {
        "record_id": "ours-train-0/cot/0",
        "problem_id": "ours-train-0",
        "sample": 0,
        "source": "ours",
        "split": "train",
        "problem": "Mo has 3 bags of 4 <b>nuts</b>. How many nuts?",
        "answer": "12",
        "answer_kind": "number",
        "rationale": "3 * 4 = 12\n#### 12",
        "reasoning": None,
        "predicted_answer": "12",
        "predicted_kind": "number",
        "verified_by": "gold",
        "agreed": True,
        "pure": None,
        "license": "MIT",
    }


def test_a_release_loads_without_a_config_as_conversations(made: Path, tmp_path: Path) -> None:
    found = load_dataset(str(made), split="train", cache_dir=str(tmp_path / "cache"))
    assert [row["record_id"] for row in found] == ["ours-train-0/cot/0", "ours-train-0/pot/0"]


def test_a_rebuilt_release_loads_with_its_new_rows(made: Path, built_corpus: Path, tmp_path: Path) -> None:
    """Also when the counts stay as they were: the cache of `load_dataset` looks at no file of a folder."""
    cache = tmp_path / "cache"
    assert loaded(made, "cot", "train", cache)[0]["rationale"] == "3 * 4 = 12\n#### 12"
    path = built_corpus / "records.parquet"
    rows = [{**row} for row in tables.TableReader(path, TABLES["records"])]
    rows[[row["record_id"] for row in rows].index("ours-train-0/cot/0")]["rationale"] = "4 * 3 = 12\n#### 12"
    tables.write(path, TABLES["records"], rows)
    tabulate(built_corpus, THOUGHTS, built_corpus / "corpus.duckdb")
    release(built_corpus, THOUGHTS, ReleaseSettings(), made)
    assert loaded(made, "cot", "train", cache)[0]["rationale"] == "4 * 3 = 12\n#### 12"


def test_problems_of_a_licence_can_be_left_out_of_every_table(built_corpus: Path) -> None:
    path = built_corpus / "problems.parquet"
    rows = [
        {**row, "license": "CC-BY-NC-4.0" if row["problem_id"] == "ours-train-0" else "MIT"}
        for row in tables.TableReader(path, TABLES["problems"])
    ]
    tables.write(path, TABLES["problems"], rows)
    tabulate(built_corpus, THOUGHTS, built_corpus / "corpus.duckdb")
    release(built_corpus, THOUGHTS, ReleaseSettings(), built_corpus / "all")
    settings = ReleaseSettings(leave_out=("CC-BY-NC-4.0",))
    release(built_corpus, THOUGHTS, settings, built_corpus / "free")

    def heading(name: str) -> Any:
        return yaml.safe_load((built_corpus / name / "README.md").read_text().split("---")[1])

    assert (heading("all")["license"], heading("free")["license"]) == (["cc-by-nc-4.0", "mit"], ["mit"])
    for found in (built_corpus / "free").rglob("*.parquet"):
        assert "ours-train-0" not in str(pq.read_table(found).to_pylist()), found
    versions = [json.loads((built_corpus / name / "manifest.json").read_text()) for name in ("all", "free")]
    assert versions[0]["data_version"] != versions[1]["data_version"]


def test_configs_hold_the_records_that_meet_a_condition_and_tables_hold_all(built_corpus: Path) -> None:
    easy = "problem_id in (select problem_id from difficulty where right_share = 1)"
    checked = "record_id in (select record_id from checks where passed and \"check\" = 'agreement')"
    settings = ReleaseSettings(where=f"thought = 'pot' and {easy} and {checked}")
    release(built_corpus, THOUGHTS, settings, built_corpus / "few")
    kept = pq.read_table(built_corpus / "few" / "sft" / "train.parquet")["record_id"].to_pylist()
    assert kept == ["ours-train-0/pot/0"]
    assert not list((built_corpus / "few" / "cot").glob("*.parquet"))
    assert len(pq.read_table(built_corpus / "few" / "tables" / "records.parquet")) == 6


@pytest.mark.parametrize("where", ["kep", "kept and exists(from read_text('dvc.yaml'))"])
def test_a_condition_that_is_no_sql_or_reads_another_file_is_refused(where: str, built_corpus: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"^params\.yaml: release\.where: kep"):
        release(built_corpus, THOUGHTS, ReleaseSettings(where=where), built_corpus / "few")


def test_the_origin_names_no_path_no_endpoint_and_no_key(built_corpus: Path) -> None:
    (built_corpus.parent / "params.yaml").write_text(
        "thoughts: [cot, pot]\n"
        "seed: {sources: [{set: table, name: mine, file: /home/me/mine.csv}]}\n"
        "generate:\n  teacher: openai\n"
        "  openai: {model: m, base_url: 'http://10.0.0.7/v1', api_key_env: MY}\n"
        "infer: {limit: 3}\n"
    )
    release(built_corpus, THOUGHTS, ReleaseSettings(), built_corpus / "made")
    origin = yaml.safe_load((built_corpus / "made" / "origin" / "params.yaml").read_text())
    assert origin == {
        "thoughts": ["cot", "pot"],
        "seed": {"sources": [{"set": "table", "name": "mine", "file": "mine.csv"}]},
        "generate": {"teacher": "openai", "openai": {"model": "m"}},
    }


def test_good_records_of_test_problems_are_in_test_and_bad_ones_are_not(made: Path, tmp_path: Path) -> None:
    (row,) = loaded(made, "cot", "test", tmp_path / "cache")
    assert row["record_id"] == "ours-test-0/cot/0"
    assert not (made / "pot" / "test.parquet").exists()


def test_every_table_loads_whole_with_the_rejected(made: Path, tmp_path: Path) -> None:
    assert len(loaded(made, "records", "full", tmp_path / "cache")) == 6
    assert len(loaded(made, "completions", "full", tmp_path / "cache")) == 6
    assert len(loaded(made, "problems", "full", tmp_path / "cache")) == 3


def test_the_manifest_proves_every_file(made: Path) -> None:
    shown = json.loads((made / "manifest.json").read_text())
    files = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert set(shown["release"]) == files - {"manifest.json"}
    assert all(digest(made / name) == sha for name, sha in shown["release"].items())
    assert shown["data_version"] == json.loads((made.parent / "manifest.json").read_text())["data_version"]


def test_two_releases_of_one_corpus_are_the_same_bytes(made: Path, built_corpus: Path) -> None:
    release(built_corpus, THOUGHTS, ReleaseSettings(), built_corpus / "again")
    for path in made.rglob("*"):
        if path.is_file():
            assert (built_corpus / "again" / path.relative_to(made)).read_bytes() == path.read_bytes()


def test_a_release_that_is_written_slice_by_slice_is_the_same_bytes(
    made: Path, built_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Slice] = []
    monkeypatch.setattr(configs, "ROWS", 1)
    monkeypatch.setattr(configs, "opened", lambda read, part: taken.append(part) or opened(read, part))
    release(built_corpus, THOUGHTS, ReleaseSettings(), built_corpus / "again")
    assert len(taken) > 1
    for path in made.rglob("*.parquet"):
        assert (built_corpus / "again" / path.relative_to(made)).read_bytes() == path.read_bytes()


def test_an_export_that_looks_at_several_problems_gets_the_whole_corpus(
    built_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = SimpleNamespace(FORMS={"rows": "select count(*) as problems from problems having count(*) > 0"})
    monkeypatch.setattr(configs, "ROWS", 1)
    monkeypatch.setitem(EXPORTS.loaded, "rl", counted)
    release(built_corpus, THOUGHTS, ReleaseSettings(exports=("rl",)), built_corpus / "again")
    (row,) = pq.read_table(built_corpus / "again" / "rl" / "train.parquet").to_pylist()
    assert row["problems"] == len(TableReader(built_corpus / "problems.parquet", TABLES["problems"])) > 1


def test_the_card_names_every_column_failure_and_drop_reason(made: Path) -> None:
    text = (made / "README.md").read_text()
    for table in (Released, *TABLES.values()):
        assert all(f"`{column.name}`" in text and column.description in text for column in columns(table))
    assert all(f"`{name}`: {meaning}" in text for name, meaning in (FAILURES | DROP_REASONS).items())
    assert "<!--" not in text


def test_the_heading_of_the_card_lists_a_config_per_thought_and_table(made: Path) -> None:
    heading = yaml.safe_load((made / "README.md").read_text().split("---")[1])
    held = [name for name in TABLES if name not in ("growths", "contamination", "sources")]  # nothing to show
    beside = ["prompts", "features", "lengths"]
    assert [config["config_name"] for config in heading["configs"]] == [
        "sft",
        "rl",
        *THOUGHTS,
        *held,
        *beside,
    ]
    assert heading["size_categories"] == ["n<1K"]
    assert heading["license"] == ["mit"]
    assert "arxiv:2508.13037" in heading["tags"]
    sizes = {info["config_name"]: info["splits"] for info in heading["dataset_info"]}
    assert [(split["name"], split["num_examples"]) for split in sizes["cot"]] == [("train", 1), ("test", 1)]


def test_the_card_describes_columns_as_the_libraries_of_the_hub_do(made: Path) -> None:
    card = DatasetCard.load(made / "README.md")
    infos = DatasetInfosDict.from_dataset_card_data(card.data)
    for path in made.rglob("*.parquet"):
        config = path.parent.name if path.parent.name not in {"tables", "derived"} else path.stem
        assert infos[config].features == Features.from_arrow_schema(pq.read_schema(path)), path
    assert card.data.license == ["mit"]


def test_a_release_that_fails_keeps_the_old_one(made: Path, built_corpus: Path) -> None:
    before = sorted(made.rglob("*"))
    (built_corpus / "problems.parquet").write_bytes(b"")
    with pytest.raises(Exception, match=r"problems\.parquet|Parquet"):
        release(built_corpus, THOUGHTS, ReleaseSettings(), made)
    assert sorted(made.rglob("*")) == before
    assert not list(built_corpus.glob(".*.part"))


def test_an_empty_release_says_so_and_shows_no_config_that_is_not_there(
    small_corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records = small_corpus / "records.parquet"
    rows = [
        {**row, "kept": False, "drop_reason": "incorrect"} for row in TableReader(records, TABLES["records"])
    ]
    write(records, TABLES["records"], rows)
    write_json(small_corpus / "manifest.json", manifest(small_corpus, THOUGHTS))
    project = small_corpus.parent
    assert small_corpus.name == "data"
    (project / "dvc.yaml").write_text("stages: {}")
    (project / "params.yaml").write_text(f"thoughts: [{', '.join(THOUGHTS)}]")
    monkeypatch.chdir(project)
    main()
    text = (small_corpus / "release" / "README.md").read_text()
    for thought in THOUGHTS:
        assert f'"{thought}"' not in text
    assert "there is no config of a thought" in text
    assert 'load_dataset("<this data set>", "records", split="full")' in text
    assert capsys.readouterr().err.splitlines()[-1].startswith("the release holds no record to learn from")


def test_the_example_of_the_card_loads_a_config_that_is_there(made: Path) -> None:
    assert 'cot = load_dataset("<this data set>", "cot", split="train")' in (made / "README.md").read_text()


def test_the_card_cites_thoughtmill_as_its_own_citation_does(made: Path) -> None:
    cited = yaml.safe_load((Path(__file__).parents[1] / "CITATION.cff").read_text("utf-8"))
    text = (made / "README.md").read_text("utf-8")
    authors = " and ".join(author["name"] for author in cited["authors"])
    for name, value in {"author": authors, "title": cited["title"], "version": cited["version"]}.items():
        assert f"  {name} = {{{value}}}" in text
    assert all(reference["url"] in text for reference in cited["references"])

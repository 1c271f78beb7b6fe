"""A release proves itself, and what was changed in it does not pass."""

import argparse
import json
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import huggingface_hub
import pyarrow
import pyarrow.parquet as pq
import pytest

from tests import small_corpus
from tests.commands import run
from tests.hub import redirect
from thoughtmill.factory import curate, grow, release, tabulate, verify
from thoughtmill.factory.commands import prove as proving
from thoughtmill.factory.commands import uploads
from thoughtmill.factory.commands.prove import private, prove
from thoughtmill.factory.commands.push import push
from thoughtmill.factory.commands.uploads import Repository
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import TABLES

ONE = VerifySettings(workers=1)
PARAMS = """
thoughts: [cot, pot]
generate:
  teachers: {replay: {teacher: openai, model: m, base_url: "http://10.0.0.7/v1"}}
  sampling: {cot: {temperature: 0.5}}
verify: {workers: 1}
release: {exports: [sft, rl]}
"""
PROBLEMS = [
    ("ours-train-0", "train", "Mo has 3 bags of 4 nuts. How many nuts?", "12"),
    ("ours-train-1", "train", "Ida cuts 7 pies into 2 parts each. How many parts?", "14"),
    ("ours-test-0", "test", "A pen costs $2. What do 9 pens cost?", "18"),
    ("ours-train-2", "train", "Five boys have 2 caps each. How many caps?", "10"),
]
COMPLETIONS = {
    "cot": ["3 * 4 = 12\n#### 12", "7 + 2 = 9\n#### 9", "2 * 9 = 18\n#### 18", "2 * 5 = 10\n#### 10"],
    "pot": ["ans = 3 * 4", "ans = 7 + 2", "I would rather not.", "ans = 2 * 5"],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release that the stages made of four problems."""
    project = tmp_path_factory.mktemp("project")
    data = project / "data"
    said = [
        (problem[0], thought, text, *[None] * 6)
        for thought, texts in COMPLETIONS.items()
        for problem, text in zip(PROBLEMS, texts, strict=True)
    ]
    small_corpus.write_completions(data, PROBLEMS, said)
    tables.write(data / "refused.parquet", TABLES["refused"], ())
    (project / "params.yaml").write_text(PARAMS)
    (project / "dvc.yaml").touch()
    (data / "exemplars.jsonl").touch()
    with chdir(project):
        for thought in COMPLETIONS:
            verify.main(thought)
        for stage in (grow, curate, tabulate, release):
            stage.main()
    return data / "release"


@pytest.fixture
def made(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "release")


def forge(made: Path) -> None:
    """Let the manifest of a release prove its files as they are now; its data version covers its tables."""
    manifest = json.loads((made / "manifest.json").read_text())
    for name in manifest["release"]:
        manifest["release"][name] = digest(made / name)
    for name, file in manifest["files"].items():
        file["sha256"] = digest(made / "tables" / name)
        file["rows"] = pq.read_metadata(made / "tables" / name).num_rows
    manifest["data_version"] = corpus.version(manifest["files"])
    (made / "manifest.json").write_text(json.dumps(manifest))


def rewrite(path: Path, change: Callable[[list[tables.Row]], list[tables.Row]]) -> None:
    """Change the rows of a Parquet file."""
    table = pq.read_table(path)
    pq.write_table(pyarrow.Table.from_pylist(change(table.to_pylist()), schema=table.schema), path)


def test_a_release_as_it_was_made_is_proved_and_what_the_hub_adds_is_no_fault(made: Path) -> None:
    (made / ".gitattributes").touch()
    said = prove(made, ONE)
    assert "files are what they claim, and 8 records were derived again" in said
    assert json.loads((made / "manifest.json").read_text())["data_version"] in said


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("README.md", lambda path: path.write_text("other"), "README.md has changed"),
        ("cot/train.parquet", lambda path: path.unlink(), "cot/train.parquet is missing"),
        ("pot/extra.parquet", lambda path: path.write_bytes(b""), "pot/extra.parquet is not in the manifest"),
        ("cot/train.parquet", lambda path: path.rename(path.with_stem("more")), "cot/more.parquet is not in"),
        (
            "tables/checks.parquet",
            lambda path: path.write_bytes(path.read_bytes()[:-9] + b"x" * 9),
            "changed",
        ),
    ],
)
def test_a_file_that_is_not_what_it_was_is_named(made: Path, name: str, change: Any, said: str) -> None:
    change(made / name)
    with pytest.raises(ThoughtmillError, match=said):
        prove(made, ONE)


def first(**values: Any) -> Callable[[list[tables.Row]], list[tables.Row]]:
    """Return a change of the first row."""
    return lambda rows: [{**rows[0], **values}, *rows[1:]]


FORGERIES = [  # those of a list are in different files, and each must be named
    [
        (
            "pot/train.parquet",
            first(rationale="ans = 12"),
            "ours-train-0/pot/0: rationale is 'ans = 12', and",
        ),
        ("cot/train.parquet", lambda rows: rows[:-1], "cot/train.parquet: ours-train-2/cot/0 is missing"),
        ("sft/train.parquet", lambda rows: rows[::-1], "sft/train.parquet: ours-train-2/pot/0: messages is"),
        ("rl/test.parquet", first(solution="19"), "rl/test.parquet: ours-test-0: solution is '19'"),
    ],
    [
        ("pot/train.parquet", first(answer="13"), "ours-train-0/pot/0: answer is '13', and derived '12'"),
        ("cot/train.parquet", lambda rows: [*rows, rows[0]], "ours-train-0/cot/0 is not derived"),
        ("tables/records.parquet", first(correct=False), "records: ours-test-0/cot/0: correct is False, and"),
        ("tables/checks.parquet", first(passed=False), "checks: ours-test-0/cot/0/agreement: passed is"),
    ],
    [
        ("tables/records.parquet", first(kept=True), "records: ours-test-0/cot/0: kept is True, and derived"),
        ("tables/checks.parquet", lambda rows: rows[1:], "checks: ours-test-0/cot/0/agreement is missing"),
        (
            "tables/derived/samplings.parquet",
            first(parameters='{"model": "m", "temperature": 0.2}'),
            "samplings: cot/replay/0: parameters is",
        ),
    ],
    [
        ("tables/records.parquet", lambda rows: rows[1:], "records: ours-test-0/cot/0 is missing"),
        (
            "tables/derived/samplings.parquet",
            lambda rows: rows[1:],
            "samplings: cot/replay/0 is missing",
        ),
    ],
]


@pytest.mark.parametrize("forged", FORGERIES)
def test_forgeries_under_a_fitting_manifest_are_named(
    made: Path, forged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thoughtmill.factory.commands.prove.SHOWN", 1000)
    for name, change, _ in forged:
        rewrite(made / name, change)
    forge(made)
    with pytest.raises(ThoughtmillError) as caught:
        prove(made, ONE)
    assert [said for _, _, said in forged if said not in str(caught.value)] == []


def test_what_an_endpoint_was_sent_beside_is_no_fault(made: Path) -> None:
    path = made / "tables" / "derived" / "samplings.parquet"
    held = json.loads(pq.read_table(path).to_pylist()[0]["parameters"])
    rewrite(path, first(parameters=json.dumps(held | {"enable_thinking": False})))
    forge(made)
    with pytest.raises(
        ThoughtmillError, match=r"README\.md is not"
    ) as error:  # it holds the size of the table
        prove(made, ONE)
    assert "samplings" not in str(error.value)


def test_a_test_problem_moved_to_train_is_another_data_version(made: Path) -> None:
    """Problems and completions cannot be derived: the data version names them."""
    version = json.loads((made / "manifest.json").read_text())["data_version"]
    assert prove(made, ONE, version[:8])
    rewrite(made / "tables" / "problems.parquet", first(split="train"))
    forge(made)
    with pytest.raises(ThoughtmillError, match=f"not {version[:8]}"):
        prove(made, ONE, version[:8])


@pytest.mark.parametrize(
    ("name", "old"), [("README.md", "A Thoughtmill corpus"), ("croissant.json", "Mathematics problems")]
)
def test_an_advertisement_in_a_description_is_named(made: Path, name: str, old: str) -> None:
    text = (made / name).read_text()
    assert old in text
    (made / name).write_text(text.replace(old, "Buy more", 1))
    forge(made)
    with pytest.raises(ThoughtmillError, match=f"{name} is not that of these tables"):
        prove(made, ONE)


@pytest.mark.parametrize("held", ["sk-" + "a1" * 12, "/home/ida/corpus", "http://10.1.2.3:8000/v1"])
def test_what_belongs_to_a_person_or_a_machine_is_named(made: Path, held: str) -> None:
    path = made / "origin" / "exemplars.jsonl"
    path.write_text(json.dumps({"thought": "cot", "problem": "x", "completion": held}) + "\n")
    forge(made)
    with pytest.raises(ThoughtmillError, match="belongs to a person or a machine"):
        prove(made, ONE)


def test_a_host_in_the_fault_of_an_endpoint_is_named(made: Path) -> None:
    fault = {"failure": "unanswered", "detail": "Cannot connect to host 10.0.0.7:8000"}
    rewrite(made / "tables" / "completions" / "cot.parquet", first(**fault))
    assert list(private(made)) == [
        "tables/completions/cot.parquet holds `10.0.0.7:800...`, which belongs to a person or a machine"
    ]


def test_another_data_version_over_the_same_tables_is_named(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**manifest, "data_version": "0" * 64}))
    with pytest.raises(ThoughtmillError, match="the data version is not that of the tables"):
        prove(made, ONE)


def test_a_release_on_the_hub_is_proved_at_its_revision(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def snapshot(repository: str, **words: Any) -> str:
        asked.append((repository, words["revision"]))
        return str(made)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    words = argparse.Namespace(release="me/corpus@v1.2", version=None)
    assert "derived again" in proving.call(words)
    assert asked == [("me/corpus", "v1.2")]


def test_a_push_without_a_network_is_one_line(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redirect(monkeypatch, "http://127.0.0.1:9", made.parent)
    monkeypatch.setattr(uploads, "WAITS_S", (0.01, 0.01))
    done = run(made.parent, "push", "me/corpus", "--folder", str(made), HF_TOKEN="token")
    assert done.returncode == 2
    assert done.stderr.startswith("error: the Hub did not take me/corpus: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("held", ["{", "[]", '{"data_version": "0"}'])
def test_a_torn_manifest_is_named(made: Path, held: str) -> None:
    (made / "manifest.json").write_text(held)
    for command in (lambda: prove(made, ONE), lambda: push(made, Repository("me/corpus", "dataset"))):
        with pytest.raises(ThoughtmillError, match=r"manifest\.json .* give the folder of a release"):
            command()

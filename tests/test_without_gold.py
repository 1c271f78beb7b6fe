"""Problems without a gold answer: marked in every table, in the release, and derived again by `prove`."""

import shutil
from contextlib import chdir
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests import small_corpus
from thoughtmill.factory import curate, grow, release, report, tabulate, verify
from thoughtmill.factory.answers.without_gold import agreed, candidates
from thoughtmill.factory.commands.prove import prove
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, write_json
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import TABLES

PARAMS = """
thoughts: [cot, pot]
verify: {workers: 1}
curate: {without_gold: {agree: 2}}
release: {exports: [sft, kto]}
"""
PROBLEMS = [
    ("ours-train-0", "train", "Mo has 3 bags of 4 nuts. How many nuts?", None),
    ("ours-train-1", "train", "Ida cuts 7 pies into 2 parts each. How many parts?", None),
    ("ours-train-2", "train", "A pen costs $2. What do 9 pens cost?", "18"),
]
COMPLETIONS = {
    "cot": ["3 * 4 = 12\n#### 12", "7 + 2 = 9\n#### 9", "2 * 9 = 18\n#### 18"],
    "pot": ["ans = 3 * 4", "ans = 7 * 2", "ans = 2 * 9"],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of three problems, two of them without a gold answer, built to the report."""
    project = tmp_path_factory.mktemp("project")
    said = [
        (problem[0], thought, text, *[None] * 6)
        for thought, texts in COMPLETIONS.items()
        for problem, text in zip(PROBLEMS, texts, strict=True)
    ]
    small_corpus.write_completions(project / "data", PROBLEMS, said)  # type: ignore[arg-type]
    tables.write(project / "data" / "refused.parquet", TABLES["refused"], ())
    (project / "params.yaml").write_text(PARAMS)
    (project / "dvc.yaml").touch()
    (project / "data" / "exemplars.jsonl").touch()
    with chdir(project):
        for thought in COMPLETIONS:
            verify.main(thought)
        for stage in (grow, curate, tabulate, release, report):
            stage.main()
    return project / "data"


def test_the_records_kept_by_agreement_are_marked_in_tables_and_views(data: Path) -> None:
    con = corpus.opened(data, ("cot", "pot"))
    outcomes = "select record_id, outcome, verified, kept from verdicts join records using (record_id)"
    assert con.execute(f"{outcomes} where thought = 'pot' order by all").fetchall() == [
        ("ours-train-0/pot/0", "agreed", False, True),
        ("ours-train-1/pot/0", "unverified", False, False),
        ("ours-train-2/pot/0", "correct", True, True),
    ]
    marks = "select passed, detail from checks where \"check\" = 'without_gold' order by record_id"
    assert con.execute(marks).fetchall() == [
        *[(True, "2 of 2 votes: cot, pot")] * 2, (False, "1 of 2 votes: cot"), (False, "1 of 2 votes: pot"),
    ]  # fmt: skip
    con.close()


def test_the_configs_of_the_release_say_by_what_a_record_was_verified(data: Path) -> None:
    for config in ("cot", "pot", "sft"):
        rows = pq.read_table(data / "release" / config / "train.parquet").to_pylist()
        found = {row["record_id"].partition("/")[0]: row["verified_by"] for row in rows}
        assert found == {"ours-train-0": "agreement", "ours-train-2": "gold"}
    kto = pq.read_table(data / "release" / "kto" / "train.parquet").to_pylist()
    assert {row["record_id"]: row["label"] for row in kto}["ours-train-0/cot/0"] is True


def test_card_and_report_tell_records_that_agree_from_verified_records(data: Path) -> None:
    card = (data / "release" / "README.md").read_text("utf-8")
    assert "2 records of 1 problems without a gold answer are kept" in card
    assert "4 records" not in card
    assert "there is no gold answer, and other thoughts" in (data / "report" / "index.html").read_text(
        "utf-8"
    )


def test_a_corpus_whose_answers_are_all_known_has_no_such_sentence(built_corpus: Path) -> None:
    assert "without a gold answer are kept" not in (built_corpus / "release" / "README.md").read_text("utf-8")


def test_prove_derives_agreement_again_and_finds_a_forged_mark(data: Path, tmp_path: Path) -> None:
    one = VerifySettings(workers=1)
    assert "6 records were derived again" in prove(data / "release", one)
    forged = shutil.copytree(data / "release", tmp_path / "release")
    path = forged / "origin" / "params.yaml"
    path.write_text(path.read_text("utf-8").replace("agree: 2", "agree: 3"))
    manifest = corpus.read_manifest(forged)
    manifest["release"]["origin/params.yaml"] = digest(path)
    write_json(forged / "manifest.json", manifest)
    with pytest.raises(ThoughtmillError, match="ours-train-0/cot/0: kept is True, and derived False"):
        prove(forged, one)


def test_an_answer_is_agreed_on_with_enough_votes_and_more_than_any_other() -> None:
    def votes(*answers: str) -> object:
        rows = (
            {"thought": "cot", "rationale": str(at), "predicted_answer": answer, "predicted_kind": "number"}
            for at, answer in enumerate(answers)
        )
        found = agreed(candidates(rows), 2)
        return found and found.answer.text

    assert votes("7", "8", "7.0") == "7"
    assert votes("7", "8") is None
    assert votes("7", "8", "7", "8") is None
    assert votes() is None

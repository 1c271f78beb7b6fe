"""A learnt verifier: it learns from validation samples which candidate answers are right."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests import tiny
from tests.tabled import decided, predictions, table
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.schemas import Predictions
from thoughtmill.train.policies import PolicySettings, candidates, policy
from thoughtmill.train.policies.plans import Sample, SampleKey, replay
from thoughtmill.train.policies.verifiers import candidates as judged
from thoughtmill.train.policies.verifiers import probability, requests, verifier, weights
from thoughtmill.train.verifier import fitted, learnt, main

ORDER = ("eot", "pot", "cot")
HOW = PolicySettings()


def problem(name: str, eot: str | None, pot: str | None, cot: str | None) -> dict[SampleKey, Sample]:
    return table({"eot": [eot], "pot": [pot], "cot": [cot]}, name)


def run() -> tuple[dict[SampleKey, Sample], dict[str, Answer]]:
    """Return samples of students whose equations are right, and whose other thoughts alone are wrong."""
    stored, gold = {}, {}
    for at in range(20):
        stored |= problem(f"a{at}", "7", "8", "8") | problem(f"b{at}", "7", "7", None)
        stored |= problem(f"c{at}", None, "5", "6")
        gold |= {f"{kind}{at}": Answer("7") for kind in "abc"}
    return stored, gold


def test_a_verifier_learns_whom_to_trust_and_overrules_the_vote() -> None:
    stored, gold = run()
    found = learnt([stored], gold, HOW)
    chosen = policy("verifier@1", HOW.model_copy(update={"verifier": found}))
    new = problem("p", "3", "5", "5")
    assert replay(chosen, ["p"], new).decisions["p"].answers == (Answer("3"),)
    assert decided(verifier("p", ORDER, 1, found[1]), new) == (("3",), True, 1, 30)
    doubtful = problem("p", None, "5", "6")
    assert decided(verifier("p", ORDER, 1, found[1]), doubtful)[1] is False
    assert decided(verifier("p", ORDER, 1, found[1]), problem("p", None, None, None)) == ((), False, 1, 30)
    assert learnt([dict(reversed(stored.items()))], gold, HOW) == found


def test_a_candidate_shows_its_votes_its_steps_its_length_and_its_form() -> None:
    asked = requests("p", ORDER, 1)
    samples = [
        Sample("ans = 7", Answer("7"), None, 10),
        Sample("", None, "empty", 10),
        Sample("3 + 4 = 8\n#### 7", Answer("7"), None, 40),
    ]
    ((answer, features),) = judged(asked, samples)
    assert answer == Answer("7")
    assert features == {
        "bias": 1.0,
        "votes of eot": 1.0,
        "votes of pot": 0.0,
        "votes of cot": 1.0,
        "thoughts that agree": 0.5,
        "lead": pytest.approx(2 / 3),
        "wrong steps": 0.5,
        "length": pytest.approx(0.25),
        "whole number": 1.0,
    }


def test_probabilities_are_those_of_the_rows_they_were_fitted_to() -> None:
    rows = [({"bias": 1.0, "x": float(x)}, right) for x, right in ((0, True), (0, False), (1, True))] * 1000
    found = fitted(rows)
    assert probability({"bias": 1.0, "x": 0.0}, found) == pytest.approx(0.5, abs=0.02)
    assert probability({"bias": 1.0, "x": 1.0}, found) > 0.99


def test_a_verifier_is_read_from_its_file_and_tried_for_its_numbers_of_samples_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    how = PolicySettings(verifier="v.json")
    with pytest.raises(ThoughtmillError, match=r"v\.json.*learn it with"):
        weights(how)
    (tmp_path / "v.json").write_text("{")
    with pytest.raises(ThoughtmillError, match=r"v\.json is torn: learn it with"):
        weights(how)
    (tmp_path / "v.json").write_text(json.dumps({"2": {"bias": 1.0}}))
    assert weights(how) == {2: {"bias": 1.0}}
    stored = [("p", role, round_, 0) for role in ORDER for round_ in (1, 2, 3, 4)]
    assert [name for name in candidates(stored, how) if name.startswith("verifier")] == ["verifier@2"]
    assert not [name for name in candidates(stored, HOW) if name.startswith("verifier")]
    with pytest.raises(ThoughtmillError, match=r"no weights for 3 samples a role \(there are: 2\)"):
        replay(policy("verifier@3", how), ["p"], {})


def test_the_command_learns_from_the_validation_problems_of_a_project_and_from_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stored, gold = run()
    asked = table({"eot": ["5"], "pot": ["5"], "cot": ["5"]}, "test")
    tables.write(tmp_path / "data/predictions/tiny.parquet", Predictions, predictions(stored | asked, "x-1"))
    rows = [
        {"problem_id": name, "problem": "How many?", "answer": "7", "answer_kind": "number", "source": "tiny"}
        | {"split": "test" if name == "test" else "validation"}
        for name in [*gold, "test"]
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "data/problems.parquet")
    pd.DataFrame(tiny.records()).to_parquet(tmp_path / "data/records.parquet")
    (tmp_path / "data/manifest.json").write_text('{"data_version": "v"}')
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("infer: {splits: [test]}")
    with pytest.raises(
        ThoughtmillError, match="list `validation`: a verifier never learns from test problems"
    ):
        main()
    (tmp_path / "params.yaml").write_text("infer: {splits: [test, validation]}")
    main()
    path = "data/verifiers/tiny.json"
    assert capsys.readouterr().out == f"wrote {path}: name it in infer.policy.verifier\n"
    assert weights(PolicySettings(verifier=path)) == learnt([stored], gold, HOW)
    alone = predictions(table({"ir": ["7"]}, "a0"), "x-1")
    tables.write(tmp_path / "data/predictions/tiny.parquet", Predictions, alone)
    with pytest.raises(ThoughtmillError, match="no samples of eot, pot, cot about validation problems"):
        main()

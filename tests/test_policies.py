"""Policies by name, and `python -m thoughtmill.train.policies`, which replays them all."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.commands import run_stage
from tests.tabled import table
from thoughtmill.factory.answers import Answer, equal
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies import POLICIES, PolicySettings, candidates, policy, roles_of
from thoughtmill.train.policies.__main__ import main, replayed
from thoughtmill.train.policies.lorid import released_grader
from thoughtmill.train.policies.plans import Sample, SampleKey, replay, unanswered

HOW = PolicySettings()
ALONE = [name for name in POLICIES.names() if not POLICIES.named(name).form]
OF_K = [name for name in POLICIES.names() if POLICIES.named(name).form == "@K/ROLE"]


def everything(problem_id: str = "p", answer: str = "7", rounds: int = 4) -> dict[SampleKey, Sample]:
    """Return every sample that any policy could ask for about one problem, all of one answer."""
    stored = table(
        {role: [answer] for role in ("ir", "cot", "pot", "eot", "dr", "gp", "eq")}, problem_id, first=0
    )
    stored |= table({"kg": [None], "dr_other": [answer], "dr_bare": [answer]}, problem_id, first=0)
    stored |= table({role: [answer] * rounds for role in ("ir", "dr", "cot", "pot")}, problem_id)
    stored |= table({"kg": [None] * rounds}, problem_id)
    for number in range(HOW.pairs):
        stored |= table({"gp": [answer], "eq": [answer]}, problem_id, number)
    return stored


def test_every_policy_can_be_replayed_by_its_name() -> None:
    found = replayed(everything(), {"p": Answer("7")}, HOW)
    assert set(ALONE) <= set(found)
    assert {f"{kind}@{k}/ir" for kind in OF_K for k in (2, 4)} <= set(found)
    assert [name for name in found if name.endswith("@1/ir")] == ["majority@1/ir", "pass@1/ir"]
    assert {"greedy/ir", "greedy/dr", "greedy/dr_other", "greedy/dr_bare", "prove@4"} <= set(found)
    assert {figures["accuracy"] for figures in found.values()} == {1.0}
    assert "greedy/kg" not in found
    assert not any(name.endswith("_hint") for name in found)


def test_the_same_samples_cost_each_policy_what_it_asks_for() -> None:
    found = replayed(everything(), {"p": Answer("7")}, HOW)
    cost = {name: figures["mean_new_tokens"] for name, figures in found.items()}
    assert (cost["greedy/ir"], cost["greedy/dr"], cost["greedy/dr_bare"]) == (10, 15, 10)
    assert (cost["majority@4/ir"], cost["adaptive@4/ir"], cost["difficulty@2/ir"]) == (40, 40, 20)
    assert (cost["lorid"], cost["etd"], cost["etd_two_agree"], cost["etd_vote"]) == (25, 10, 20, 30)
    assert (cost["pair"], cost["network"], cost["prove@4"]) == (20, 60, 80)


def test_a_policy_that_lacks_a_sample_of_one_problem_is_left_out() -> None:
    stored = everything("p") | everything("q", rounds=2)
    found = replayed(stored, dict.fromkeys("pq", Answer("7")), HOW)
    assert "majority@2/ir" in found
    assert "majority@4/ir" not in found


def test_each_k_is_tried_with_its_halves() -> None:
    names = candidates([("p", "cot", round_, 0) for round_ in range(21)], HOW)
    assert [name for name in names if name.startswith("majority")] == [
        f"majority@{k}/cot" for k in (1, 2, 5, 10, 20)
    ]


def test_the_votes_of_ir_are_tried_at_every_k() -> None:
    names = candidates([("p", "ir", round_, 0) for round_ in range(1, 7)], HOW)
    votes = sorted(name for name in names if name.startswith("majority"))
    assert votes == [f"majority@{k}/ir" for k in range(1, 7)]


def test_a_role_may_have_any_name() -> None:
    found = replayed(table({"GPT-4o mini/2": ["7", "7", "8"]}), {"p": Answer("7")}, HOW)
    assert found["majority@3/GPT-4o mini/2"]["accuracy"] == 1.0


@pytest.mark.parametrize(
    "name",
    [
        "",
        "vote",
        "greedy",
        "greedy@3/ir",
        "majority/ir",
        "majority@0/ir",
        "lorid@3",
        "prove",
        "etd/cot",
        "greedy/kg",
    ],
)
def test_a_name_that_is_no_policy_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ThoughtmillError, match=r"unknown policy .*majority@K/ROLE.*network"):
        policy(name, HOW)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("greedy/nonsense", "there is no role `nonsense`"),
        ("greedy/kg2", "there is no role `kg2`"),
        ("majority@4/kg", "`kg` writes no answer"),
        ("greedy/gp_hint", "`gp_hint` is only asked with a hint"),
        ("greedy/etd", "`etd` writes cot, pot, eot: name one of them"),
    ],
)
def test_a_policy_over_a_role_that_cannot_answer_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(ThoughtmillError, match=re.escape(f"unknown policy `{name}` ({reason}); there are:")):
        policy(name, HOW)


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("greedy/ir", ("ir",)),
        ("greedy/dr", ("dr", "kg")),
        ("greedy/dr_bare", ("dr_bare",)),
        ("majority@3/cot", ("cot",)),
        ("lorid", ("ir", "kg", "dr")),
        ("etd_vote", ("eot", "pot", "cot")),
        ("pair", ("gp", "eq", "gp_hint", "eq_hint")),
        ("pair_unhinted", ("gp", "eq")),
        ("prove@2", ("cot", "pot")),
    ],
)
def test_a_policy_names_the_roles_that_it_asks(name: str, roles: tuple[str, ...]) -> None:
    assert roles_of(name, HOW) == roles


def test_no_policy_asks_a_role_that_it_does_not_name() -> None:
    for name in (*ALONE, "greedy/dr_other", "greedy/ir", "majority@2/ir", "difficulty@2/ir", "prove@2"):
        for plan in policy(name, HOW).plans(["p", "q"]):
            assert {request.role for request in unanswered(plan)} <= set(roles_of(name, HOW)), name


def test_an_entry_of_an_installed_package_is_a_policy_and_a_candidate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = replace(POLICIES.named("majority"), sizes=lambda role, most: [most])
    monkeypatch.setitem(POLICIES.ours, "last", "nowhere:ENTRY")
    monkeypatch.setitem(POLICIES.loaded, "last", entry)
    stored = table({"ir": ["7", "7", "8"]})
    assert replay(policy("last@3/ir", HOW), ["p"], stored).decisions["p"].answers == (Answer("7"),)
    assert [name for name in candidates(stored, HOW) if name.startswith("last")] == ["last@3/ir"]
    with pytest.raises(ThoughtmillError, match="last@K/ROLE"):
        policy("last", HOW)


def test_only_the_released_policy_is_graded_by_the_released_grader() -> None:
    assert policy("lorid_released", HOW).grader is released_grader
    assert {policy(name, HOW).grader for name in (*ALONE, "pass@3/ir")} == {equal, released_grader}


def test_the_settings_reach_the_policies() -> None:
    stored = table({"ir": ["1", "2"], "kg": [None] * 2, "dr": ["3", "2"]})
    short = policy("lorid", PolicySettings(max_rounds=1))
    assert replay(short, ["p"], stored).decisions["p"].resolved is False
    assert replay(policy("lorid", HOW), ["p"], stored).decisions["p"].resolved is True


def run(path: Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, or else in the folder of the samples."""
    return run_stage(main, folder or path.parent, str(path))


def row(key: SampleKey, sample: Sample) -> dict[str, Any]:
    names = dict(zip(("problem_id", "role", "round", "sample"), key, strict=True))
    return names | {
        "answer": "7",
        "predicted_answer": sample.predicted_answer and sample.predicted_answer.text,
        "new_tokens": sample.new_tokens,
    }


def test_the_command_prints_one_json_object_and_the_same_each_time(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    stored = table({"ir": ["7", "9", "7"]}, "a") | table({"ir": ["9", "9", None]}, "b")
    path.write_text("".join(json.dumps(row(key, sample)) + "\n" for key, sample in stored.items()))
    first = run(path)
    assert run(path).stdout == first.stdout
    assert json.loads(first.stdout)["majority@3/ir"] == {
        "problems": 2, "accuracy": 0.5, "low": 0.0945, "high": 0.9055, "resolved": 1.0,
        "accuracy_resolved": 0.5, "mean_rounds": 3.0, "mean_new_tokens": 30.0,
    }  # fmt: skip


def test_in_a_project_policies_are_as_its_settings_have_them(tmp_path: Path) -> None:
    path, project = tmp_path / "samples.jsonl", tmp_path / "project"
    project.mkdir()
    (project / "dvc.yaml").write_text("")
    (project / "params.yaml").write_text("infer: {policy: {max_rounds: 2}}")
    stored = table({"ir": ["7", "7"], "kg": [None] * 2, "dr": ["3", "4"]}, "a")
    path.write_text("".join(json.dumps(row(key, sample)) + "\n" for key, sample in stored.items()))
    inside, outside = run(path, project), run(path)
    assert json.loads(inside.stdout)["lorid"]["resolved"] == 0.0
    assert "lorid" not in json.loads(outside.stdout)
    told = [
        each.stderr.removeprefix("left out for lack of samples: ").split(", ") for each in (inside, outside)
    ]
    assert ["lorid" in names for names in told] == [False, True]


def test_the_command_needs_no_torch(tmp_path: Path) -> None:
    words = "import sys, thoughtmill.train.policies; sys.exit('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", words], cwd=Path(__file__).parents[1], check=False).returncode
        == 0
    )


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    found = run(tmp_path / "none.jsonl")
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert "none.jsonl is missing" in found.stderr

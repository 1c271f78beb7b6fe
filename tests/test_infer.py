"""Stage `infer`: trained students answer problems live, and policies replay what they wrote."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tokenizers import decoders

from tests import tiny
from tests.fake_endpoint import FakeEndpoint, Turn, error
from tests.fork_server import forked_by
from tests.test_finetune import settings
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import validated
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.schemas import Predictions
from thoughtmill.train import roles
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.infer import AGAIN, asked, hint, infer, main, open_writer, solved
from thoughtmill.train.policies import policy
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest
from thoughtmill.train.policies.plans import Sample, SampleRequest, of_predictions, replay
from thoughtmill.train.policies.problems import problems_of
from thoughtmill.train.writers.settings import InferSettings

TRAINED = ("ir", "kg", "dr")
POLICIES = (
    "greedy/ir",
    "greedy/dr",
    "greedy/dr_bare",
    "majority@3/ir",
    "lorid",
    "lorid_released",
    "adaptive@4/ir",
)
POLICY = {"max_rounds": 3}


def corpus_of(folder: Path) -> Path:
    """Write a corpus whose problems are partly test problems."""
    tiny.write_corpus(folder)
    rows = pd.DataFrame(tiny.problems())
    rows["source"], rows["split"] = "tiny", ["test" if at % 3 else "train" for at in range(len(rows))]
    rows.to_parquet(folder / "problems.parquet")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a tiny base and students that have learnt their form, but no sums."""
    folder = tmp_path_factory.mktemp("project")
    base, corpus = tiny.write_causal(folder / "base"), open_corpus(str(corpus_of(folder / "data")))
    spelling = tiny.tokenizer()
    spelling.backend_tokenizer.decoder = decoders.Fuse()
    spelling.save_pretrained(base)
    for role in TRAINED:
        chosen = settings(base=str(base), steps=60, learning_rate=0.02)
        finetune(
            TrainingJob(
                role, corpus, chosen, folder / "data" / "adapters" / "tiny" / role, folder / f"{role}.pt"
            )
        )
    return folder


@pytest.fixture(scope="module")
def solvers() -> Iterator[Solvers]:
    with Solvers(Limits(), 5.0) as fences:
        yield fences


def of(project: Path, **given: Any) -> InferSettings:
    quick = {
        "base": {"name": "tiny", "model": str(project / "base")}, "corpus": str(project / "data"), "limit": 4,
        "policies": POLICIES, "policy": POLICY, "max_new_tokens": 60, "rows": 8, "temperature": 0.8,
    }  # fmt: skip
    return validated(quick | given, InferSettings, "params.yaml: infer")


def rows_of(project: Path, solvers: Solvers, journals: Path, **given: Any) -> list[tables.Row]:
    how = of(project, **given)
    corpus = open_corpus(how.corpus)
    problems = problems_of(corpus, how.splits, how.limit)
    writer, version, sha = open_writer(how, project / "data" / "adapters" / "tiny", TRAINED, corpus)
    return list(infer(how, problems, writer, version, sha, solvers, journals))


@pytest.fixture(scope="module")
def rows(project: Path, solvers: Solvers, tmp_path_factory: pytest.TempPathFactory) -> list[tables.Row]:
    return rows_of(project, solvers, tmp_path_factory.mktemp("journals"))


def test_predictions_hold_their_schema_and_the_version_of_the_adapters(
    rows: list[tables.Row], tmp_path: Path
) -> None:
    tables.write(tmp_path / "predictions.parquet", Predictions, rows)
    assert {row["data_version"] for row in rows} == {"v" * 64}
    assert {row["role"] for row in rows} == {"ir", "kg", "dr", "dr_bare"}
    assert len({row["problem_id"] for row in rows}) == 4
    assert len({row["run"] for row in rows}) == 1


def test_students_have_learnt_enough_to_answer_and_to_end(rows: list[tables.Row]) -> None:
    chains = [row for row in rows if row["role"] == "ir"]
    assert sum(row["predicted_answer"] is not None for row in chains) > len(chains) / 2
    assert {row["text"] for row in rows if (row["role"], row["round"]) == ("kg", 0)} == {
        "The total is the number of groups times the size of one."
    }


def test_what_is_right_is_right_by_the_gold_answer(rows: list[tables.Row]) -> None:
    gold = {row["problem_id"]: row["answer"] for row in tiny.problems()}
    for row in rows:
        if row["predicted_answer"] is None:
            assert row["correct"] is None
        else:
            assert row["correct"] == (row["predicted_answer"] == gold[row["problem_id"]])


def test_a_policy_run_alone_draws_what_it_is_replayed_on(
    project: Path, solvers: Solvers, rows: list[tables.Row], tmp_path: Path
) -> None:
    stored = of_predictions(rows)
    how = of(project)
    for name in ("lorid", "adaptive@4/ir"):
        alone = of_predictions(rows_of(project, solvers, tmp_path / name, policies=[name]))
        assert set(alone) <= set(stored)
        assert {key: stored[key] for key in alone} == alone
        ids = sorted({key[0] for key in stored})
        found = [replay(policy(name, how.policy), ids, held) for held in (stored, alone)]
        assert found[0] == found[1]
        assert sum(found[0].new_tokens.values()) == sum(one.new_tokens for one in alone.values())


def test_the_rows_of_a_batch_change_nothing_and_the_seed_does(
    project: Path, solvers: Solvers, rows: list[tables.Row], tmp_path: Path
) -> None:
    again = rows_of(project, solvers, tmp_path, rows=3, seeds=(1, 2))
    first = [row for row in again if row["run"] == rows[0]["run"]]
    second = [row for row in again if row["run"] != rows[0]["run"]]
    assert first == rows
    assert [row["run"][-2:] for row in (first[0], second[0])] == ["-1", "-2"]
    assert {row["text"] for row in first if row["round"]} != {row["text"] for row in second if row["round"]}
    greedy = [
        {(r["problem_id"], r["role"]): r["text"] for r in part if not r["round"]} for part in (first, second)
    ]
    assert greedy[0] == greedy[1]


def test_what_is_written_at_temperature_0_is_written_once_for_all_seeds(
    project: Path, solvers: Solvers, tmp_path: Path
) -> None:
    how = of(project, seeds=(1, 2), policies=("greedy/ir", "majority@1/ir"))
    corpus = open_corpus(how.corpus)
    writer, version, sha = open_writer(how, project / "data" / "adapters" / "tiny", TRAINED, corpus)
    asked_of: list[GenerationRequest] = []
    ask = writer.ask
    writer.ask = lambda requests: (asked_of.extend(requests), ask(requests))[1]  # type: ignore[method-assign]
    problems = problems_of(corpus, how.splits, how.limit)
    rows = list(infer(how, problems, writer, version, sha, solvers, tmp_path))
    assert len(rows) == 2 * 2 * len(problems)
    assert [one.wanted.round for one in asked_of].count(0) == len(problems)


def test_a_limit_draws_the_same_problems_of_every_split(project: Path) -> None:
    corpus = open_corpus(str(project / "data"))
    few, more = (problems_of(corpus, ("test", "train"), limit) for limit in (2, 5))
    assert [len(few), len(more)] == [4, 10]
    assert {row["problem_id"] for row in few} < {row["problem_id"] for row in more}
    assert {row["test_set"] for row in few} == {"tiny, test", "tiny, train"}
    assert len(problems_of(corpus, ("test",), None)) == 16


def test_a_split_without_problems_is_one_line(project: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"infer\.splits: the corpus has no problem in tset"):
        problems_of(open_corpus(str(project / "data")), ("tset",), None)


def test_a_hint_is_the_bytes_that_students_are_trained_with(tmp_path: Path) -> None:
    corpus = open_corpus(str(tiny.write_corpus(tmp_path)))
    given = {one.given for one in roles.examples(corpus, "gp_hint")}
    for row in tiny.records():
        if row["thought"] == "eot":
            _, equations = row["rationale"].split("\n", 1)  # a peer writes no declaration
            assert hint(Sample(equations, Answer(row["predicted_answer"]), None, 1)) in given


def test_a_draw_is_asked_hot_or_cold_by_its_round_and_pair() -> None:
    how = InferSettings(temperature=1.2, pair_temperatures=(0.3, 0.7))
    heat = {
        draw: asked(draw, None, {"p": "A problem."}, how, 1).temperature
        for draw in (
            SampleRequest("p", "ir", 0),
            SampleRequest("p", "ir", 2),
            SampleRequest("p", "gp", 1, 0),
            SampleRequest("p", "eq_hint", 2, 3),
        )
    }
    assert list(heat.values()) == [0.0, 1.2, 0.3, 0.7]


def test_every_draw_has_random_numbers_of_its_own() -> None:
    draws = [
        SampleRequest(p, role, r, s) for p in "pq" for role in ("ir", "dr") for r in (1, 2) for s in (0, 1)
    ]
    problems = {"p": "A problem.", "q": "A problem."}
    seeds = {asked(draw, None, problems, InferSettings(), seed).seed for draw in draws for seed in (1, 2)}
    assert len(seeds) == 2 * len(draws)


def test_the_preset_of_lorid_has_room_for_chains_about_math_and_yields_to_what_is_given() -> None:
    lorid = InferSettings.model_validate({"preset": "lorid", "temperature": 0.7})
    assert (lorid.max_new_tokens, lorid.temperature) == (1024, 0.7)
    assert InferSettings().max_new_tokens == 256


def test_knowledge_is_given_as_it_was_read_and_a_hint_with_its_answer() -> None:
    sample = Sample("Prices add up.\nThe rest is", None, "truncated", 9)
    problems = {"p": "A problem."}
    deep = asked(SampleRequest("p", "dr_other", 0), sample, problems, InferSettings(), 1)
    assert (deep.role, deep.given) == ("dr", "Prices add up.")
    empty = asked(SampleRequest("p", "dr", 1), Sample("\n", None, "empty", 1), problems, InferSettings(), 1)
    assert (empty.role, empty.given) == ("dr", None)
    sample = Sample("unknowns: ans\nans = 3", Answer("3"), None, 9)
    hinted = asked(SampleRequest("p", "gp_hint", 2), sample, problems, InferSettings(), 1)
    assert (hinted.role, hinted.given) == ("gp_hint", f"Answer: 3\n{sample.text}")


def test_what_was_cut_off_comes_to_nothing(solvers: Solvers) -> None:
    cut = GeneratedText(SampleRequest("p", "ir", 1), "so 3 + 4", 70, "truncated")
    assert solved(cut, {"p": ""}, {"p": "number"}, solvers) == Sample("so 3 + 4", None, "truncated", 70)
    program = GeneratedText(SampleRequest("p", "pot", 1), "ans = 3 + 4", 7)
    assert solved(program, {"p": ""}, {"p": "number"}, solvers) == Sample("ans = 3 + 4", Answer("7"), None, 7)


def stage(python: str, project: Path, **given: Any) -> subprocess.Popen[str]:
    """Start the stage in a project of its own."""
    chosen = json.loads(of(project, **given).model_dump_json(exclude={"openai"}))
    base = chosen.pop("base") | {"name": "tiny"}
    (project / "params.yaml").write_text(json.dumps({"roles": list(TRAINED), "base": base, "infer": chosen}))
    (project / "dvc.yaml").write_text("stages: {}\n")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    words = [python, "-m", "thoughtmill.train.infer"]
    return subprocess.Popen(words, cwd=project, env=environment, text=True, stderr=subprocess.PIPE)


def test_a_killed_stage_goes_on_and_writes_what_one_that_was_not_killed_writes(
    project: Path, rows: list[tables.Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    journals = project / ".dvc" / "tmp" / "thoughtmill"
    process = stage(python, project)
    while not any(path.read_bytes().count(b"\n") > 5 for path in journals.glob("infer-*.jsonl")):
        time.sleep(0.01)
        assert process.poll() is None
    os.kill(forked_by(process), signal.SIGKILL)
    process.communicate()
    assert not (project / "data" / "predictions" / "tiny.parquet").exists()
    monkeypatch.chdir(project)
    main()
    assert not list(journals.glob("infer-*.jsonl"))
    tables.write(tmp_path / "whole.parquet", Predictions, rows)
    assert (project / "data" / "predictions" / "tiny.parquet").read_bytes() == (
        tmp_path / "whole.parquet"
    ).read_bytes()


def test_an_endpoint_that_leaves_samples_unanswered_is_told_of_with_the_way_to_ask_again(
    project: Path, solvers: Solvers, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))
    with FakeEndpoint(lambda asked, times: error(500)) as endpoint:
        served = {"base_url": endpoint.url, "model": "any", "max_attempts": 1, "backoff_s": 0}
        given = {"backend": "openai", "openai": served, "policies": ["greedy/ir"], "limit": 1}
        rows = rows_of(project, solvers, tmp_path, **given)
    assert {row["failure"] for row in rows} == {"unanswered"}
    assert f"infer, seed 1: {len(rows)} unanswered; ask again with: {AGAIN}" in capsys.readouterr().err


def test_a_policy_that_needs_an_untrained_role_is_one_line(
    project: Path, solvers: Solvers, tmp_path: Path
) -> None:
    with pytest.raises(
        ThoughtmillError, match=r"^no adapter answers for `gp`: list it in `roles` and train it$"
    ):
        rows_of(project, solvers, tmp_path, policies=["network"])


def test_a_model_behind_an_endpoint_plays_every_role_and_is_asked_for_nothing_in_vain(
    project: Path, solvers: Solvers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))
    with FakeEndpoint(lambda asked, times: Turn(f"#### {len(asked) % 7}")) as endpoint:
        given = {"backend": "openai", "openai": {"base_url": endpoint.url, "model": "any"}}
        rows = rows_of(project, solvers, tmp_path, **given)
        assert sum(endpoint.asked.values()) == len(rows)
        assert rows_of(project, solvers, tmp_path, **given) == rows
        assert sum(endpoint.asked.values()) == len(rows)
    assert {row["role"] for row in rows} == {"ir", "kg", "dr", "dr_bare"}
    assert {row["round"] for row in rows} == {0, 1, 2, 3, 4}

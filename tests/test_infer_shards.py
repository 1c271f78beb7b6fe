"""Students answer in shards, by a loop of a shell or on Ray: the bytes of one run."""

import argparse
import json
from contextlib import chdir
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import tiny
from tests.ray_nodes import ray_nodes
from tests.test_finetune import settings
from tests.test_infer import corpus_of
from thoughtmill.factory.commands import merge
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.train import infer, infer_shards
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.policies.predictions import predictions_in

TRAINED = ("ir", "kg", "dr")
PREDICTIONS = Path("data/predictions/tiny.parquet")


def params(**given: Any) -> None:
    chosen = {
        "policies": ["greedy/ir", "lorid"], "policy": {"max_rounds": 2}, "max_new_tokens": 10, "rows": 8,
        "temperature": 0.8, "seeds": [1, 2], "limit": 6, "shards": 4,
    }  # fmt: skip
    base = {"name": "tiny", "model": "base"}
    Path("params.yaml").write_text(
        json.dumps({"thoughts": ["cot"], "roles": TRAINED, "base": base, "infer": chosen, **given})
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose students write nonsense."""
    folder = tmp_path_factory.mktemp("project")
    base, corpus = tiny.write_causal(folder / "base"), open_corpus(str(corpus_of(folder / "data")))
    for role in TRAINED:
        chosen = settings(base=str(base), steps=2, batch_records=4)
        finetune(
            TrainingJob(
                role, corpus, chosen, folder / "data" / "adapters" / "tiny" / role, folder / f"{role}.pt"
            )
        )
    (folder / "dvc.yaml").write_text("stages: {}\n")
    return folder


@pytest.fixture(scope="module")
def digest_of_whole(project: Path) -> str:
    with chdir(project):
        params()
        infer.main()
        return digest(PREDICTIONS)


@pytest.fixture
def whole(project: Path, digest_of_whole: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The digest of what one run writes; the run has left nothing."""
    monkeypatch.chdir(project)
    params()
    PREDICTIONS.unlink(missing_ok=True)
    return digest_of_whole


def merged() -> str:
    return merge.call(argparse.Namespace(ledger=()))


def test_shards_in_any_order_are_merged_to_the_bytes_of_one_run(
    whole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    infer.main(shard="3/3")
    infer.main(shard="1/3")
    with pytest.raises(ThoughtmillError, match=r"2-of-3 is missing: run `.*train\.infer --shard 2/3`"):
        merged()
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(infer, "solved", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        infer.main(shard="2/3")
    infer.main(shard="2/3")
    assert merged() == "merged train/dvc.yaml:infer"
    assert digest(PREDICTIONS) == whole
    (read,) = predictions_in(Path("data"))
    assert len({row["problem_id"] for row in read}) == 6
    assert not list(Path("data/shards/infer").iterdir())


def test_parts_of_other_settings_are_not_merged(whole: str) -> None:
    infer.main(shard="1/1")
    params(base={"name": "tiny", "model": "base"}, infer={"policies": ["greedy/ir"], "limit": 6})
    with pytest.raises(ThoughtmillError, match="was made from other inputs or settings"):
        merged()
    params()
    merged()
    assert digest(PREDICTIONS) == whole


def test_progress_names_each_training_run_of_the_students(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer.InferRun, "seeds", {1: 1, 2: 2})
    given: Any = SimpleNamespace(seeds=(7, 8), policies=("greedy/ir", "lorid"))
    unused: Any = None
    run = infer.InferRun(given, unused, [], unused, [{"problem": "How many?"}])
    totals = list(infer_shards._totals(run, [Shard(1, 1)]))
    assert totals == [
        (f"infer, students of seed {students}, seed {seed}, shard 1 of 1", 2)
        for students in (1, 2)
        for seed in (7, 8)
    ]


def test_on_ray_each_node_with_a_gpu_loads_the_students_and_the_bytes_are_the_same(
    whole: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with ray_nodes(2, cpus=1, gpus=1):
        params(executor="ray", ray={"resources": {"GPU": 1}})
        infer.main()
    assert digest(PREDICTIONS) == whole
    assert "infer, all shards: " in (said := capsys.readouterr().err)
    assert "4 of 4 shards done" in said
    assert infer_shards._run is None  # nothing was loaded here

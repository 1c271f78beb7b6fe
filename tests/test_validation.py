"""Validation by solving: held-out problems are tried as a student learns, and the best weights are kept."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.finetune import TrainingJob, finetune, prepare
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import load_base
from thoughtmill.train.training.states import LossPoint, TrainingState
from thoughtmill.train.training.validation import Validation, drawn
from thoughtmill.train.training.weights import trainable

SAID = "#### 12"


def corpus_of(folder: Path) -> Corpus:
    """Write a corpus whose chains all answer 12, which is right of a third of the held-out problems."""
    rows = [row | {"rationale": SAID} for row in tiny.records()]
    held = [row | {"split": "validation", "kept": False} for row in rows if row["problem_id"] in HELD]
    return open_corpus(str(tiny.write_corpus(folder, [*rows, *held])))


HELD = ("tiny-3-4", "tiny-4-4", "tiny-5-5")


def of(folder: Path, role: str = "ir", **given: Any) -> tuple[Any, Any, Validation, Corpus]:
    corpus = corpus_of(folder / "corpus")
    chosen = settings(base=str(tiny.write_causal(folder / "base")), **given)
    base, model, _ = prepare(role, corpus, chosen)
    return base, model, Validation(base, model, role, corpus, chosen), corpus


TRIED = {"every": 10, "max_new_tokens": 12}


def test_the_best_adapter_is_kept_and_its_share_is_in_the_curve(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus")
    base = tiny.write_causal(tmp_path / "base")
    chosen = settings(base=str(base), steps=30, validation=TRIED)
    curve = finetune(TrainingJob("ir", corpus, chosen, tmp_path / "ir", tmp_path / "ir.pt"))
    tried = {point.step + 1: point.right for point in curve if point.right is not None}
    assert list(tried) == [10, 20, 30]
    assert max(tried.values()) == pytest.approx(1 / 3)
    loaded = load_base(str(base))
    model = adapters.load(loaded, tmp_path / "ir", "ir")
    again = Validation(loaded, model, "ir", corpus, chosen)
    assert again() == pytest.approx(1 / 3)


def test_training_ends_after_trials_without_a_gain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = corpus_of(tmp_path / "corpus")
    tried = TRIED | {"every": 5, "patience": 2}
    chosen = settings(base=str(tiny.write_causal(tmp_path / "base")), steps=400, validation=tried)
    curve = finetune(TrainingJob("ir", corpus, chosen, tmp_path / "ir", tmp_path / "ir.pt"))
    shares = [point.right for point in curve if point.right is not None]
    assert len(curve) < 400
    assert shares[-1] <= shares[-3] == max(shares)
    said = capsys.readouterr().out
    assert "right of 3 problems of `validation`, the best so far" in said
    assert "the best was 2 before" in said


def test_trials_change_no_step_of_training(tmp_path: Path) -> None:
    corpus, base = corpus_of(tmp_path / "corpus"), tiny.write_causal(tmp_path / "base")
    curves = [
        finetune(
            TrainingJob(
                "ir",
                corpus,
                settings(base=str(base), steps=12, dropout=0.1, validation=tried),
                tmp_path / name / "ir",
                tmp_path / f"{name}.pt",
            )
        )
        for name, tried in (("without", None), ("with", TRIED | {"every": 3}))
    ]
    assert [point.loss for point in curves[0]] == [point.loss for point in curves[1]]


def test_weights_of_the_best_trial_are_kept_and_ties_go_to_the_earlier(tmp_path: Path) -> None:
    _, model, _, _ = of(tmp_path, validation=TRIED)
    weights, state = trainable(model), TrainingState()
    since, kept = [], []
    for step, right in enumerate((0.2, 0.5, 0.5, 0.1)):
        state.curve.append(LossPoint(step, 1.0, 1, 0.1))
        with torch.no_grad():
            next(iter(weights.values())).fill_(step)
        since.append(state.tried(right, weights))
        kept.append(float(next(iter(state.best.values())).flatten()[0]))
    assert (since, kept) == ([0, 0, 1, 2], [0.0, 1.0, 1.0, 1.0])


def test_a_role_without_answers_is_tried_by_the_likelihood_of_its_records(tmp_path: Path) -> None:
    _, _, validation, _ = of(tmp_path, role="kg", validation=TRIED)
    assert not validation.solves
    assert 0 < validation() < 0.5


def test_every_part_of_a_role_is_tried_on_the_same_problems(tmp_path: Path) -> None:
    _, _, validation, corpus = of(tmp_path, role="etd", validation=TRIED | {"problems": 2})
    asked = {(one.problem_id, one.role) for one in validation.examples}
    assert len(asked) == 2 * 3
    assert len(drawn(corpus, "dr", "validation", 50)) == 3


def test_a_corpus_without_problems_to_try_is_one_line(tmp_path: Path) -> None:
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))
    with pytest.raises(ThoughtmillError, match=r"^finetune.validation: role `ir` has no records: no `val"):
        drawn(corpus, "ir", "validation", 5)


def test_a_model_that_is_spread_over_processes_is_not_tried() -> None:
    with pytest.raises(ValueError, match="leave out `validation`"):
        settings(shard=True, validation=TRIED)

"""Mixtures and curricula: which records an epoch has, how often, and in what order."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import roles
from thoughtmill.train.finetune import prepare
from thoughtmill.train.training.mixtures import Mixture, mixture


def test_a_weight_is_how_often_an_epoch_has_an_example() -> None:
    mixed = Mixture([2.0, 0.0, 1.0, 0.5])
    epochs = [Counter(mixed.epoch(0, epoch)) for epoch in range(400)]
    assert {(counted[0], counted[1], counted[2]) for counted in epochs} == {(2, 0, 1)}
    assert 0.4 < sum(counted[3] for counted in epochs) / 400 < 0.6
    assert mixed.epoch(0, 1) == mixed.epoch(0, 1) != mixed.epoch(1, 1)


def test_the_first_epoch_has_low_ranks_first_and_later_ones_any_order() -> None:
    mixed = Mixture([1.0] * 20, [float(19 - at) for at in range(20)])
    assert mixed.epoch(0, 0) == list(range(19, -1, -1))
    assert mixed.epoch(0, 1) != list(range(19, -1, -1))


def test_conditions_see_problems_roles_and_how_difficult_a_problem_was(tmp_path: Path) -> None:
    rows = tiny.records()
    for row in rows:  # the first half of the problems were hard: all but a kept record are wrong
        if row["problem_id"] < "tiny-5" and row["thought"] == "pot" and row["correct"]:
            row["correct"], row["kept"] = False, False
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus", rows)))
    examples = roles.examples(corpus, "etd")
    chosen = settings(mix={"role = 'cot'": 3, "answer = '12'": 0}, curriculum="difficulty")
    found = mixture(corpus, examples, chosen)
    assert found is not None
    assert found.ranks is not None
    for example, weight, rank in zip(examples, found.weights, found.ranks, strict=True):
        a, b = map(int, example.problem_id.split("-")[1:])
        assert weight == (0 if a * b == 12 else 3 if example.role == "cot" else 1)
        assert rank == pytest.approx(4 / 6 if a < 5 else 3 / 6)


def test_a_run_takes_easy_problems_first_and_as_many_records_as_the_mixture_has(tmp_path: Path) -> None:
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))
    base = str(tiny.write_causal(tmp_path / "base"))
    chosen = settings(base=base, steps=None, epochs=2, mix={"answer = '6'": 3}, curriculum="-answer::int")
    _, _, plan = prepare("ir", corpus, chosen)
    sixes = sum(row["answer"] == "6" for row in tiny.problems())
    per_epoch = len(tiny.PAIRS) + 2 * sixes
    first = [index for step in plan.steps for index in step][:per_epoch]
    gold = {row["problem_id"]: int(row["answer"]) for row in tiny.problems()}
    answers = [gold[plan.examples[index].problem_id] for index in first]
    assert answers == sorted(answers, reverse=True)
    assert answers.count(6) == 3 * sixes


def test_without_either_there_is_no_mixture_and_faults_are_named(tmp_path: Path) -> None:
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))
    examples = roles.examples(corpus, "ir")
    assert mixture(corpus, examples, settings()) is None
    with pytest.raises(ThoughtmillError, match=r"^finetune.mix: sourc = 'a': Binder Error"):
        mixture(corpus, examples, settings(mix={"sourc = 'a'": 2}))
    with pytest.raises(ThoughtmillError, match=r"finetune\.mix leaves no record"):
        prepare("ir", corpus, settings(base=str(tiny.write_causal(tmp_path / "base")), mix={"true": 0}))
    assert pd.DataFrame(tiny.problems()).problem_id.is_unique

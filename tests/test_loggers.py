"""Loggers: every point of a curve is written once, by the writers of TensorBoard and DVCLive."""

import json
import sys
from pathlib import Path

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.training.loggers import logging
from thoughtmill.train.training.states import LossPoint

CURVE = [LossPoint(0, 2.0, 9, 0.1), LossPoint(1, 1.5, 9, 0.05, 0.25), LossPoint(2, 1.0, 9, 0.01)]


def test_a_growing_curve_is_written_once(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with logging(["tensorboard", "dvclive"], tmp_path) as log:
        log(CURVE[:2])
        log(CURVE)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(0, 2.0), (1, 1.5), (2, 1.0)]
    assert [(event.step, event.value) for event in events.Scalars("right")] == [(1, 0.25)]
    table = (tmp_path / "dvclive" / "plots" / "metrics" / "loss.tsv").read_text().splitlines()
    assert [line.split() for line in table] == [["step", "loss"], ["0", "2.0"], ["1", "1.5"], ["2", "1.0"]]
    assert json.loads((tmp_path / "dvclive" / "metrics.json").read_text())["loss"] == 1.0


MODULES = {"tensorboard": "torch.utils.tensorboard", "dvclive": "dvclive"}


@pytest.mark.parametrize(("name", "module"), MODULES.items())
def test_a_logger_that_is_not_installed_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with (
        pytest.raises(ThoughtmillError, match=rf"finetune.logs: {name} is not installed: `pip install"),
        logging([name], tmp_path),
    ):
        pass

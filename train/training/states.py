"""States of training runs, from which a killed run resumes."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from torch import Tensor

from thoughtmill.factory.core.files import aside
from thoughtmill.train.training.weights import Weights, copied, restore


@dataclass(frozen=True, slots=True)
class LossPoint:
    """A step of a loss curve: mean loss per target token in nats, number of target tokens, learning rate.

    `right` is the share of validation problems solved after this step, where they were tried.
    """

    step: int
    loss: float
    target_tokens: int
    learning_rate: float
    right: float | None = None


OnProgress = Callable[[list[LossPoint]], int | None]
"""Called with the curve so far; it may return the total number of steps that there is time for."""


@dataclass(slots=True)
class TrainingState:
    """The progress of a run: its curve, and the weights that solved the most validation problems."""

    curve: list[LossPoint] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)

    def tried(self, right: float, weights: Weights) -> int:
        """Note the result of a validation; return the number of validations since the best."""
        before = [point.right for point in self.curve if point.right is not None]
        self.curve[-1] = replace(self.curve[-1], right=right)
        if not before or right > max(before):
            self.best = copied(weights)
            return 0
        return len(before) - before.index(max(before))

    def save(self, path: Path, fingerprint: str, weights: Weights, optimizer: Any) -> None:
        """Write the state of a run to a file."""
        held = {
            "fingerprint": fingerprint,
            "weights": copied(weights),
            "optimizer": optimizer.state_dict(),
            "curve": [astuple(point) for point in self.curve],
            "best": self.best,
        }
        with aside(path) as part:
            torch.save(held, part)


def resumed(path: Path, fingerprint: str, weights: Weights, optimizer: Any) -> TrainingState:
    """Load and return the state that the main process finds; ignore the state of another run."""
    found = PartialState().is_main_process and path.is_file()
    held = torch.load(path, map_location="cpu", weights_only=True) if found else None
    [held] = broadcast_object_list([held])  # other machines have no such file
    if held is None or held["fingerprint"] != fingerprint:
        return TrainingState()
    restore(weights, held["weights"])
    optimizer.load_state_dict(held["optimizer"])
    return TrainingState([LossPoint(*point) for point in held["curve"]], held["best"])

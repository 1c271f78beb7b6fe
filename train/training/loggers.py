"""Loggers: the curve of a run as it grows, in the files of TensorBoard and DVCLive."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.training.states import LossPoint

Scalar = Callable[[str, float, int], None]
"""Writes the value of a metric at a step."""


@contextmanager
def logging(names: Sequence[str], folder: Path) -> Iterator[Callable[[list[LossPoint]], None]]:
    """Yield a function that writes the new points of a curve with each logger."""
    with ExitStack() as opened:
        writers = [opened.enter_context(LOGGERS[name](folder / name)) for name in names]
        written = 0

        def log(curve: list[LossPoint]) -> None:
            nonlocal written
            for point in curve[written:]:
                values = {"loss": point.loss, "learning_rate": point.learning_rate, "right": point.right}
                for name, value in values.items():
                    if value is not None:
                        for write in writers:
                            write(name, value, point.step)
            written = len(curve)

        yield log


@contextmanager
def tensorboard(folder: Path) -> Iterator[Scalar]:
    """Write an event file that `tensorboard --logdir` shows."""
    writer: Any = _imported("tensorboard", "torch.utils.tensorboard").SummaryWriter(str(folder))
    yield writer.add_scalar
    writer.close()


@contextmanager
def dvclive(folder: Path) -> Iterator[Scalar]:
    """Write the tables that `dvc plots` and DVC's extension for editors show."""
    live: Any = _imported("dvclive", "dvclive").Live(str(folder), save_dvc_exp=False, dvcyaml=None)

    def write(name: str, value: float, step: int) -> None:
        live.step = step
        live.log_metric(name, value)

    yield write
    live.end()


LOGGERS = {"tensorboard": tensorboard, "dvclive": dvclive}


def _imported(package: str, module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ThoughtmillError(
            f"finetune.logs: {package} is not installed: `pip install 'thoughtmill[logs]'`"
        ) from error

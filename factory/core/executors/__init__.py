"""The registry of executors: they spread work over processes or machines.

To add an executor, write a class like `local.WorkerPool` and its line in `EXECUTORS`, or an entry point of
the group `thoughtmill.executors` in your package. `executor` in `params.yaml` chooses one. All give the same
rows, so no stage is stale when another is chosen.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import NotInProject
from thoughtmill.factory.core.registry import Registry

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Executor(Protocol[Item_contra, Result_co]):
    """Does work on items; open while it spreads them."""

    def spread(self, items: Iterable[Item_contra]) -> Iterator[Result_co]:
        """Yield the result of every item, in order and in flat memory."""
        ...


class ExecutorMaker(Protocol):
    """A class of executors.

    It may have `SETTINGS`, the pydantic model of its section of `params.yaml`, which has its name. Then it is
    also called with `settings`.
    """

    def __call__(
        self,
        work: Callable[[list[Item]], list[Result]],
        lost: Callable[[Item], Result],
        workers: int,
        begin: Callable[..., None],
        arguments: tuple[Any, ...],
    ) -> Executor[Item, Result]:
        """Return an executor of `workers` that each call `begin(*arguments)` once, then `work(items)`.

        The result of an item whose worker died twice is `lost(item)`.
        """
        ...


EXECUTORS: Registry[ExecutorMaker] = Registry(
    "executor",
    "thoughtmill.executors",
    {
        "local": "thoughtmill.factory.core.executors.local:WorkerPool",
        "ray": "thoughtmill.factory.core.executors.ray:RayPool",
    },
)


def faults(given: object) -> Iterator[str]:
    """Yield the fault of `executor` in `params.yaml`, if it is no name; `check` knows the names."""
    if not isinstance(given, str):
        yield "params.yaml: executor: give a name"


def is_spread() -> bool:
    """Say whether the current project has another executor than the local pool."""
    try:
        return (params.load().get("executor") or "local") != "local"
    except NotInProject:
        return False


def chosen(path: Path | None = None) -> ExecutorMaker:
    """Return the executor that `params.yaml` chooses, with its settings; outside a project, `local`."""
    try:
        name = params.load(path).get("executor") or "local"
    except NotInProject:
        name = "local"
    make: Any = EXECUTORS.named(name, "params.yaml: executor: ")
    model = getattr(make, "SETTINGS", None)
    chosen: ExecutorMaker = make
    return chosen if model is None else partial(make, settings=params.section(name, model, path))

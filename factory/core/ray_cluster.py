"""A cluster of Ray: join it or start it on this machine, name its dashboard, and say what it has room for."""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

from pydantic import Field

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.printable import say

STORE_B = 200_000_000
QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
OPTIONS = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}
"""Ray's own resources, by the option that asks for each."""

STARTS = 3
LATE = "timed out during startup"
"""What Ray says of a node that is not there in 30 seconds; no setting gives it more."""

Started = TypeVar("Started")

_dashboard: str | None = None


class RaySettings(Section):
    """The section `ray` of `params.yaml`, for `executor: ray`."""

    address: str = Field("local", description="`local` starts Ray here; `auto` or host:port joins a cluster")
    workers: int = Field(0, ge=0, description="0 is as many as there is room for")
    resources: Mapping[str, float] = Field(
        {"CPU": 1}, description="what each worker takes of its node: CPU, GPU, or resources of your own"
    )


def joined(settings: RaySettings, workers: int) -> Any:
    """Return the module `ray`, connected to a cluster or to Ray on this machine.

    Ray on this machine is started for this process, and ends with it.
    """
    global _dashboard  # noqa: PLW0603  a process joins one cluster
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # 15 by default: other work would come first
    ray: Any = import_module("ray")  # takes seconds; half of it has no types
    if ray.is_initialized():
        return ray
    if settings.address == "local":
        room = _room(settings.resources, workers)
        started(lambda: ray.init("local", **room, include_dashboard=False, **QUIET))
        _say(f"started here for {workers} workers; a cluster (`ray.address`) has a dashboard")
        return ray
    try:
        context = ray.init(settings.address, **QUIET)
    except (ConnectionError, ValueError) as error:
        where, why = f"no cluster at `{settings.address}`", str(error).splitlines()[0]
        raise ThoughtmillError(f"params.yaml: ray.address: {where}: {why}") from error
    if context.dashboard_url:
        _dashboard = f"Ray's dashboard: http://{context.dashboard_url}"
    _say(f"{len(ray.nodes())} nodes, {cores(ray)} cores; {_dashboard or 'it has no dashboard'}")
    return ray


def started(start: Callable[[], Started]) -> Started:
    """Start a node of Ray by a function, and again if it is late, as on a very busy machine."""
    for _ in range(STARTS):
        try:
            return start()
        except Exception as error:  # Ray has no class for it
            if LATE not in str(error):
                raise
    raise ThoughtmillError(
        f"ray: no node has started here in {STARTS} tries of 30 seconds: try again on a less busy machine"
    )


def dashboard() -> str | None:
    """Return the words for the dashboard of the cluster that this process has joined."""
    return _dashboard


def _say(words: str) -> None:
    say(f"ray: {words}")


def check_alive(ray: Any, settings: RaySettings) -> None:
    """Raise a `ThoughtmillError` if the node that was started here has died: no other comes in its place."""
    if settings.address == "local" and not any(node["Alive"] for node in ray.nodes()):
        raise ThoughtmillError(
            "ray: the node that was started here has died, as when memory runs out; nothing is lost: "
            "run the same command again"
        )


def room_wanted(ray: Any, resources: Mapping[str, float]) -> str:
    """Return the words for a node that has room for a worker, and what the cluster has of it in all."""
    has = ray.cluster_resources()
    wanted = ", ".join(f"{name} {amount:g}" for name, amount in resources.items())
    there = ", ".join(f"{name} {has.get(name, 0):g}" for name in resources)
    return f"a node with {wanted or 'room'} free" + (f"; the cluster has {there}" if there else "")


def _room(resources: Mapping[str, float], workers: int) -> dict[str, Any]:
    """Return what Ray on this machine has: room for all workers, however few cores there are."""
    own = {name: amount * workers for name, amount in resources.items() if name not in OPTIONS}
    needed = round(workers * resources.get("CPU", 1))
    return {"num_cpus": max(1, needed), "resources": own, "object_store_memory": STORE_B}


def cores(ray: Any) -> int:
    """Return the number of cores of a cluster, at least one."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def most_workers(ray: Any, resources: Mapping[str, float]) -> int:
    """Return how many workers the resources of a cluster suffice for, at least one."""
    has = ray.cluster_resources()
    return max(
        1, int(min((has.get(name, 0) / amount for name, amount in resources.items() if amount), default=1))
    )


def taken(resources: Mapping[str, float]) -> dict[str, Any]:
    """Return resources as the options of an actor, which goes to the least busy node that has them."""
    known = {option: resources[name] for name, option in OPTIONS.items() if name in resources}
    own = {name: amount for name, amount in resources.items() if name not in OPTIONS}
    return {"num_cpus": 0, **known, "resources": own, "scheduling_strategy": "SPREAD"}


def here(ray: Any) -> dict[str, Any]:
    """Return the options of an actor that takes no core, and lives on the node of this process."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    place = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return {"num_cpus": 0, "scheduling_strategy": place}

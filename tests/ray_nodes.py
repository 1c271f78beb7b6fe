"""A cluster of Ray nodes on this machine, as processes that a test can kill."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.waiting import PATIENCE_S
from thoughtmill.factory.core.ray_cluster import QUIET, STORE_B, started


@contextmanager
def ray_nodes(count: int, cpus: int, gpus: int = 0) -> Iterator[Any]:
    """Start nodes of this many cores and claimed GPUs each, and join them; the first is the head."""
    ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")
    from ray.cluster_utils import Cluster

    size = {"num_cpus": cpus, "num_gpus": gpus, "object_store_memory": STORE_B, "include_dashboard": False}
    head = {**size, "no_monitor": True, "include_log_monitor": False}  # a process less each
    cluster = started(lambda: Cluster(initialize_head=True, head_node_args=head))
    try:
        for _ in range(count - 1):
            started(lambda: cluster.add_node(wait=False, **size))
        ray.init(cluster.address, **QUIET)
        cluster.wait_for_nodes(PATIENCE_S)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()

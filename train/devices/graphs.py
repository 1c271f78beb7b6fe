"""CUDA graphs: kernels that are recorded once and started together from then on."""

from collections.abc import Callable
from typing import Any

import torch

WARM_UPS = 2


def captured(
    work: Callable[[], object], pool: Any, warming: Callable[[], object] | None = None
) -> torch.cuda.CUDAGraph:
    """Return a CUDA graph of some work, with memory of `pool`, after two runs of `warming` (or the work)."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UPS):
            (warming or work)()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # Other threads, which solve texts meanwhile, may use the GPU.
    with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
        work()
    return graph

"""Time work on a GPU; and the errors that end one measurement but not the others."""

import time
from collections.abc import Callable

import torch

FAILURES = (RuntimeError, TypeError, AttributeError, ValueError, AssertionError, KeyError, IndexError)


def finish() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], times: int = 10) -> float:
    """Return the seconds that some work takes on the device, after three warm-up runs."""
    for _ in range(3):
        work()
    finish()
    begun = time.perf_counter()
    for _ in range(times):
        work()
    finish()
    return (time.perf_counter() - begun) / times

"""The clock that every step on a card uses, and what may go wrong in a piece without ending the others."""

import time
from collections.abc import Callable

import torch

FAILURES = (RuntimeError, TypeError, AttributeError, ValueError, AssertionError, KeyError, IndexError)


def seconds(work: Callable[[], object], times: int = 10) -> float:
    """Return the seconds that some work takes on the card, after three times to warm up."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(times):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - begun) / times

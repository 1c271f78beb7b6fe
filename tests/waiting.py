"""Waiting for another process, however busy the machine is."""

import time
from collections.abc import Callable

PATIENCE_S = 600.0
"""How long tests wait for what must come; whoever waits longer waits in vain."""


def until(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up_s, "waited in vain"
        time.sleep(0.005)

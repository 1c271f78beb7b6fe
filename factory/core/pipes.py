"""Pipes with a deadline: no process that stopped reading or writing holds this one up.

>>> ours, theirs = os.pipe()
>>> write(theirs, b"42", time.monotonic() + 1)
>>> read(ours, 100, time.monotonic() + 1)
b'42'
"""

import math
import os
import select
import time


def write(pipe: int, data: bytes, deadline: float) -> None:
    """Write all of it. Raises TimeoutError when it is late, BrokenPipeError when nobody reads any more."""
    for at in range(0, len(data), select.PIPE_BUF):  # a pipe that is ready takes so much without waiting
        _wait(pipe, select.POLLOUT, deadline)
        os.write(pipe, data[at : at + select.PIPE_BUF])


def read(pipe: int, length: int, deadline: float) -> bytes:
    """Read the bytes that are there, up to a length; none at the end of the stream. Raises TimeoutError."""
    _wait(pipe, select.POLLIN, deadline)
    return os.read(pipe, length)


def _wait(pipe: int, event: int, deadline: float) -> None:
    """Wait until a pipe is ready; unlike select, poll knows descriptors above 1,024 too."""
    waiting = select.poll()
    waiting.register(pipe, event)
    if not waiting.poll(math.ceil(1000 * max(0.0, deadline - time.monotonic()))):
        raise TimeoutError

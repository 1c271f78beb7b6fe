"""Pipes with a deadline: no process that stopped reading or writing holds this one up.

>>> ours, theirs = os.pipe()
>>> write(theirs, b"42", time.monotonic() + 1)
>>> read(ours, 100, time.monotonic() + 1)
b'42'
"""

import os
import select
import time


def write(pipe: int, data: bytes, deadline: float) -> None:
    """Write all of it. Raises TimeoutError when it is late, BrokenPipeError when nobody reads any more."""
    for at in range(0, len(data), select.PIPE_BUF):  # a pipe that is ready takes so much without waiting
        if not select.select([], [pipe], [], _left_s(deadline))[1]:
            raise TimeoutError
        os.write(pipe, data[at : at + select.PIPE_BUF])


def read(pipe: int, length: int, deadline: float) -> bytes:
    """Read what is there, up to a length; nothing at the end of the stream. Raises TimeoutError."""
    if not select.select([pipe], [], [], _left_s(deadline))[0]:
        raise TimeoutError
    return os.read(pipe, length)


def _left_s(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())

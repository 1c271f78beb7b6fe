"""Limits per minute that all runs with one ledger share, so that two runs at once keep them together.

The state of a limit is a small file beside the ledger, one for each endpoint and amount. Its times are those
of the system's monotonic clock, which all processes read alike.
"""

import fcntl
import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thoughtmill.factory.teachers.endpoint.flow import Flow, RateLimiter

STATE = struct.Struct("dd")  # the level, and when it was that
FUTURE_S = 120.0  # a time so far ahead is from before the machine was started


class SharedRateLimiter(RateLimiter):
    """A rate limiter whose state is in a file, which is locked while it is read and written."""

    def __init__(self, per_minute: float, now_s: float, path: Path) -> None:
        super().__init__(per_minute, now_s)
        self.file = path.open("a+b", buffering=0)

    def wait_s(self, amount: float, now_s: float) -> float:
        """Return the seconds until `amount` may be taken."""
        with self._locked(now_s):
            return super().wait_s(amount, now_s)

    def take(self, amount: float, now_s: float) -> None:
        """Take `amount`; a negative amount is given back."""
        with self._locked(now_s):
            super().take(amount, now_s)
            self.file.truncate(0)
            self.file.write(STATE.pack(self.level, self.at_s))

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    @contextmanager
    def _locked(self, now_s: float) -> Iterator[None]:
        """Lock the file and read the state; that of another limit per minute is cut to this one."""
        fcntl.lockf(self.file, fcntl.LOCK_EX)
        try:
            self.file.seek(0)
            state = self.file.read(STATE.size)
            if len(state) == STATE.size:
                level, at_s = STATE.unpack(state)
                if at_s < now_s + FUTURE_S:
                    self.level, self.at_s = min(level, self.size), at_s
            yield
        finally:
            fcntl.lockf(self.file, fcntl.LOCK_UN)


def share(flow: Flow, endpoint: str, ledger: Path, now_s: float) -> list[SharedRateLimiter]:
    """Let a run share its limits with other runs of the ledger; return the limiters to close at its end."""
    shared = []
    for name in ("requests", "tokens"):
        limiter = getattr(flow, name)
        if limiter is not None:
            digest = hashlib.sha256(f"{endpoint}/{name}".encode()).hexdigest()[:16]
            path = ledger.with_name(f"{ledger.name}-limit-{digest}")
            shared.append(SharedRateLimiter(limiter.per_minute, now_s, path))
            setattr(flow, name, shared[-1])
    return shared

"""Rows that wait to be asked again, in the order in which their time comes. Pure: seconds are passed in."""

import heapq
import itertools
import math

from thoughtmill.factory.teachers.endpoint.rows import Row


class Waiting:
    """A heap of rows by the time they are due; of two due at once, the one that came first."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, int, Row]] = []
        self.numbers = itertools.count()

    def put(self, row: Row, due_s: float) -> None:
        """Let a row wait until `due_s`."""
        heapq.heappush(self.rows, (due_s, next(self.numbers), row))

    def take(self, now_s: float) -> Row | None:
        """Take a row whose time has come."""
        return heapq.heappop(self.rows)[2] if self.due_s() <= now_s else None

    def due_s(self) -> float:
        """Return when the next row is due; infinity when none waits."""
        return self.rows[0][0] if self.rows else math.inf

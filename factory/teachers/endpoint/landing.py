"""Landing: what came back and is not in the ledger yet, and the replies it comes to."""

from dataclasses import dataclass, field

from thoughtmill.factory.ledger import Attempt, Failure, Ledger, Result
from thoughtmill.factory.teachers import Reply
from thoughtmill.factory.teachers.endpoint.deliveries import Completed
from thoughtmill.factory.teachers.endpoint.rows import Row


@dataclass(slots=True)
class Group:
    """What is written to the ledger at once; `over` are the rows that end with it."""

    over: list[Row] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def end(self, row: Row, end: Result | Failure, completed: Completed | None = None) -> None:
        """Take in how a row ends."""
        if isinstance(end, Result):
            self.results.append(end)
        else:
            self.failures.append(end)
        self.replies += row.replies(end, completed)
        self.over.append(row)

    def write(self, ledger: Ledger) -> None:
        """Write it."""
        if self.over or self.attempts:
            ledger.write(self.results, self.attempts, self.failures)

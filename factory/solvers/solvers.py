"""The solvers that hold processes, opened and closed together."""

from pathlib import Path

from thoughtmill.factory.core.worker import ClosingContext
from thoughtmill.factory.solvers.equations import Equations
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.programs import Programs


class Solvers(ClosingContext):
    """The fence that runs programs and the solver of equations: all that a thought needs to be solved.

    Both start their processes when they are first needed; leaving the context ends them. `fence` is the
    result of `factory.solvers.programs.fence_for`, where it is known; `late` is the folder in which the
    workers of a run remember the programs that do not end.
    """

    def __init__(
        self, limits: Limits, equations_timeout_s: float, fence: str | None = None, late: Path | None = None
    ) -> None:
        self.programs = Programs(limits, fence=fence, late=late)
        self.equations = Equations(timeout_s=equations_timeout_s)

    def close(self) -> None:
        """End the processes of both."""
        self.programs.close()
        self.equations.close()

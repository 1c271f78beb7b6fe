"""The solvers that hold processes, opened and closed together."""

from types import TracebackType
from typing import Self

from factory.solvers.equations import Equations
from factory.solvers.limits import Limits
from factory.solvers.programs import Programs


class Solvers:
    """What a thought needs to be solved: the fence that runs programs and the solver of equations.

    Both start their processes when they are first needed; leaving the context ends them.
    """

    def __init__(self, limits: Limits, equations_timeout_s: float) -> None:
        self.programs = Programs(limits)
        self.equations = Equations(timeout_s=equations_timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes of both."""
        self.programs.close()
        self.equations.close()

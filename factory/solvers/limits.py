"""The limits every program runs under; the section `verify.limits` of `params.yaml`."""

from typing import Literal

from pydantic import BaseModel, Field


class Limits(BaseModel, extra="forbid", frozen=True):
    """What a program may use, and how strong its fence must be.

    Real programs take 0.12 ms at the median and 3 ms at the 99.9th percentile, and one in two thousand loops
    for ever: hence a short first limit in the restricted interpreter, and a long second one in a process for
    the few that reach the first.

    Processor time decides, as it is the same on a busy machine: the long wall time only ends programs that
    wait. Sleeping takes no time, and a program that has not computed for three seconds is late. The slowest
    real programs that end compute for three to five seconds, and longer beside other work: the limit is
    beyond that, so that verdicts seldom depend on the load.

    A budget makes what a run keeps depend on the order in which its workers find the programs that do not
    end; so there is none unless it is set, and rebuilds are identical.

    >>> Limits(wall_s=0.2).cpu_s
    10.0
    """

    wall_s: float = Field(default=0.5, gt=0, description="wall time in the restricted interpreter, seconds")
    long_wall_s: float = Field(default=120.0, gt=0, description="wall time in a process, seconds")
    cpu_s: float = Field(default=10.0, gt=0, description="processor time, seconds, rounded up to whole ones")
    budget_s: float = Field(
        default=0.0,
        ge=0,
        description="processor time of a whole run for programs that do not end, seconds; 0 is no budget",
    )
    memory_mb: int = Field(default=512, gt=0, description="memory beyond the interpreter's own, MiB")
    output_kb: int = Field(default=64, gt=0, description="what it may print, KiB")
    file_kb: int = Field(
        default=0, ge=0, description="size of a file it writes where no fence forbids it, KiB"
    )
    processes: int = Field(default=0, ge=0, description="processes it may start where no fence forbids it")
    fence: Literal["auto", "strict"] = Field(
        default="auto",
        description="auto: the strongest fence that is there; strict: refuse when protections are missing",
    )

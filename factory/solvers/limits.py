"""The limits every program runs under; the section `verify.limits` of `params.yaml`."""

from typing import Literal

from pydantic import BaseModel, Field


class Limits(BaseModel, extra="forbid", frozen=True):
    """What a program may use, and how strong its fence must be.

    Real programs take 0.12 ms at the median and 3 ms at the 99.9th percentile, and one in two thousand loops
    for ever: hence a short first limit, and a long second one for the few that reach the first.

    The last word is that of the processor time, which is the same on a busy machine: the long wall time only
    ends what waits or sleeps.

    >>> Limits(wall_s=0.2).cpu_s
    5.0
    """

    wall_s: float = Field(default=0.5, gt=0, description="wall time of the first try, seconds")
    long_wall_s: float = Field(default=15.0, gt=0, description="wall time of the second try, seconds")
    cpu_s: float = Field(default=5.0, gt=0, description="processor time, seconds, rounded up to whole ones")
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

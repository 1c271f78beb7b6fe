"""The section `student` of `params.yaml`: size, texts and training of the embedded base."""

from pydantic import Field

from thoughtmill.factory.core.params import Section


class Cycle(Section):
    """A part of training with new optimizers, whose rates fall to zero at its end."""

    steps: int = Field(gt=0)
    share: float = Field(1.0, gt=0, description="share of the full rates at its start")
    closed: bool = Field(False, description="whether solutions in words end with the line of their answer")


class StudentSettings(Section):
    """The section `student` of `params.yaml`."""

    cycles: tuple[Cycle, ...] = Field(
        (
            Cycle(steps=12000),
            Cycle(steps=8000, share=0.5),
            Cycle(steps=3000, share=0.25, closed=True),
            Cycle(steps=9000, share=0.5, closed=True),
        ),
        min_length=1,
    )
    problems: int = Field(12, gt=0, description="problems with their sums, per step")
    sums: int = Field(6, gt=0, description="texts of sums by themselves, per step")
    fragments: int = Field(2, gt=0, description="texts of shuffled lines, per step")
    stories: int = Field(100000, gt=0, description="training problems to read from")
    sums_first: float = Field(0.05, ge=0, lt=1, description="share of the first cycle that reads only sums")
    seed: int = 0
    problem_weight: float = Field(
        0.1, ge=0, le=1, description="weight of a problem's tokens in the loss; others weigh 1"
    )
    width: int = Field(128, gt=0)
    layers: int = Field(5, gt=0)
    heads: int = Field(4, gt=0)
    hidden: int = Field(384, gt=0, description="width inside a layer's MLP")
    vocabulary: int = Field(1024, gt=0)
    muon_rate: float = Field(0.02, gt=0)
    adam_rate: float = Field(0.004, gt=0)
    cooldown: float = Field(0.7, gt=0, le=1, description="share of a cycle in which the rates fall to 0")

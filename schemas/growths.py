"""The table `growths`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Text, Whole


class Growths(pa.DataFrameModel):
    """One row per attempt of a growth on a problem: the problem it made, or why it made nothing."""

    parent_id: Text = pa.Field(description="the problem that it tried to grow")
    growth: Text = pa.Field(description="the growth: `redraw`, `fobar`, ...")
    number: Whole = pa.Field(ge=0, description="the attempts of one growth on one problem, from 0")
    problem_id: Text = pa.Field(
        nullable=True, description="the problem it made, or the parent where it wrote completions only"
    )
    reason: Text = pa.Field(
        nullable=True,
        description="why it made nothing, or why the problem that a teacher wrote is not kept; else null",
    )

    class Config:
        name = "growths"
        strict = True
        ordered = True
        unique = ["parent_id", "growth", "number"]  # noqa: RUF012  pandera reads a plain class attribute

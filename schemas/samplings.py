"""The table `samplings`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Text, Whole


class Samplings(pa.DataFrameModel):
    """One row per thought, teacher and sample: the parameters that its requests were sent with."""

    thought: Text = pa.Field(description="the kind of rationale asked for")
    teacher: Text = pa.Field(description="the teacher that was asked")
    sample: Whole = pa.Field(ge=0, description="the index of the sample, from 0")
    parameters: Text = pa.Field(
        description="model, temperature, seed and so on as JSON; of a program, its settings"
    )

    class Config:
        name = "samplings"
        strict = True
        ordered = True
        unique = ["thought", "teacher", "sample"]  # noqa: RUF012  pandera reads a plain class attribute

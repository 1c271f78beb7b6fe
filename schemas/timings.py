"""The table `timings`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Real, Text


class Timings(pa.DataFrameModel):
    """One row per record that this machine verified; no part of the data version, as no two runs agree."""

    record_id: Text = pa.Field(unique=True, description="the record")
    completion_id: Text = pa.Field(description="the completion that was read and solved")
    elapsed_s: Real = pa.Field(ge=0, description="seconds to read and solve it in the fences")

    class Config:
        name = "timings"
        strict = True
        ordered = True
        unique = ["record_id"]  # noqa: RUF012  pandera reads a plain class attribute

"""The table `timings`."""

from thoughtmill.schemas.fields import Model, Real, Text


class Timings(Model, name="timings", key=("record_id",)):
    """One row per record that this machine verified; no part of the data version, as no two runs agree."""

    record_id = Text(description="the record")
    completion_id = Text(description="the completion that was read and solved")
    elapsed_s = Real(ge=0, description="seconds to read and solve it in the fences")

"""The table `checks`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Text, Truth


class Checks(pa.DataFrameModel):
    """One row per record and check, long form: a new check adds rows, not columns."""

    record_id: Text = pa.Field(description="the record that was checked")
    check: Text = pa.Field(description="the name of the check")
    passed: Truth = pa.Field(nullable=True, description="whether it passed; null where it does not apply")
    detail: Text = pa.Field(nullable=True, description="what was found")

    class Config:
        name = "checks"
        strict = True
        ordered = True
        unique = ["record_id", "check"]  # noqa: RUF012  pandera reads a plain class attribute

"""The table `attempts`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Real, Text, Whole


class Attempts(pa.DataFrameModel):
    """One row per request that the ledger of this machine knows; no part of the data version."""

    request_key: Text = pa.Field(unique=True, description="the request, as in `completions`")
    endpoint: Text = pa.Field(nullable=True, description="the name of its endpoint; null without an answer")
    failed: Whole = pa.Field(ge=0, description="attempts on this machine that failed")
    last_fault: Text = pa.Field(nullable=True, description="what went wrong in the last of them")
    answered_at: Real = pa.Field(
        nullable=True, ge=0, description="when the answer came, in seconds since 1970, UTC; null without one"
    )

    class Config:
        name = "attempts"
        strict = True
        ordered = True
        unique = ["request_key"]  # noqa: RUF012  pandera reads a plain class attribute

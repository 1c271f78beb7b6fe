"""The table `attempts`."""

from thoughtmill.schemas.fields import Model, Real, Text, Whole


class Attempts(Model, name="attempts", key=("request_key",)):
    """One row per request that the ledger of this machine knows; no part of the data version."""

    request_key = Text(description="the request, as in `completions`")
    endpoint = Text(nullable=True, description="the name of its endpoint; null without an answer")
    failed = Whole(ge=0, description="attempts on this machine that failed")
    last_fault = Text(nullable=True, description="what went wrong in the last of them")
    answered_at = Real(
        nullable=True, ge=0, description="when the answer came, in seconds since 1970, UTC; null without one"
    )

"""The table `refused`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import SPLITS, Text, Whole


class Refused(pa.DataFrameModel):
    """One row per row of a source that could not become a problem, with the reason."""

    source: Text = pa.Field(description="the problem set it comes from")
    split: Text = pa.Field(isin=list(SPLITS), description="the split its set puts it in")
    position: Whole = pa.Field(ge=0, description="the index of the row in its split, from 0")
    place: Text = pa.Field(description="where it is: `mine.csv, line 3`")
    text: Text = pa.Field(description="the row as it is in its file, or its values as JSON")
    reason: Text = pa.Field(description="why it could not become a problem")

    class Config:
        name = "refused"
        strict = True
        ordered = True
        unique = ["source", "split", "position", "place"]  # noqa: RUF012  pandera reads a plain class attribute

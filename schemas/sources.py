"""The table `sources`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import SPLITS, Text, Whole


class Sources(pa.DataFrameModel):
    """One row per split of a problem set that was read from files or the Hub: where it came from."""

    source: Text = pa.Field(description="the problem set, by its name in `seed.sources`")
    split: Text = pa.Field(isin=list(SPLITS), description="the split that was read")
    place: Text = pa.Field(description="its files, or its name on the Hub")
    revision: Text = pa.Field(
        nullable=True, description="the commit on the Hub; null for files, or where the Hub was not asked"
    )
    license: Text = pa.Field(description="the licence of the set, as an SPDX name where one exists")
    rows: Whole = pa.Field(ge=0, description="rows that were read")
    samples: Whole = pa.Field(
        ge=0, description="rows with one more completion of an earlier row's problem: samples, not problems"
    )
    refused: Whole = pa.Field(ge=0, description="rows that could not become a problem")

    class Config:
        name = "sources"
        strict = True
        ordered = True
        unique = ["source", "split", "place"]  # noqa: RUF012  pandera reads a plain class attribute

"""The table `lengths`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Text, Whole


class Lengths(pa.DataFrameModel):
    """One row per record with a rationale: how long it is, whoever wrote it."""

    record_id: Text = pa.Field(unique=True, description="the record")
    characters: Whole = pa.Field(ge=0, description="characters of the rationale")
    lines: Whole = pa.Field(ge=0, description="lines of the rationale that are not blank")
    tokens: Whole = pa.Field(
        ge=0,
        description="tokens of the rationale, counted without a model: words, digits, signs, line ends",
    )

    class Config:
        name = "lengths"
        strict = True
        ordered = True
        unique = ["record_id"]  # noqa: RUF012  pandera reads a plain class attribute

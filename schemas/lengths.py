"""The table `lengths`."""

from thoughtmill.schemas.fields import Model, Text, Whole


class Lengths(Model, name="lengths", key=("record_id",)):
    """One row per record with a rationale: how long it is, whoever wrote it."""

    record_id = Text(description="the record")
    characters = Whole(ge=0, description="characters of the rationale")
    lines = Whole(ge=0, description="lines of the rationale that are not blank")
    tokens = Whole(
        ge=0,
        description="tokens of the rationale, counted without a model: words, digits, signs, line ends",
    )

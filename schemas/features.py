"""The table `features`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Text, Whole


class Features(pa.DataFrameModel):
    """One row per problem: what makes it easy or hard, as its text and its worked solution show."""

    problem_id: Text = pa.Field(unique=True, description="the problem")
    template: Text = pa.Field(nullable=True, description="embedded: what the story is about: `marbles`")
    composition: Text = pa.Field(nullable=True, description="embedded: the steps of the story in order")
    steps: Whole = pa.Field(
        nullable=True, ge=0, description="calculations in the worked solution; null where none are marked"
    )
    operations: Text = pa.Field(
        nullable=True, description="the kinds of these calculations, in the order `+-*/`: `+*`"
    )
    numbers: Whole = pa.Field(ge=0, description="numbers in the text of the problem")
    words: Whole = pa.Field(ge=0, description="words in the text of the problem")

    class Config:
        name = "features"
        strict = True
        ordered = True
        unique = ["problem_id"]  # noqa: RUF012  pandera reads a plain class attribute

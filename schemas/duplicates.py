"""The table `duplicates`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Text

DUPLICATES: dict[str, str] = {
    "problem": "a problem with the text of an earlier problem",
    "held_out": "a problem of train that shares most n-grams with held-out problems",
    "rationale": "a record with the rationale of an earlier sample",
    "calculations": "a chain with the calculations of an earlier chain",
}


class Duplicates(pa.DataFrameModel):
    """One row per problem or record that repeats another one of the corpus, with the one that it repeats."""

    kind: Text = pa.Field(isin=list(DUPLICATES), description="what repeats: " + ", ".join(DUPLICATES))
    duplicate_id: Text = pa.Field(description="the problem or record that repeats another one")
    original_id: Text = pa.Field(description="the problem or record that it repeats")
    problem_id: Text = pa.Field(description="the problem of the duplicate")
    original_problem_id: Text = pa.Field(description="the problem of the original")

    class Config:
        name = "duplicates"
        strict = True
        ordered = True
        unique = ["kind", "duplicate_id"]  # noqa: RUF012  pandera reads a plain class attribute

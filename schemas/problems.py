"""The table `problems`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import SPLITS, Text


class Problems(pa.DataFrameModel):
    """One row per problem: a seed question and its gold answer."""

    problem_id: Text = pa.Field(
        unique=True, description="set, split and position or the set's own id: `gsm8k-test-17`"
    )
    source: Text = pa.Field(description="the problem set it comes from")
    split: Text = pa.Field(isin=list(SPLITS), description="the split its set puts it in")
    problem: Text = pa.Field(str_length={"min_value": 1}, description="the text of the problem")
    answer: Text = pa.Field(
        str_matches=r"^-?\d+(/\d+)?$|^-?\d+\.\d+$",
        description="the gold answer, canonical exact text: `18`, `-3`, `0.5`, `1/3`",
    )
    solution: Text = pa.Field(nullable=True, description="the set's own worked solution; may be null")
    license: Text = pa.Field(description="the licence of the set, as an SPDX name where one exists")

    class Config:
        name = "problems"
        strict = True
        ordered = True
        unique = ["problem_id"]  # noqa: RUF012  pandera reads a plain class attribute

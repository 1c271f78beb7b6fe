"""The table `problems`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import SPLITS, Text


class Problems(pa.DataFrameModel):
    """One row per problem: a question and its gold answer."""

    problem_id: Text = pa.Field(
        unique=True, description="set, split and position or the set's own id: `gsm8k-test-17`"
    )
    source: Text = pa.Field(description="the problem set it comes from")
    split: Text = pa.Field(isin=list(SPLITS), description="the split its set puts it in")
    problem: Text = pa.Field(str_length={"min_value": 1}, description="the text of the problem")
    answer: Text = pa.Field(
        nullable=True,
        description="the gold answer, canonical text of its kind: `18`, `x^2+1`; null when it is unknown",
    )
    answer_kind: Text = pa.Field(
        description="the kind of the gold answer: `number`, `expression`, ...; unknown, the kind to answer in"
    )
    subject: Text = pa.Field(nullable=True, description="the subject, in the set's own words: `Algebra`")
    level: Text = pa.Field(nullable=True, description="the difficulty, in the set's own words: `Level 5`")
    solution: Text = pa.Field(nullable=True, description="the set's own worked solution; may be null")
    license: Text = pa.Field(description="the licence of the set, as an SPDX name where one exists")
    parent_id: Text = pa.Field(
        nullable=True,
        description="the problem it was made from, or `text-` and a digest of its text; null in originals",
    )
    growth: Text = pa.Field(nullable=True, description="how it was made from its parent; null in originals")

    class Config:
        name = "problems"
        strict = True
        ordered = True
        unique = ["problem_id"]  # noqa: RUF012  pandera reads a plain class attribute

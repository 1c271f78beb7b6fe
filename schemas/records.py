"""The table `records`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import DROP_REASONS, FAILURES, SPLITS, Text, Truth, Whole


class Records(pa.DataFrameModel):
    """One row per problem, thought and sample: a rationale with its verdict."""

    record_id: Text = pa.Field(unique=True, description="problem, thought and sample: `gsm8k-train-17/pot/0`")
    problem_id: Text = pa.Field(description="the problem it is about")
    thought: Text = pa.Field(description="its kind of rationale")
    sample: Whole = pa.Field(ge=0, description="the index of the sample, from 0")
    completion_id: Text = pa.Field(description="the completion it was read from")
    rationale: Text = pa.Field(
        nullable=True, description="the parsed text: rules, steps, a program, equations"
    )
    predicted_answer: Text = pa.Field(
        nullable=True, description="the answer of the rationale when solved, canonical text of its kind"
    )
    predicted_kind: Text = pa.Field(
        nullable=True, description="the kind of the predicted answer; null when there is none"
    )
    failure: Text = pa.Field(
        nullable=True, isin=list(FAILURES), description="why there is no predicted answer"
    )
    correct: Truth = pa.Field(
        nullable=True,
        description="whether the predicted answer is the gold answer; null when either is unknown",
    )
    fence: Text = pa.Field(nullable=True, description="what held the program while it ran")
    split: Text = pa.Field(isin=list(SPLITS), description="the split of its problem, in every thought")
    kept: Truth = pa.Field(description="whether it goes into the released training set")
    drop_reason: Text = pa.Field(nullable=True, isin=list(DROP_REASONS), description="why it is not kept")

    class Config:
        name = "records"
        strict = True
        ordered = True
        unique = ["problem_id", "thought", "sample"]  # noqa: RUF012  pandera reads a plain class attribute

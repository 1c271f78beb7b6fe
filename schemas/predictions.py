"""The table `predictions`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import FAILURES, Text, Truth, Whole


class Predictions(pa.DataFrameModel):
    """One row per run, problem, role, round and sample: the student's text and its answer."""

    run: Text = pa.Field(description="the run of inference: its settings, students and seed, in short")
    base: Text = pa.Field(description="the name of the base that its adapters are on")
    training_seed: Whole = pa.Field(ge=0, description="the seed that its adapters were trained with")
    data_version: Text = pa.Field(description="the data version that its adapters were trained on")
    problem_id: Text = pa.Field(description="the problem it is about")
    role: Text = pa.Field(description="the role that wrote it")
    round: Whole = pa.Field(ge=0, description="the round; 0 is at temperature 0, later ones are sampled")
    sample: Whole = pa.Field(ge=0, description="the index of the sample in its round; of a pair, its number")
    text: Text = pa.Field(description="what the student wrote, untouched")
    predicted_answer: Text = pa.Field(
        nullable=True, description="the answer of the text when solved, canonical text of its kind"
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
    new_tokens: Whole = pa.Field(ge=0, description="the tokens that were written, the end of text included")

    class Config:
        name = "predictions"
        strict = True
        ordered = True
        unique = ["run", "problem_id", "role", "round", "sample"]  # noqa: RUF012  pandera reads a plain class attribute

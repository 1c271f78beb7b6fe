"""The table `released`: what the Hub configs of the thoughts hold."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import SPLITS, Text, Truth, Whole


class Released(pa.DataFrameModel):
    """One row per released record of one thought, with its problem: all that a student learns from."""

    record_id: Text = pa.Field(unique=True, description="the record in the table `records`")
    problem_id: Text = pa.Field(description="its problem in the table `problems`")
    sample: Whole = pa.Field(ge=0, description="the index of the sample, from 0")
    source: Text = pa.Field(description="the problem set it comes from")
    split: Text = pa.Field(
        isin=list(SPLITS), description="the exact split; the file `test` holds every test split"
    )
    problem: Text = pa.Field(description="the text of the problem")
    answer: Text = pa.Field(nullable=True, description="the gold answer, canonical text of its kind")
    answer_kind: Text = pa.Field(description="the kind of the gold answer: `number`, `expression`, ...")
    rationale: Text = pa.Field(description="the text to learn from: rules, steps, a program, equations")
    reasoning: Text = pa.Field(
        nullable=True, description="the teacher's thinking before the answer; null when it is unknown"
    )
    predicted_answer: Text = pa.Field(
        nullable=True, description="the answer of the rationale; null for knowledge"
    )
    predicted_kind: Text = pa.Field(nullable=True, description="the kind of that answer")
    verified_by: Text = pa.Field(
        nullable=True,
        isin=["gold", "agreement"],
        description="`gold`: its answer is the gold answer; `agreement`: there is no gold answer, and others "
        "agree; rules, as a thought beside them; null without such a thought",
    )
    agreed: Truth = pa.Field(
        nullable=True, description="whether another thought of the problem has the same answer"
    )
    pure: Truth = pa.Field(
        nullable=True, description="whether the program only computes; null for other thoughts"
    )
    license: Text = pa.Field(description="the licence of the problem set")

    class Config:
        name = "released"
        strict = True
        ordered = True
        unique = ["record_id"]  # noqa: RUF012  pandera reads a plain class attribute

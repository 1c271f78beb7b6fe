"""The table `records`."""

from thoughtmill.schemas.fields import DROP_REASONS, FAILURES, SPLITS, Model, Text, Truth, Whole


class Records(Model, name="records", key=("problem_id", "thought", "sample")):
    """One row per problem, thought and sample: a rationale with its verdict."""

    record_id = Text(description="problem, thought and sample: `gsm8k-train-17/pot/0`")
    problem_id = Text(description="the problem it is about")
    thought = Text(description="its kind of rationale")
    sample = Whole(ge=0, description="the index of the sample, from 0")
    completion_id = Text(description="the completion it was read from")
    rationale = Text(nullable=True, description="the parsed text: rules, steps, a program, equations")
    predicted_answer = Text(
        nullable=True, description="the answer of the rationale when solved, canonical text of its kind"
    )
    predicted_kind = Text(
        nullable=True, description="the kind of the predicted answer; null when there is none"
    )
    failure = Text(nullable=True, isin=list(FAILURES), description="why there is no predicted answer")
    correct = Truth(
        nullable=True,
        description="whether the predicted answer is the gold answer; null when either is unknown",
    )
    fence = Text(nullable=True, description="what held the program while it ran")
    split = Text(isin=list(SPLITS), description="the split of its problem, in every thought")
    kept = Truth(description="whether it goes into the released training set")
    drop_reason = Text(nullable=True, isin=list(DROP_REASONS), description="why it is not kept")

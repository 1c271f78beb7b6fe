"""The table `predictions`."""

from thoughtmill.schemas.fields import FAILURES, Model, Text, Truth, Whole


class Predictions(Model, name="predictions", key=("run", "problem_id", "role", "round", "sample")):
    """One row per run, problem, role, round and sample: the student's text and its answer."""

    run = Text(description="the run of inference: its settings, students and seed, in short")
    base = Text(description="the name of the base that its adapters are on")
    training_seed = Whole(ge=0, description="the seed that its adapters were trained with")
    data_version = Text(description="the data version that its adapters were trained on")
    problem_id = Text(description="the problem it is about")
    role = Text(description="the role that wrote it")
    round = Whole(ge=0, description="the round; 0 is at temperature 0, later ones are sampled")
    sample = Whole(ge=0, description="the index of the sample in its round; of a pair, its number")
    text = Text(description="what the student wrote, untouched")
    predicted_answer = Text(
        nullable=True, description="the answer of the text when solved, canonical text of its kind"
    )
    predicted_kind = Text(
        nullable=True, description="the kind of the predicted answer; null when there is none"
    )
    failure = Text(nullable=True, isin=list(FAILURES), description="why there is no predicted answer")
    correct = Truth(
        nullable=True,
        description="whether the predicted answer is the gold answer; null when either is unknown",
    )
    new_tokens = Whole(ge=0, description="the tokens that were written, the end of text included")

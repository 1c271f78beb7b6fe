"""The table `released`: what the Hub configs of the thoughts hold."""

from thoughtmill.schemas.fields import SPLITS, Model, Text, Truth, Whole


class Released(Model, name="released", key=("record_id",)):
    """One row per released record of one thought, with its problem: all that a student learns from."""

    record_id = Text(description="the record in the table `records`")
    problem_id = Text(description="its problem in the table `problems`")
    sample = Whole(ge=0, description="the index of the sample, from 0")
    source = Text(description="the problem set it comes from")
    split = Text(isin=list(SPLITS), description="the exact split; the file `test` holds every test split")
    problem = Text(description="the text of the problem")
    answer = Text(nullable=True, description="the gold answer, canonical text of its kind")
    answer_kind = Text(description="the kind of the gold answer: `number`, `expression`, ...")
    rationale = Text(description="the text to learn from: rules, steps, a program, equations")
    reasoning = Text(
        nullable=True, description="the teacher's thinking before the answer; null when it is unknown"
    )
    predicted_answer = Text(nullable=True, description="the answer of the rationale; null for knowledge")
    predicted_kind = Text(nullable=True, description="the kind of that answer")
    verified_by = Text(
        nullable=True,
        isin=["gold", "agreement"],
        description="`gold`: its answer is the gold answer; `agreement`: there is no gold answer, and others "
        "agree; rules, as a thought beside them; null without such a thought",
    )
    agreed = Truth(nullable=True, description="whether another thought of the problem has the same answer")
    pure = Truth(nullable=True, description="whether the program only computes; null for other thoughts")
    license = Text(description="the licence of the problem set")

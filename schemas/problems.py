"""The table `problems`."""

from thoughtmill.schemas.fields import SPLITS, Model, Text


class Problems(Model, name="problems", key=("problem_id",)):
    """One row per problem: a question and its gold answer."""

    problem_id = Text(description="set, split and position or the set's own id: `gsm8k-test-17`")
    source = Text(description="the problem set it comes from")
    split = Text(isin=list(SPLITS), description="the split its set puts it in")
    problem = Text(least_length=1, description="the text of the problem")
    answer = Text(
        nullable=True,
        description="the gold answer, canonical text of its kind: `18`, `x^2+1`; null when it is unknown",
    )
    answer_kind = Text(
        description="the kind of the gold answer: `number`, `expression`, ...; unknown, the kind to answer in"
    )
    subject = Text(nullable=True, description="the subject, in the set's own words: `Algebra`")
    level = Text(nullable=True, description="the difficulty, in the set's own words: `Level 5`")
    solution = Text(nullable=True, description="the set's own worked solution; may be null")
    license = Text(description="the licence of the set, as an SPDX name where one exists")
    parent_id = Text(
        nullable=True,
        description="the problem it was made from, or `text-` and a digest of its text; null in originals",
    )
    growth = Text(nullable=True, description="how it was made from its parent; null in originals")

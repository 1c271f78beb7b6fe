"""The table `features`."""

from thoughtmill.schemas.fields import Model, Text, Whole


class Features(Model, name="features", key=("problem_id",)):
    """One row per problem: what makes it easy or hard, as its text and its worked solution show."""

    problem_id = Text(description="the problem")
    template = Text(nullable=True, description="embedded: what the story is about: `marbles`")
    composition = Text(nullable=True, description="embedded: the steps of the story in order")
    steps = Whole(
        nullable=True, ge=0, description="calculations in the worked solution; null where none are marked"
    )
    operations = Text(nullable=True, description="the kinds of these calculations, in the order `+-*/`: `+*`")
    numbers = Whole(ge=0, description="numbers in the text of the problem")
    words = Whole(ge=0, description="words in the text of the problem")

"""The table `samplings`."""

from thoughtmill.schemas.fields import Model, Text, Whole


class Samplings(Model, name="samplings", key=("thought", "teacher", "sample")):
    """One row per thought, teacher and sample: the parameters that its requests were sent with."""

    thought = Text(description="the kind of rationale asked for")
    teacher = Text(description="the teacher that was asked")
    sample = Whole(ge=0, description="the index of the sample, from 0")
    parameters = Text(description="model, temperature, seed and so on as JSON; of a program, its settings")

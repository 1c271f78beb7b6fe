"""The table `growths`."""

from thoughtmill.schemas.fields import Model, Text, Whole


class Growths(Model, name="growths", key=("parent_id", "growth", "number")):
    """One row per attempt of a growth on a problem: the problem it made, or why it made nothing."""

    parent_id = Text(description="the problem that it tried to grow")
    growth = Text(description="the growth: `redraw`, `fobar`, ...")
    number = Whole(ge=0, description="the attempts of one growth on one problem, from 0")
    problem_id = Text(
        nullable=True, description="the problem it made, or the parent where it wrote completions only"
    )
    reason = Text(
        nullable=True,
        description="why it made nothing, or why the problem that a teacher wrote is not kept; else null",
    )

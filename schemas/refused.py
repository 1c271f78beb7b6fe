"""The table `refused`."""

from thoughtmill.schemas.fields import SPLITS, Model, Text, Whole


class Refused(Model, name="refused", key=("source", "split", "position", "place")):
    """One row per row of a source that could not become a problem, with the reason."""

    source = Text(description="the problem set it comes from")
    split = Text(isin=list(SPLITS), description="the split its set puts it in")
    position = Whole(ge=0, description="the index of the row in its split, from 0")
    place = Text(description="where it is: `mine.csv, line 3`")
    text = Text(description="the row as it is in its file, or its values as JSON")
    reason = Text(description="why it could not become a problem")

"""The table `sources`."""

from thoughtmill.schemas.fields import SPLITS, Model, Text, Whole


class Sources(Model, name="sources", key=("source", "split", "place")):
    """One row per split of a problem set that was read from files or the Hub: where it came from."""

    source = Text(description="the problem set, by its name in `seed.sources`")
    split = Text(isin=list(SPLITS), description="the split that was read")
    place = Text(description="its files, or its name on the Hub")
    revision = Text(
        nullable=True, description="the commit on the Hub; null for files, or where the Hub was not asked"
    )
    license = Text(description="the licence of the set, as an SPDX name where one exists")
    rows = Whole(ge=0, description="rows that were read")
    samples = Whole(
        ge=0, description="rows with one more completion of an earlier row's problem: samples, not problems"
    )
    refused = Whole(ge=0, description="rows that could not become a problem")

"""The table `checks`."""

from thoughtmill.schemas.fields import Model, Text, Truth


class Checks(Model, name="checks", key=("record_id", "check")):
    """One row per record and check, long form: a new check adds rows, not columns."""

    record_id = Text(description="the record that was checked")
    check = Text(description="the name of the check")
    passed = Truth(nullable=True, description="whether it passed; null where it does not apply")
    detail = Text(nullable=True, description="what was found")

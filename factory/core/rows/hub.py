"""Rows of a data set on the Hub, or in a local folder of the Hub's form."""

from collections.abc import Iterator

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.rows import FileRow


def rows_of_hub(name: str, config: str | None, split: str, revision: str | None) -> Iterator[FileRow]:
    """Yield each row of one split of a data set, at a revision where one is given."""
    import datasets
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        rows = datasets.load_dataset(name, config, split=split, revision=revision)
    except (
        ValueError, OSError, datasets.exceptions.DatasetsError, HfHubHTTPError, OfflineModeIsEnabled,
    ) as error:  # fmt: skip
        why = " ".join(str(error).split())
        raise ThoughtmillError(
            f"the Hub data set {name}, split {split}, cannot be loaded; give `file:` for a local copy ({why})"
        ) from error
    shown = f"{name}, {f'{config}, ' if config else ''}{split}"
    for index, row in enumerate(rows):
        yield FileRow(f"{shown}, row {index}", row)

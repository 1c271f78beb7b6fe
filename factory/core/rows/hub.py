"""Rows of a data set on the Hub, or in a local folder of the Hub's form."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.rows import FileRow

TIMEOUT_S = 10.0


def rows_of_hub(
    name: str,
    config: str | None,
    split: str,
    revision: str | None,
    *,
    streaming: bool = False,
    instead: str = "give `file:` for a local copy",
) -> Iterator[FileRow]:
    """Yield each row of one split of a data set, at a revision where one is given.

    Rows are read one at a time: from the copy in the cache, which is made once, or with `streaming` from the
    Hub, for whoever wants only the first rows of a large set. An error says what to do `instead`.
    """
    import datasets
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it tells of each of its retries
    shown = f"{name}, {f'{config}, ' if config else ''}{split}"
    try:
        rows = datasets.load_dataset(name, config, split=split, revision=revision, streaming=streaming)
        for index, row in enumerate(rows):
            yield FileRow(f"{shown}, row {index}", row)
    except (
        ValueError, OSError, datasets.exceptions.DatasetsError, HfHubHTTPError, OfflineModeIsEnabled,
    ) as error:  # fmt: skip
        why = " ".join(str(error).split())
        raise ThoughtmillError(
            f"the Hub data set {name}, split {split}, cannot be loaded; {instead} ({why})"
        ) from error


class HubOrigin(NamedTuple):
    """The commit of a data set on the Hub, and the licence of its card; None where it is not known."""

    revision: str | None
    license: str | None


def origin_of(name: str, revision: str | None) -> HubOrigin:
    """Return the commit that a revision of a data set on the Hub is now, and its licence there.

    Of a local folder, and where the Hub cannot be asked, the commit is the given revision.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    if Path(name).exists():
        return HubOrigin(revision, None)
    try:
        found = HfApi().dataset_info(name, revision=revision, timeout=TIMEOUT_S)
    except (HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, OSError, httpx2.TransportError):
        return HubOrigin(revision, None)
    card: Any = found.card_data or {}
    said = card.get("license_name") if card.get("license") == "other" else card.get("license")
    return HubOrigin(found.sha or revision, said if isinstance(said, str) else None)

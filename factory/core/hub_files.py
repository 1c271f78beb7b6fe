"""The files of releases on the Hub, as DuckDB reads them."""

from datetime import UTC, datetime
from typing import Any

from huggingface_hub import HfFileSystem

OPENED = datetime(2000, 1, 1, tzinfo=UTC)


class HubFiles(HfFileSystem):
    """The file system `hf://`; DuckDB asks it for times, which files of a repository do not have."""

    def modified(self, path: str, **_: Any) -> datetime:
        """Return the same time for every file, as the files of a revision never change."""
        return OPENED

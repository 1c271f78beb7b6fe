"""What the stage `grow` has paid for: the keys of its requests, in its tables and in a note beside them.

The tables of `grow` are gone from when it begins until it ends, and what is in flight when it is killed may
be billed. So it notes the key of each request before it is sent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import length_hint
from pathlib import Path

from thoughtmill.factory.core.files import aside
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.prices import price_of
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

FILES = ("completions", "rewritings")


class AskedByGrow:
    """The note of a project: the keys of the last whole run of `grow`, and of those that began since.

    A key whose request was never sent costs nothing, as no ledger knows it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = _path(folder)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            self.begin = file.tell()

    def add(self, request_keys: Iterable[str]) -> None:
        """Note a request by the keys that it may be sent under."""
        with self.path.open("a") as file:
            file.writelines(f"{key}\n" for key in request_keys)

    def forget_earlier(self) -> None:
        """Keep the keys of this run alone, as it has ended."""
        mine = self.path.read_bytes()[self.begin :]
        with aside(self.path) as part:
            part.write_bytes(mine)


@dataclass(frozen=True)
class NotedRequests:
    """Requests, of which each that goes to an endpoint is noted when it is read."""

    requests: Iterable[Request]
    note: AskedByGrow

    def __length_hint__(self) -> int:
        return length_hint(self.requests)

    def __iter__(self) -> Iterator[Request]:
        for request in self.requests:
            if isinstance(request.settings, EndpointSettings):
                self.note.add(RequestKeys(request.settings).every(request))
            yield request


def paid_by_grow(folder: Path, settings: EndpointSettings) -> Iterator[tuple[str, float]]:
    """Yield the keys of the requests of `grow` in a project, and what each cost if its ledger does not say.

    Completions that no endpoint wrote are among them; the ledger does not know their keys.
    """
    from thoughtmill.factory.core import tables  # 100 MB, which a teacher without tables does without

    for name in FILES:
        path = folder / "data" / "grown" / f"{name}.parquet"
        for row in tables.rows_of(path) if path.exists() else ():
            price = price_of({"model": row["model"]}, settings.prices, settings.url())
            usage = row["prompt_tokens"], row["cached_tokens"], row["completion_tokens"]
            yield row["request_key"], (price.cost_usd(*usage) if price else None) or 0.0
    if _path(folder).exists():
        with _path(folder).open() as file:
            yield from ((line.strip(), 0.0) for line in file)


def _path(folder: Path) -> Path:
    return folder / ".dvc" / "tmp" / "thoughtmill" / "grow-asked"

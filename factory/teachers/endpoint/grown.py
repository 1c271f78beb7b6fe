"""What the stage `grow` has paid for: its requests, as the tables of its last run hold them."""

from collections.abc import Iterator
from pathlib import Path

from thoughtmill.factory.core import tables
from thoughtmill.factory.teachers.endpoint.prices import price_of
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

FILES = ("completions", "rewritings")


def paid_by_grow(folder: Path, settings: EndpointSettings) -> Iterator[tuple[str, float]]:
    """Yield the keys of the requests of `grow` in a project, and what each cost if its ledger does not say.

    Completions that no endpoint wrote are among them; the ledger does not know their keys.
    """
    for name in FILES:
        path = folder / "data" / "grown" / f"{name}.parquet"
        for row in tables.rows_of(path) if path.exists() else ():
            price = price_of({"model": row["model"]}, settings.prices, settings.url())
            usage = row["prompt_tokens"], row["cached_tokens"], row["completion_tokens"]
            yield row["request_key"], (price.cost_usd(*usage) if price else None) or 0.0

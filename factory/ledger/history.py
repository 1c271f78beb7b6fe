"""What the ledger of this machine knows of requests beside their answers: failed attempts, and times."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from thoughtmill.factory.ledger import default_path, reading

HISTORY = """
SELECT request_key, endpoint, coalesce(failed, 0) AS failed, detail AS last_fault, answered_at
FROM asked
LEFT JOIN results USING (request_key)
LEFT JOIN (
    SELECT request_key, count(*) AS failed, detail, max(failed_at) FROM attempts GROUP BY request_key
) USING (request_key)
WHERE answered_at IS NOT NULL OR failed IS NOT NULL
ORDER BY request_key
"""
COLUMNS = ("request_key", "endpoint", "failed", "last_fault", "answered_at")


def history(request_keys: Iterable[str], ledger: Path | None = None) -> Iterator[dict[str, Any]]:
    """Yield a row of the table `attempts` for each request that the ledger knows; without a ledger, none.

    `ledger` is by default that of the user. It is only read.
    """
    path = ledger or default_path()
    if not path.exists():
        return
    with reading(path) as connection:
        connection.execute("CREATE TEMP TABLE asked (request_key TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.executemany("INSERT OR IGNORE INTO asked VALUES (?)", ((key,) for key in request_keys))
        for row in connection.execute(HISTORY):
            yield dict(zip(COLUMNS, row, strict=True))

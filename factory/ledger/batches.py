"""Batches: which of the provider's batches are in the ledger already."""

import time

from thoughtmill.factory.ledger import Ledger


def is_collected(ledger: Ledger, batch_id: str) -> bool:
    """Say whether a batch's answers are in the ledger."""
    row = ledger.connection.execute("SELECT 1 FROM batches WHERE batch_id = ?", (batch_id,)).fetchone()
    return row is not None


def mark_collected(ledger: Ledger, batch_id: str) -> None:
    """Note that a batch's answers are in the ledger."""
    with ledger.named_errors():
        ledger.connection.execute("INSERT OR IGNORE INTO batches VALUES (?, ?)", (batch_id, time.time()))

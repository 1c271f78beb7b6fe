"""Share what was paid for: the ledger as an append-only folder of immutable shards, and back."""

import argparse
from pathlib import Path

from factory.files import root
from factory.ledger import Ledger, shards

HELP = "write the ledger as shards, or take shards in"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the direction and the folder."""
    parser.add_argument("direction", choices=["export", "import"])
    parser.add_argument("folder", type=Path, nargs="?", help="of the shards; default: data/ledger")


def call(words: argparse.Namespace) -> str:
    """Export or import; both only ever add."""
    folder = words.folder or root() / "data" / "ledger"
    with Ledger() as ledger:
        if words.direction == "import":
            return f"{shards.load(ledger, folder)} answers are new to the ledger"
        written = shards.export(ledger, folder)
    return f"{len(written)} new shards in {folder}"

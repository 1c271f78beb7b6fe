"""Share paid completions: export the ledger to a folder of shards, or import one; or forget failures."""

import argparse
from pathlib import Path

from thoughtmill.factory.core.files import root
from thoughtmill.factory.ledger import Ledger, shards
from thoughtmill.factory.teachers.endpoint.responses import unusable


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the direction and the folder."""
    ways = ["export", "import", "retry"]
    help_ = "write shards, read them, or forget failures"
    parser.add_argument("direction", choices=ways, metavar="{export,import,retry}", help=help_)
    parser.add_argument("folder", type=Path, nargs="?", help="the folder of shards; default: data/ledger")


def call(words: argparse.Namespace) -> str:
    """Export, import or retry; export and import only add."""
    folder = words.folder or root() / "data" / "ledger"
    with Ledger() as ledger:
        if words.direction == "retry":
            return f"{ledger.retry(unusable)} requests that failed or have no content will be asked again"
        if words.direction == "import":
            new = shards.load(ledger, folder)
            failed = (
                f"; {ledger.shared_failures()} requests count as failed" if ledger.shared_failures() else ""
            )
            return f"{new} answers are new to the ledger{failed}"
        written = shards.export(ledger, folder)
    return f"{len(written)} new shard{'s' * (len(written) != 1)} in {folder}"

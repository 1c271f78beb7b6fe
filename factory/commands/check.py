"""Check the whole of `params.yaml`: every section, and every name in its lists."""

import argparse

from thoughtmill.factory import check
from thoughtmill.factory.core import params


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def call(words: argparse.Namespace) -> str:
    """Check the file; the error has a line for each fault."""
    given = params.load()
    check.check(given)
    return f"params.yaml: {len(given)} sections, no fault"

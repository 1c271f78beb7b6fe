"""The command line: `thoughtmill COMMAND` imports the module of that command and runs it."""

import argparse
import os
import sys
from collections.abc import Collection
from importlib import import_module
from typing import NoReturn, Protocol

from thoughtmill import __version__
from thoughtmill.factory.core import stage
from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.printable import show

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("thoughtmill.factory.commands.init", "write a corpus project into a new folder"),
    "summary": ("thoughtmill.factory.commands.summary", "summarise the corpus on a screen"),
    "report": ("thoughtmill.factory.commands.report", "name the report's file, or serve it on this machine"),
    "sql": ("thoughtmill.factory.commands.sql", "query the corpus in SQL"),
    "diff": ("thoughtmill.factory.commands.diff", "compare two versions of a corpus"),
    "tag": ("thoughtmill.factory.commands.tag", "name the data version of the corpus"),
    "show": ("thoughtmill.factory.commands.show", "show a problem with its thoughts and verdicts"),
    "why": ("thoughtmill.factory.commands.why", "show all that happened to a problem on one screen"),
    "status": ("thoughtmill.factory.commands.status", "show which stages are built and which are stale"),
    "check": ("thoughtmill.factory.commands.check", "check all of params.yaml at once"),
    "preview": (
        "thoughtmill.factory.commands.preview",
        "ask a few problems of each thought, and show answers, verdicts and prices",
    ),
    "estimate": (
        "thoughtmill.factory.commands.estimate",
        "estimate the requests and the cost of the next run",
    ),
    "ledger": (
        "thoughtmill.factory.commands.ledger",
        "export the ledger as shards, import shards, or retry requests that failed in them",
    ),
    "merge": (
        "thoughtmill.factory.commands.merge",
        "join the parts that shards wrote",
    ),
    "verify": ("thoughtmill.factory.commands.verify_rows", "verify completions that you have"),
    "export": ("thoughtmill.factory.commands.export", "write records in a form that a trainer reads"),
    "prove": ("thoughtmill.factory.commands.prove", "prove that a release is what its manifest says"),
    "push": ("thoughtmill.factory.commands.push", "send the release to the Hugging Face Hub"),
    "profile": (
        "thoughtmill.factory.commands.profile",
        "put a choice of base, roles and training into params.yaml",
    ),
    "ask": ("thoughtmill.train.ask", "ask a trained role, or a policy over roles, a problem"),
    "export-adapter": (
        "thoughtmill.train.export_adapter",
        "merge a role's adapter into its base, for transformers alone",
    ),
    "push-adapter": ("thoughtmill.train.publish", "send a role's adapter to the Hugging Face Hub"),
}
"""The module and the help of each command: the help imports no module."""


class Command(Protocol):
    """A module that implements a command; its docstring is the description."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""
        ...

    def call(self, words: argparse.Namespace) -> str:
        """Run the command and return the text to print."""
        ...


def main() -> NoReturn:
    """Run the command line; an error is a line on stderr and exit status 2."""
    stage.leave(lambda: _answer(sys.argv[1:]))


def _answer(words: list[str]) -> None:
    if not sys.stderr.isatty():  # bars of the Hub are for terminals; in a log each of their steps is a line
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    asked = parser(words[:1]).parse_args(words)
    show(asked.call(asked))


def parser(wanted: Collection[str]) -> argparse.ArgumentParser:
    """Return the parser of all commands; only `wanted` commands are imported and get their arguments."""
    for word in wanted:
        if not word.startswith("-") and word not in COMMANDS:
            meant = nearest(word, COMMANDS) or "; `thoughtmill --help` lists all"
            raise ThoughtmillError(f"`{word}` is not a command{meant}")
    top = argparse.ArgumentParser(prog="thoughtmill", description="Verified thoughts for mathematics.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, help_) in COMMANDS.items():
        below = commands.add_parser(name, help=help_)
        if name in wanted:
            command: Command = import_module(module)
            below.description = command.__doc__
            command.arguments(below)
            below.set_defaults(call=command.call)
    return top


if __name__ == "__main__":
    main()

"""`thoughtmill`: each command is a word of the command line and a module that answers it."""

import argparse
import sys
from collections.abc import Container
from importlib import import_module
from typing import NoReturn, Protocol

from thoughtmill import __version__
from thoughtmill.factory.core import stage

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("thoughtmill.factory.commands.init", "write a corpus project into a new folder"),
    "summary": ("thoughtmill.factory.commands.summary", "print the corpus in a screen"),
    "sql": ("thoughtmill.factory.commands.sql", "ask the corpus in SQL"),
    "show": ("thoughtmill.factory.commands.show", "show a problem with its thoughts and verdicts"),
    "status": ("thoughtmill.factory.commands.status", "say what is built and what is stale"),
    "check": ("thoughtmill.factory.commands.check", "check all of params.yaml at once"),
    "estimate": ("thoughtmill.factory.commands.estimate", "say what the next run would ask and cost"),
    "ledger": (
        "thoughtmill.factory.commands.ledger",
        "write the ledger as shards, take shards in, or let what failed in them be asked again",
    ),
    "verify": ("thoughtmill.factory.commands.envelope", "verify completions of your own"),
    "prove": ("thoughtmill.factory.commands.prove", "prove that a release is what it claims to be"),
    "push": ("thoughtmill.factory.commands.push", "send the release to the Hugging Face Hub"),
    "push-adapter": ("thoughtmill.train.publish", "send a role's adapter to the Hugging Face Hub"),
}
"""The module of each command, and what it does in a few words: the help imports no module."""


class Command(Protocol):
    """A module that answers one command; its docstring is the command's description."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the words that may follow."""
        ...

    def call(self, words: argparse.Namespace) -> str:
        """Do it, and return what is to be printed."""
        ...


def main() -> NoReturn:
    """Do what the command line asks; exit status 2 and one line where it cannot be done."""
    stage.leave(lambda: _answer(sys.argv[1:]))


def _answer(words: list[str]) -> None:
    asked = parser(words[:1]).parse_args(words)
    print(asked.call(asked))


def parser(wanted: Container[str]) -> argparse.ArgumentParser:
    """Return the commands; only those that are `wanted` are imported, and have their arguments."""
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

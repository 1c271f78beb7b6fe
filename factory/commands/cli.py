"""`thoughtmill`: one word, one module that answers it."""

import argparse
import sys
from importlib import import_module
from typing import NoReturn, Protocol

from thoughtmill.factory.core import stage

COMMANDS: dict[str, str] = {
    "summary": "thoughtmill.factory.commands.summary",
    "sql": "thoughtmill.factory.commands.sql",
    "show": "thoughtmill.factory.commands.show",
    "status": "thoughtmill.factory.commands.status",
    "check": "thoughtmill.factory.commands.check",
    "estimate": "thoughtmill.factory.commands.estimate",
    "ledger": "thoughtmill.factory.commands.ledger",
    "verify": "thoughtmill.factory.commands.envelope",
    "prove": "thoughtmill.factory.commands.prove",
    "push": "thoughtmill.factory.commands.push",
    "push-adapter": "thoughtmill.train.publish",
}


class Command(Protocol):
    """A module that answers one command."""

    HELP: str
    """What it does, in a few words."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the words that may follow."""
        ...

    def call(self, words: argparse.Namespace) -> str:
        """Do it, and return what is to be printed."""
        ...


def main() -> NoReturn:
    """Do what the command line asks; exit status 2 and one line where it cannot be done."""
    words = parser(sys.argv[1:2]).parse_args()
    stage.leave(lambda: print(words.call(words)))


def parser(first: list[str]) -> argparse.ArgumentParser:
    """Return the commands and their arguments.

    Only the module of the command that `first` names is imported; all are where it names none, for the help.
    """
    top = argparse.ArgumentParser(prog="thoughtmill", description="Verified thoughts for mathematics.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name in first if first and first[0] in COMMANDS else COMMANDS:
        command: Command = import_module(COMMANDS[name])
        below = commands.add_parser(name, help=command.HELP, description=command.__doc__)
        command.arguments(below)
        below.set_defaults(call=command.call)
    return top


if __name__ == "__main__":
    main()

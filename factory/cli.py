"""`thoughtmill`: look at the corpus, and at what is built of it."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from factory import corpus, params, stage
from factory.commands import envelope, show, sql, status, summary
from factory.errors import NotInProject
from factory.files import root
from factory.verdicts import Settings as VerifySettings


def main() -> NoReturn:
    """Do what the command line asks; exit status 2 and one line where it cannot be done."""
    words = parser().parse_args()
    stage.leave(lambda: print(words.call(words)))


def parser() -> argparse.ArgumentParser:
    """Return the commands and their arguments; each carries the function that answers it."""
    top = argparse.ArgumentParser(prog="thoughtmill", description="Verified thoughts for mathematics.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    asked = commands.add_parser("sql", help="ask the corpus in SQL")
    asked.add_argument("query", help="for example: select * from agreement limit 5")
    form = asked.add_mutually_exclusive_group()
    for each in sql.FORMATS[1:]:
        form.add_argument(
            f"--{each}", dest="form", action="store_const", const=each, help=f"print {each.upper()}"
        )
    asked.set_defaults(call=_sql, form="table")

    shown = commands.add_parser("show", help="show a problem with its thoughts and verdicts")
    shown.add_argument("problem_id", help="for example: embedded-train-0")
    shown.set_defaults(call=_show)

    verified = commands.add_parser("verify", help="verify completions of your own")
    verified.add_argument("file", type=Path, help="JSONL rows of problem_id, problem, answer, completion")
    verified.add_argument("--thought", required=True, help="what they are: cot, pot, eot")
    verified.add_argument("-o", "--out", type=Path, help="write the rows with their verdicts here")
    verified.add_argument("--skip-bad", action="store_true", help="count corrupt lines instead of stopping")
    verified.set_defaults(call=_verify)

    summed = commands.add_parser("summary", help="print the corpus in a screen")
    summed.set_defaults(call=_summary)

    stands = commands.add_parser("status", help="say what is built and what is stale")
    stands.set_defaults(call=_status)
    return top


def _sql(words: argparse.Namespace) -> str:
    with corpus.opened(_data(), params.thoughts()) as con:
        return sql.answered(con, words.query, words.form)


def _show(words: argparse.Namespace) -> str:
    with corpus.opened(_data(), params.thoughts()) as con:
        return show.shown(con, words.problem_id)


def _verify(words: argparse.Namespace) -> str:
    try:
        settings = params.section("verify", VerifySettings)
    except NotInProject:
        settings = VerifySettings()
    return envelope.verify_file(words.file, words.thought, settings, words.out, words.skip_bad)


def _summary(words: argparse.Namespace) -> str:
    with corpus.opened(_data(), params.thoughts()) as con:
        return summary.summary(con, _data())


def _status(words: argparse.Namespace) -> str:
    lines = [f"{each.state:8} {each.stage:20} {each.why}".rstrip() for each in status.standings(root())]
    return "\n".join(lines)


def _data() -> Path:
    return root() / "data"


if __name__ == "__main__":
    sys.exit(main())

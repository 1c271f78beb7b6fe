"""The pages of the documentation that are generated: `python -m tests.generated` writes them anew.

`docs/tables.md` comes from the schemas and the views, `docs/cli.md` from the commands. A test compares.
"""

import argparse
import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from tabulate import tabulate

from thoughtmill.factory.commands import cli
from thoughtmill.factory.core.corpus import VIEWS
from thoughtmill.factory.pages.card import described
from thoughtmill.schemas import DERIVED_TABLES, LOCAL_TABLES, RUN_TABLES, TABLES, Released, Table
from thoughtmill.schemas.fields import DROP_REASONS, FAILURES, SPLITS

DOCS = Path(__file__).parents[1] / "docs"

TABLES_BEGIN = """# Tables

`data/corpus.duckdb` holds the tables and views below. The same tables are Parquet files under `data/` and
configs of a release. Their columns are declared in `schemas/`, and this page is generated from there
(`python -m tests.generated`). `released` is what the configs of the thoughts hold.

```sh
thoughtmill sql "select outcome, records, share from \\"yield\\" where thought = 'pot' order by records desc"
```
"""

BESIDE = """## Tables beside the data version

`tabulate` derives `prompts`, `samplings`, `duplicates`, `features` and `lengths` from the tables above, the
prompts and `params.yaml`; a release has them too. `attempts` and `timings` hold what only the machine that
built the corpus knows: each rebuild measures other seconds, and the shards of a ledger hold no failed
attempts. They are in `corpus.duckdb` alone, and empty where a corpus came from a cache or a release.
`predictions` and `policy_results` are there once students were run.
"""

CLI_BEGIN = """# Command line

Every command works from any folder of a project. An error is a line that names what is wrong and what to do;
the exit status is then 2. This page is generated from the commands (`python -m tests.generated`).
"""


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")


def pages() -> dict[str, str]:
    """Return the text of each generated page by its name."""
    return {"tables.md": tables_page(), "cli.md": cli_page()}


def tables_page() -> str:
    """Return tables, views, and the words that some columns choose from."""
    every: tuple[Table, ...] = (*TABLES.values(), Released)
    beside = [*DERIVED_TABLES.values(), *LOCAL_TABLES.values(), *RUN_TABLES.values()]
    comments = re.findall(r"comment on view (\w+) is\s+'((?:[^']|'')*)'", _unquoted(VIEWS.read_text("utf-8")))
    views = [(f"`{name}`", comment.replace("''", "'")) for name, comment in comments]
    parts = [TABLES_BEGIN, "## Tables", *map(described, every)]
    parts += [BESIDE, *map(described, beside), "## Views"]
    parts += ["`yield` is a word of SQL: write it in double quotes.", _table(views, "view", "its rows")]
    for title, words in (("Splits", SPLITS), ("Failures", FAILURES), ("Reasons not to keep", DROP_REASONS)):
        rows = [(f"`{word}`", meaning) for word, meaning in words.items()]
        parts += [f"## {title}", _table(rows, "word", "what it means")]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def cli_page() -> str:
    """Return every command with its arguments, in the order of the help."""
    top = cli.parser(cli.COMMANDS)
    (commands,) = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    helps = {choice.dest: choice.help or "" for choice in commands._choices_actions}
    rows = [(f"[`{name}`](#thoughtmill-{name})", helps[name]) for name in commands.choices]
    parts = [CLI_BEGIN.strip(), _table(rows, "command", "what it does")]
    for name, command in commands.choices.items():
        parts.append("\n\n".join(_command(name, command)))
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## `thoughtmill {name}`"
    yield cleandoc(command.description or "")
    rows = [(_written(action), action.help or "") for action in command._actions if _is_shown(action)]
    if rows:
        yield _table(rows, "argument", "what it is")


def _is_shown(action: argparse.Action) -> bool:
    return action.dest != "help" and action.help != argparse.SUPPRESS


def _written(action: argparse.Action) -> str:
    """Return an argument as a user writes it: `FOLDER`, `-o, --out OUT`, `--json`."""
    name = action.metavar or action.dest
    listed = action.choices and action.metavar != "KIND"  # its help lists them
    word = "|".join(map(str, action.choices or ())) if listed else str(name).upper()
    if not action.option_strings:
        return f"`[{word}]`" if action.nargs == "?" else f"`{word}`"
    return f"`{', '.join(action.option_strings)}{'' if action.nargs == 0 else ' ' + word}`"


def _table(rows: list[tuple[str, str]], *headers: str) -> str:
    return tabulate([[cell.replace("|", "\\|") for cell in row] for row in rows], headers, "github")


def _unquoted(sql: str) -> str:
    return sql.replace('"', "")


if __name__ == "__main__":
    main()

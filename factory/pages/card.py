"""The dataset card of a release: `card.md` with its facts put in, under the configs the Hub reads."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import yaml
from tabulate import tabulate

from thoughtmill.schemas import TABLES, Released, Table, columns, grain, table_name
from thoughtmill.schemas.fields import DROP_REASONS, FAILURES

YIELD = """
select thought, outcome, records, format('{:.1f} %', 100 * share) as share, kept from "yield" order by all
"""
CONFIGS = """\
The configs named after thoughts hold what is fit to learn from: in `train` the records that are kept, in
`validation` and `test` the good records of held-out problems. A problem is in one split in every thought."""
NO_CONFIGS = "No record of this corpus is fit to learn from, so there is no config of a thought."
TEXT = Path(__file__).with_name("card.md")


@dataclass(slots=True)
class Release:
    """The files of a release by config and split, in the order in which they were added."""

    title: str
    license: str
    data_version: str
    configs: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def add(self, config: str, split: str, path: Path) -> None:
        """Take a file into a split of a config; `path` is relative to the release folder."""
        self.configs.setdefault(config, {}).setdefault(split, []).append(path.as_posix())


def card(release: Release, con: duckdb.DuckDBPyConnection) -> str:
    """Return the text of the card; `con` has the tables and views of the corpus."""
    every: tuple[Table, ...] = (Released, *TABLES.values())
    facts = {
        "example": example(release),
        "configs": CONFIGS if _of_thoughts(release) else NO_CONFIGS,
        "data_version": release.data_version,
        "yield": _table(con, YIELD),
        "sources": _table(
            con, "select source, split, count(*) as problems, license from problems group by all order by all"
        ),
        "columns": "\n\n".join(described(table) for table in every),
        "failures": _meanings(FAILURES),
        "drop_reasons": _meanings(DROP_REASONS),
    }
    text = TEXT.read_text("utf-8")
    for name, fact in facts.items():
        text = text.replace(f"<!-- {name} -->", fact)
    return f"---\n{_heading(release, con)}---\n\n{text}"


def example(release: Release) -> str:
    """Return code that loads a thought of the release, if it holds one, and a table."""
    lines = ["from datasets import load_dataset", ""]
    for config in _of_thoughts(release)[:1]:
        split = next(iter(release.configs[config]))
        lines.append(f'{config} = load_dataset("<this data set>", "{config}", split="{split}")')
    return "\n".join([*lines, 'records = load_dataset("<this data set>", "records", split="full")'])


def _of_thoughts(release: Release) -> list[str]:
    return [config for config in release.configs if config not in TABLES]


def described(table: Table) -> str:
    """Return a table's grain and columns in Markdown; README and card show the same."""
    rows = [(f"`{column.name}`", str(column.type), column.description) for column in columns(table)]
    shown = tabulate(rows, headers=("column", "type", "what it is"), tablefmt="github")
    return f"### `{table_name(table)}`\n\n{grain(table)}\n\n{shown}"


def _heading(release: Release, con: duckdb.DuckDBPyConnection) -> str:
    """Return the YAML the Hub reads: configs, licence, size."""
    (problems,) = con.execute("select count(*) from problems").fetchone() or (0,)
    configs = [
        {
            "config_name": config,
            "data_files": [{"split": split, "path": paths} for split, paths in splits.items()],
        }
        for config, splits in release.configs.items()
    ]
    heading = {
        "pretty_name": release.title,
        "license": release.license,
        "language": ["en"],
        "task_categories": ["text-generation", "question-answering"],
        "tags": ["mathematics", "reasoning", "chain-of-thought", "program-of-thought", "equation-of-thought"],
        "size_categories": [_size(problems)],
        "configs": configs,
    }
    return yaml.safe_dump(heading, sort_keys=False, allow_unicode=True)


def _size(problems: int) -> str:
    """Return the Hub's word for a number of rows.

    >>> _size(7473)
    '1K<n<10K'
    """
    bounds = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((word for bound, word in bounds if problems < bound), "1M<n<10M")


def _table(con: duckdb.DuckDBPyConnection, query: str) -> str:
    rows = con.execute(query)
    return tabulate(rows.fetchall(), headers=[column[0] for column in rows.description], tablefmt="github")


def _meanings(enum: dict[str, str]) -> str:
    return "\n".join(f"- `{name}`: {meaning}" for name, meaning in enum.items())

"""The dataset card of a release: `card.md` with its facts put in, under the configs the Hub reads."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet as pq
import yaml
from tabulate import tabulate

import thoughtmill
from thoughtmill.factory.exports import EXPORTS
from thoughtmill.factory.pages.plots import plots
from thoughtmill.schemas import DERIVED_TABLES, TABLES, Released, Table, columns, grain, table_name
from thoughtmill.schemas.fields import DROP_REASONS, FAILURES

HUB_LICENSES = (
    "mit", "apache-2.0", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0",
    "cc-by-sa-3.0", "cc-by-3.0", "odc-by", "odbl", "openrail", "bsd-3-clause",
)  # fmt: skip
"""The licences that the Hub has a word for and that problem sets use."""

YIELD = """
select thought, outcome, records, format('{:.1f} %', 100 * share) as share,
    repeat('█', ceil(20 * share)::int) as " ", kept
from "yield" order by all
"""
SOURCES = "select source, split, count(*) as problems, license from problems group by all order by all"
TEACHERS = """
select teacher, model, thought, prompt_sha[:12] as prompt, count(*) as completions from completions
group by all order by all
"""
WITHOUT_GOLD = """
select count(*), count(distinct problem_id) from records join verdicts using (record_id)
where outcome = 'agreed' and kept
"""
CONFIGS = """\
The configs named after thoughts hold what is fit to learn from: in `train` the records that are kept, in
`validation` and `test` the good records of held-out problems. A problem is in one split in every thought."""
EXPORTED = "These\nconfigs are in forms that trainers read:"
NO_CONFIGS = "No record of this corpus is fit to learn from, so there is no config of a thought."
TEXT = Path(__file__).with_name("card.md")
TAGS = (
    "synthetic", "mathematics", "reasoning", "chain-of-thought", "program-of-thought", "equation-of-thought",
    "arxiv:2508.13037", "arxiv:2401.11864", "arxiv:2402.12080",
)  # fmt: skip


@dataclass(slots=True)
class Release:
    """The files of a release in `folder` by config and split, in the order in which they were added.

    `license` is said instead of the licences of the problems, if it is not None.
    """

    folder: Path
    title: str
    license: str | None
    data_version: str
    configs: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def add(self, config: str, split: str, *paths: Path) -> None:
        """Take files into a split of a config."""
        names = (path.relative_to(self.folder).as_posix() for path in paths)
        self.configs.setdefault(config, {}).setdefault(split, []).extend(names)


def card(release: Release, con: duckdb.DuckDBPyConnection) -> str:
    """Return the text of the card; `con` has the tables and views of the corpus."""
    every: tuple[Table, ...] = (Released, *TABLES.values(), *DERIVED_TABLES.values())
    facts = {
        "example": example(release),
        "configs": configs(release),
        "data_version": release.data_version,
        "version": thoughtmill.__version__,
        "without_gold": without_gold(con),
        "yield": _table(con, YIELD),
        "plots": plots(con),
        "sources": _table(con, SOURCES),
        "teachers": _table(con, TEACHERS),
        "columns": "\n\n".join(described(table) for table in every),
        "failures": _meanings(FAILURES),
        "drop_reasons": _meanings(DROP_REASONS),
    }
    text = TEXT.read_text("utf-8")
    for name, fact in facts.items():
        text = text.replace(f"<!-- {name} -->", fact)
    return f"---\n{heading(release, con)}\n---\n\n{text}"


def without_gold(con: duckdb.DuckDBPyConnection) -> str:
    """Return how many records are kept by agreement; nothing where every kept record has a gold answer."""
    records, problems = con.execute(WITHOUT_GOLD).fetchone() or (0, 0)
    if not records:
        return ""
    return (
        f"\n{records:,} records of {problems:,} problems without a gold answer are kept because others agree "
        "on their answer.\nThey are not verified: their outcome is `agreed`, their check `without_gold` "
        "counts who agrees, and in\nthe configs `verified_by` is `agreement`.\n"
    )


def example(release: Release) -> str:
    """Return code that loads the first two configs to learn from, if the release holds any, and a table."""
    lines = ["from datasets import load_dataset", ""]
    for config in _learnt(release)[:1] + [name for name in _learnt(release)[1:] if name not in EXPORTS][:1]:
        split = next(iter(release.configs[config]))
        lines.append(f'{config} = load_dataset("<this data set>", "{config}", split="{split}")')
    return "\n".join([*lines, 'records = load_dataset("<this data set>", "records", split="full")'])


def configs(release: Release) -> str:
    """Return a table of the configs to learn from."""
    learnt = _learnt(release)
    rows = [(f"`{name}`", _first_line(EXPORTS.named(name))) for name in learnt if name in EXPORTS]
    said = CONFIGS if len(learnt) > len(rows) else NO_CONFIGS
    shown = tabulate(rows, headers=("config", "what it is"), tablefmt="github")
    return f"{said} {EXPORTED}\n\n{shown}" if rows else said


def _learnt(release: Release) -> list[str]:
    return [config for config in release.configs if config not in {**TABLES, **DERIVED_TABLES}]


def described(table: Table) -> str:
    """Return a table's grain and columns in Markdown; README and card show the same."""
    rows = [(f"`{column.name}`", str(column.type), column.description) for column in columns(table)]
    shown = tabulate(rows, headers=("column", "type", "what it is"), tablefmt="github")
    return f"### `{table_name(table)}`\n\n{grain(table)}\n\n{shown}"


def heading(release: Release, con: duckdb.DuckDBPyConnection) -> str:
    """Return the YAML that the Hub reads: configs, features, sizes, licences.

    `datasets` and `huggingface_hub` write the same; `prove` needs neither.
    """
    (problems,) = con.execute("select count(*) from problems").fetchone() or (0,)
    sources = con.execute("select distinct source from problems order by all").fetchall()
    said = {
        "pretty_name": release.title,
        "license": licenses(con) if release.license is None else release.license,
        "language": ["en"],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "source_datasets": [f"extended|other-{source}" for (source,) in sources],
        "task_categories": ["text-generation", "question-answering"],
        "size_categories": [_size(problems)],
        "tags": list(TAGS),
        "dataset_info": [_info(release, config) for config in release.configs],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if place == 0 else {}),
                # The cache of `load_dataset` is keyed by these entries, not by the files.
                "description": f"data version {release.data_version}",
                "data_files": [{"split": split, "path": paths} for split, paths in splits.items()],
            }
            for place, (config, splits) in enumerate(release.configs.items())
        ],
    }
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True).strip()


def licenses(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the licences of the problems in the Hub's words; `other` for those that it has no word for."""
    found = con.execute("select distinct lower(license) from problems order by all").fetchall()
    return sorted({name if name in HUB_LICENSES else "other" for (name,) in found}) or ["other"]


def _info(release: Release, config: str) -> dict[str, Any]:
    """Return the features of a config and the sizes of its splits."""
    splits = []
    for split, names in release.configs[config].items():
        files = [pq.ParquetFile(release.folder / name) for name in names]
        groups = [file.metadata.row_group(i) for file in files for i in range(file.num_row_groups)]
        rows = sum(file.metadata.num_rows for file in files)
        size = sum(group.total_byte_size for group in groups)
        splits.append({"name": split, "num_bytes": size, "num_examples": rows})
    paths = [release.folder / name for names in release.configs[config].values() for name in names]
    return {
        "config_name": config,
        "features": _features(pq.read_schema(paths[0])),
        "splits": splits,
        "download_size": sum(path.stat().st_size for path in paths),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def _features(fields: Iterable[pyarrow.Field]) -> list[dict[str, Any]]:
    """Return columns as the Hub describes them."""
    return [{"name": field.name, **_feature(field.type)} for field in fields]


def _feature(kind: pyarrow.DataType) -> dict[str, Any]:
    """Return the description of a type.

    >>> _feature(pyarrow.list_(pyarrow.string())), _feature(pyarrow.float64())
    ({'list': 'string'}, {'dtype': 'float64'})
    """
    if pyarrow.types.is_list(kind):
        inner = _feature(kind.value_type)
        return {"list": inner.get("struct") or inner.get("list") or inner["dtype"]}
    if pyarrow.types.is_struct(kind):
        return {"struct": _features(kind)}
    return {"dtype": {"double": "float64", "large_string": "string"}.get(str(kind), str(kind))}


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


def _first_line(module: Any) -> str:
    return " ".join((module.__doc__ or "").strip().split("\n\n")[0].split())


def _meanings(enum: dict[str, str]) -> str:
    return "\n".join(f"- `{name}`: {meaning}" for name, meaning in enum.items())

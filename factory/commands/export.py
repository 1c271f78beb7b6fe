"""Write released records in a form that a trainer reads, such as `sft` or `preferences`."""

import argparse
from pathlib import Path

from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.registry import Registry
from thoughtmill.factory.exports import EXPORTS, FILES, Export, check_condition, exported
from thoughtmill.factory.exports.writing import FORMATS, write

WITH_ROLES: Registry[Export] = Registry(
    EXPORTS.what, EXPORTS.group, {**EXPORTS.ours, "roles": "thoughtmill.train.roles.export"}
)
"""The exports that a release may hold, and the examples of roles, which the package `train` knows."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the export, its form, and where it goes."""
    parser.add_argument("name", help=f"what to write: {', '.join(WITH_ROLES.ours)}, or a package's export")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the file to write")
    parser.add_argument("--format", choices=FORMATS, help="default: the suffix of the file")
    parser.add_argument("--form", help="the columns, such as prompt_completion; default: the export's first")
    parser.add_argument("--split", choices=FILES, default="train", help="default: train")
    parser.add_argument("--where", default="true", help="SQL condition, as in finetune.where; default: true")
    parser.add_argument(
        "--corpus", help="a corpus or release: a folder, or owner/name; default: this project's"
    )
    parser.add_argument("--revision", help="the revision of a release on the Hub")


def call(words: argparse.Namespace) -> str:
    """Write one file and print its contents in a line."""
    format_ = words.format or words.output.suffix.removeprefix(".")
    if format_ not in FORMATS:
        raise ThoughtmillError(f"{words.output}: cannot tell the format: give --format jsonl or parquet")
    source = words.corpus or root() / "data"
    with corpus.open_corpus(source, words.revision).con as con:
        check_condition(con, words.where, "--where")
        found = exported(con, words.name, words.split, words.form, WITH_ROLES, words.where)
        rows = write(words.output, format_, found)
    if not rows:
        raise ThoughtmillError(f"the export `{words.name}` has no row in {words.split}: nothing is written")
    return f"{words.output}: {rows:,} rows"

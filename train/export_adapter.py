"""Merge the adapter of a role into its base: a model that needs neither peft nor Thoughtmill."""

import argparse
import os
from pathlib import Path

import torch

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import folder_aside, root
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import load_base
from thoughtmill.train.students.origins import card, origin_of
from thoughtmill.train.students.settings import trained


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the role, the folder and the options."""
    parser.add_argument("role", help="the role whose adapter is merged")
    parser.add_argument("out", type=Path, help="the folder of the model, which must be new")
    parser.add_argument("--adapter", type=Path, help="an adapter; default: data/adapters/BASE/ROLE")
    parser.add_argument("--precision", default="bfloat16", choices=("float32", "bfloat16"), help="of weights")


def call(words: argparse.Namespace) -> str:
    """Merge one adapter."""
    out, adapter = words.out.resolve(), words.adapter and words.adapter.resolve()
    if adapter is None:
        os.chdir(root())  # a base that is a folder is named from there
    merge(adapter or trained() / words.role, words.role, out, words.precision)
    return f"{words.out} is a model of transformers; its card says how it is asked"


def merge(adapter: Path, role: str, out: Path, precision: str = "bfloat16") -> None:
    """Write the base with the adapter's weights added, its tokenizer and a card into `out`.

    Sums are made in float32 and rounded to `precision` once.
    """
    if out.exists():
        raise ThoughtmillError(f"{out} is there already: give a new folder")
    origin = origin_of(adapter)
    base = load_base(origin.base, origin.base_revision)
    model = adapters.load(base, adapter, role).merge_and_unload()
    with folder_aside(out) as part:
        model.to(getattr(torch, precision)).save_pretrained(part)
        base.tokenizer.save_pretrained(part)
        (part / "README.md").write_text(card(origin, merged=True), "utf-8")

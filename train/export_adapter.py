"""Merge the adapter of a role into its base: a model that needs neither peft nor Thoughtmill."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside, folder_aside, root
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import load_base
from thoughtmill.train.students.origins import card, origin_of
from thoughtmill.train.students.settings import trained

CONVERTER = "convert_hf_to_gguf.py"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the role, the folder and the options."""
    parser.add_argument("role", help="the role whose adapter is merged")
    parser.add_argument("out", type=Path, help="the folder of the model, which must be new")
    parser.add_argument("--adapter", type=Path, help="an adapter; default: data/adapters/BASE/ROLE")
    parser.add_argument("--merge", action="store_true", help="add the adapter to the base (always done)")
    parser.add_argument("--gguf", action="store_true", help="also write model.gguf by llama.cpp's converter")
    parser.add_argument(
        "--precision", default="bfloat16", choices=("float32", "bfloat16"), help="of the weights"
    )


def call(words: argparse.Namespace) -> str:
    """Merge one adapter."""
    out, adapter = words.out.resolve(), words.adapter and words.adapter.resolve()
    if adapter is None:
        os.chdir(root())  # a base that is a folder is named from there
    convert = converter() if words.gguf else []
    merge(adapter or trained() / words.role, words.role, out, words.precision)
    if convert:
        write_gguf(convert, out)
    return f"{words.out} is a model of transformers; its card says how it is asked"


def merge(adapter: Path, role: str, out: Path, precision: str = "bfloat16") -> None:
    """Write the base with the adapter's weights added, its tokenizer and a card into `out`.

    Sums are made in float32 and rounded to `precision` once.
    """
    if out.exists():
        raise ThoughtmillError(f"{out} is there already: give a new folder")
    origin = origin_of(adapter)
    if origin.whole:
        base = load_base(str(adapter))
        model: Any = base.model
    else:
        base = load_base(origin.base, origin.base_revision)
        model = adapters.load(base, adapter, role).merge_and_unload()
    with folder_aside(out) as part:
        model.to(getattr(torch, precision)).save_pretrained(part)
        base.tokenizer.save_pretrained(part)
        (part / "README.md").write_text(card(origin, merged=True), "utf-8")


def converter() -> list[str]:
    """Return the command of llama.cpp's converter; where it is not installed, say what to install."""
    on_path = shutil.which(CONVERTER)
    if on_path is not None:
        return [on_path]
    script = Path(os.environ.get("LLAMA_CPP", "llama.cpp"), CONVERTER)
    if not script.is_file():
        raise ThoughtmillError(
            f"--gguf: {CONVERTER} is not on PATH: get llama.cpp's repository, install its "
            "requirements/requirements-convert_hf_to_gguf.txt, and set LLAMA_CPP to its folder"
        )
    return [sys.executable, str(script)]


def write_gguf(command: list[str], model: Path) -> None:
    """Write `model.gguf` beside a model of transformers."""
    out = model / "model.gguf"
    with aside(out) as part:
        words = [*command, str(model), "--outfile", str(part)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode or not part.is_file():
            why = (done.stderr.strip().splitlines() or ["it wrote nothing"])[-1]
            raise ThoughtmillError(f"--gguf: {CONVERTER} could not convert {model}: {why}")

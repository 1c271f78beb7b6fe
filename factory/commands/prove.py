"""Prove a release: its files match its manifest, and its problems and completions give all the rest again."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from thoughtmill.factory.commands import rebuild
from thoughtmill.factory.commands.derivation import differences
from thoughtmill.factory.commands.versions import ON_THE_HUB
from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, root, text_of
from thoughtmill.factory.thoughts.solving import VerifySettings, configured

SHOWN = 20
PRIVATE = re.compile(
    r"\b(?:sk-[\w-]{20,}|hf_\w{30,}|gh[pousr]_\w{30,}|AKIA\w{16}|AIza[\w-]{30,})"  # keys of providers
    r"|(?:/home|/root|/Users|[A-Z]:\\Users)[/\\]\w+"
    r"|https?://(?:localhost|127\.|10\.|192\.168\.)[^\s\"']*"
    r"|\b(?:localhost|127(?:\.\d+){3}|10(?:\.\d+){3}|192\.168(?:\.\d+){2}):\d+"
)
"""Matches private data: keys, home folders, and hosts of a private network."""

OF_MACHINES = {"sources": "place", "refused": "place", "completions": "detail"}
"""The columns of tables that machines filled: texts of problems and teachers may name whatever they like."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the release and the version that it must be."""
    parser.add_argument(
        "release", nargs="?", help="a folder, or owner/name@revision on the Hub; default: data/release"
    )
    parser.add_argument("--version", help="the data version that it must be; its first digits are enough")


def call(words: argparse.Namespace) -> str:
    """Prove one release, here or on the Hub."""
    return prove(release_folder(words.release), configured(), words.version or "")


def prove(folder: Path, settings: VerifySettings, version: str = "") -> str:
    """Prove a release and return a summary; a `ThoughtmillError` names the faults.

    Every file must have the SHA-256 in `manifest.json`, and no file may be missing or added. Every completion
    is parsed, solved, checked and curated again, and every config and the card are written again: all rows
    must be the same. What cannot be derived, problems and completions, is what the data version names; give
    the `version` that you expect. A `rebuild/` that a push added must be that of the data version. No text
    may hold a key, a home folder or a private host.
    """
    manifest = manifest_of(folder)
    faults = list(changed(folder, manifest["release"]))
    if corpus.version(manifest["files"]) != manifest["data_version"]:
        faults.append("the data version is not that of the tables in manifest.json")
    if not manifest["data_version"].startswith(version):
        faults.append(f"it is data version {manifest['data_version'][:12]}, not {version}")
    beside = {
        name.removeprefix("tables/"): sha256
        for name, sha256 in manifest["release"].items()
        if name.startswith("tables/derived/")
    }
    proof = digests(manifest["files"]) | beside
    faults += [f"tables/{fault}" for fault in changed(folder / "tables", proof)]
    faults += rebuild.faults(folder, manifest)
    faults += private(folder)
    if not faults:
        faults += differences(folder, manifest, settings)
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise ThoughtmillError(f"{folder}: " + "; ".join(faults[:SHOWN]) + more)
    held = manifest["files"].items()
    records = sum(facts["rows"] for name, facts in held if name.startswith("records.parquet"))
    files = len(manifest["release"])
    return (
        f"data version {manifest['data_version']}: {files} files are what they claim, and "
        f"{records:,} records were derived again from problems and completions"
    )


def release_folder(release: str | None) -> Path:
    """Return the folder of a release, downloaded if it is on the Hub."""
    found = ON_THE_HUB.fullmatch(release or "")
    if release and found and not Path(release).exists():
        return corpus.download(found[1], found[2], "*")
    return Path(release) if release else root() / "data" / "release"


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest of a release."""
    manifest = corpus.read_manifest(
        folder, "give the folder of a release, or OWNER/NAME@REVISION for one on the Hub"
    )
    if not {"release", "files"} <= set(manifest):
        raise ThoughtmillError(
            f"{folder / 'manifest.json'} does not belong to a release: give the folder of a release"
        )
    return manifest


def digests(files: dict[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each table."""
    return {name: file["sha256"] for name, file in files.items()}


def changed(folder: Path, proof: dict[str, str]) -> Iterator[str]:
    """Yield a line for every file of a release that is missing, added or changed.

    Files of the Hub and of `rebuild/` are no part of a release.
    """
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    there = {
        file.as_posix()
        for file in files
        if not file.parts[0].startswith(".") and file.parts[0] != rebuild.FOLDER
    }
    yield from (f"{name} is missing" for name in sorted(proof.keys() - there))
    yield from (f"{name} is not in the manifest" for name in sorted(there - proof.keys() - {"manifest.json"}))
    for name in sorted(proof.keys() & there):
        if digest(folder / name) != proof[name]:
            yield f"{name} has changed"


def private(folder: Path) -> Iterator[str]:
    """Yield a line for every text of a release that names a key, a home folder or a private host.

    Of tables, these are the places of sources and the faults of endpoints.
    """
    tables = {
        name: [*folder.glob(f"tables/**/{name}.parquet"), *folder.glob(f"tables/**/{name}/*.parquet")]
        for name in OF_MACHINES
    }
    with connect() as con:
        for name, column in OF_MACHINES.items():
            for path in sorted(path for path in tables[name] if path.is_file()):
                query = (
                    f"select distinct {column} from read_parquet(?) where {column} is not null order by all"
                )
                said = (text for (text,) in con.execute(query, [str(path)]).fetchall())
                if found := next(filter(None, map(PRIVATE.search, said)), None):
                    yield _private(path.relative_to(folder), found[0])
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".md", ".json", ".yaml", ".jsonl", ".lock", ".txt"} or not path.is_file():
            continue
        if found := PRIVATE.search(text_of(path)):
            yield _private(path.relative_to(folder), found[0])


def _private(name: Path, found: str) -> str:
    return f"{name.as_posix()} holds `{found[:12]}...`, which belongs to a person or a machine"

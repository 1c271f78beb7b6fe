"""Prove a release: its files match its manifest, and its rationales still give their answers."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from thoughtmill.factory.answers import Answer, equal
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, root
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import THOUGHTS
from thoughtmill.factory.thoughts.solving import VerifySettings, configured, executor
from thoughtmill.schemas import Released


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the folder of the release."""
    parser.add_argument("folder", type=Path, nargs="?", help="a release; default: data/release")


def call(words: argparse.Namespace) -> str:
    """Prove one release, here or downloaded from the Hub."""
    return prove(words.folder or root() / "data" / "release", configured())


class Claim(NamedTuple):
    """What a released row claims: this rationale of this problem has this answer."""

    record_id: str
    thought: str
    problem: str
    rationale: str
    predicted_answer: str | None
    predicted_kind: str | None
    answer: str | None
    answer_kind: str


def prove(folder: Path, settings: VerifySettings) -> str:
    """Prove a release and return a summary; a `ThoughtmillError` names every claim that does not hold.

    Every file must have the SHA-256 in `manifest.json`, and no file may be missing or added. Every rationale
    is solved again in the fences of this machine, and must give its predicted answer, the gold answer.
    """
    manifest = manifest_of(folder)
    faults = list(changed(folder, manifest["release"]))
    if corpus.version(manifest["files"]) != manifest["data_version"]:
        faults.append("the data version is not that of the tables in manifest.json")
    claims = 0
    if not faults:
        pool = executor(settings, refuted, _lost)
        for fault in pool.spread(track(claimed(folder), "prove")):
            claims += 1
            faults += [fault] if fault else []
    if faults:
        raise ThoughtmillError(f"{folder}: {len(faults)} claims do not hold: " + "; ".join(faults[:20]))
    files = len(manifest["release"])
    return (
        f"data version {manifest['data_version']}: {files} files and {claims} rationales are what they claim"
    )


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest of a release."""
    manifest = corpus.read_manifest(folder, "give the folder of a release")
    if not {"release", "files"} <= set(manifest):
        raise ThoughtmillError(
            f"{folder / 'manifest.json'} does not belong to a release: give the folder of a release"
        )
    return manifest


def claimed(folder: Path) -> Iterator[Claim]:
    """Yield every released row of every thought, in the order of files and rows."""
    for thought in THOUGHTS.names():
        for path in sorted((folder / thought).glob("*.parquet")):
            for row in tables.TableReader(path, Released):
                yield Claim(
                    thought=thought, **{name: row[name] for name in Claim._fields if name != "thought"}
                )


def refuted(claim: Claim, solvers: Solvers) -> str | None:
    """Return what is wrong with a claim, or None when it holds."""
    outcome = THOUGHTS.named(claim.thought).solve(claim.rationale, claim.problem, claim.answer_kind, solvers)
    if outcome.failure is not None:
        return f"{claim.record_id}: {outcome.failure}"
    answer = outcome.answer
    if (answer and answer.text) != claim.predicted_answer or (answer and answer.kind) != claim.predicted_kind:
        return f"{claim.record_id}: it gives {answer}, not {claim.predicted_answer}"
    if answer is not None and (
        claim.answer is None or not equal(answer, Answer(claim.answer, claim.answer_kind))
    ):
        return f"{claim.record_id}: the gold answer is {claim.answer}, not {answer}"
    return None


def _lost(claim: Claim) -> str:
    return f"{claim.record_id}: the process that solved it died"


def changed(folder: Path, proof: dict[str, str]) -> Iterator[str]:
    """Yield a line for every file of a release that is missing, added or changed."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    there = {file.as_posix() for file in files if not file.parts[0].startswith(".")}  # the Hub adds these
    yield from (f"{name} is missing" for name in sorted(proof.keys() - there))
    yield from (f"{name} is not in the manifest" for name in sorted(there - proof.keys() - {"manifest.json"}))
    for name in sorted(proof.keys() & there):
        if digest(folder / name) != proof[name]:
            yield f"{name} has changed"

"""Say what is built and what is stale, without waiting for DVC's lock.

`dvc status` refuses while a stage runs. This asks the same questions of each dependency and output alone,
which takes no lock.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dvc.exceptions import DvcException
from dvc.repo import Repo

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root, running
from thoughtmill.factory.ledger.runs import recent

HARMLESS = "check"
"""The stage that writes the same again unless packages change: while it is stale, those after it are not."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: the pipeline is the one of this project."""


def call(words: argparse.Namespace) -> str:
    """Say in a line how each stage stands, and how far the last runs of a paid teacher are."""
    lines = [f"{each.state:8} {each.stage:20} {each.why}".rstrip() for each in standings(root())]
    return "\n".join(lines + [f"{run.state:8} {run.figures}" for run in recent()])


class Standing(NamedTuple):
    """How a stage stands: `built`, `stale`, `missing` (never built) or `running`, and why."""

    stage: str
    state: str
    why: str


def standings(folder: Path) -> Iterator[Standing]:
    """Yield how every stage of the pipeline in `folder` stands, in the order in which they run.

    A stage is stale when its command, parameters, dependencies or outputs are not those of its last run, or
    when a stage it depends on is.
    """
    try:
        with Repo(str(folder)) as repo:
            running = _written(folder)
            state: dict[str, str] = {}
            for stage in _in_order(repo):
                found = _standing(stage, running, state)
                state[found.stage] = found.state
                yield found
    except DvcException as error:
        raise ThoughtmillError(f"the pipeline cannot be read: {error}") from error


def _in_order(repo: Repo) -> Iterator[Any]:
    """Yield the stages so that each comes after those it depends on, otherwise as `dvc.yaml` lists them."""
    graph, done = repo.index.graph, set()

    def visit(stage: Any) -> Iterator[Any]:
        if stage in done:
            return
        done.add(stage)
        for needed in sorted(graph.successors(stage), key=repo.index.stages.index):
            yield from visit(needed)
        yield stage

    for stage in repo.index.stages:
        yield from visit(stage)


def _standing(stage: Any, running: dict[str, int], state: dict[str, str]) -> Standing:
    name = stage.addressing
    outs = [str(out) for out in stage.outs]
    for out in stage.outs:
        if out.fs_path in running:
            return Standing(name, "running", f"process {running[out.fs_path]} writes {out}")
    if not any(out.hash_info for out in stage.outs):
        return Standing(name, "missing", f"{', '.join(outs)} never built")
    changes = [f"{what} {how}" for each in (*stage.deps, *stage.outs) for what, how in _changes(each)]
    if stage.changed_stage():
        changes.insert(0, "the command changed")
    above = [
        each.addressing
        for each in stage.repo.index.graph.successors(stage)
        if state[each.addressing] != "built" and each.addressing != HARMLESS
    ]
    changes += [f"{needed} is {state[needed]}" for needed in sorted(above)]
    return Standing(name, "stale" if changes else "built", "; ".join(changes))


def _changes(each: Any) -> Iterator[tuple[str, str]]:
    """Yield (what, how) for a dependency or output that is not as it was; parameters come nested."""
    for what, how in each.status().items():
        if isinstance(how, dict):
            yield from ((f"{what}: {key}", str(value)) for key, value in how.items())
        else:
            yield what, str(how)


def _written(folder: Path) -> dict[str, int]:
    """Return the paths that running stages write, with their process; DVC notes both in a file."""
    notes = folder / ".dvc" / "tmp" / "rwlock"
    try:
        noted = json.loads(notes.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    writers = noted.get("write", {}).items()
    return {path: writer["pid"] for path, writer in writers if running(writer["pid"])}

"""Show which stages are built and which are stale, without waiting for DVC's lock, and what runs now.

`dvc status` refuses to run while a stage runs; this command compares dependencies and outputs itself. Each
stage or shard that runs has a line: items done, rate, time left, dollars, machine and process.
"""

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dvc.exceptions import DvcException
from dvc.repo import Repo
from tabulate import tabulate

from thoughtmill.factory.check import packages
from thoughtmill.factory.core import progress_files
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root, running
from thoughtmill.factory.ledger.runs import recent

STATES = ("running", "missing", "stale", "built")
WIDTH = 60
HARMLESS = "check"
"""This stage's output changes only with packages: until they do, stages after it are not stale with it."""


class StageState(NamedTuple):
    """The state of a stage, why it is not built, and the stages it depends on."""

    stage: str
    state: str
    why: str
    needs: tuple[str, ...] = ()


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the option `--all`."""
    parser.add_argument("--all", action="store_true", help="a line for every stage, with all that changed")


def call(words: argparse.Namespace) -> str:
    """Draw the pipeline, and show what runs now and the last runs of a paid teacher."""
    found, now = list(states(root())), progress_files.read(root())
    every = [f"{each.state:8} {each.stage:20} {each.why}".rstrip() for each in found]
    lines = every if words.all else drawn(found)
    working = _table(progress_files.lines(now, time.time()))
    asked = [f"{run.state:8} {run.figures}" for run in recent()]
    heading = ["", "the last runs that asked an endpoint, of all projects with this ledger:"] if asked else []
    lines = [*lines, *working, *heading, *asked]
    return "\n".join(lines if words.all else map(fitting, lines))


def fitting(line: str) -> str:
    """Return a line that a narrow terminal does not break; a pipe gets all of it."""
    columns = shutil.get_terminal_size().columns
    return line if len(line) <= columns or not sys.stdout.isatty() else line[: columns - 1] + "…"


def drawn(found: Sequence[StageState]) -> list[str]:
    """Draw the pipeline, a line per stage: state, name, stages before it, and a short list of changes.

    The stages of a `foreach` share a line with their number, and the number that are not built.

    >>> cot, pot = (StageState(f"verify@{name}", "built", "", ("seed",)) for name in ("cot", "pot"))
    >>> drawn([cot, pot._replace(state="stale", why="verify.workers modified")])
    ['stale  verify ×2 (1 stale)  ← seed  verify.workers modified']
    """
    groups: dict[str, list[StageState]] = {}
    for each in found:
        groups.setdefault(_folded(each.stage), []).append(each)
    follows = _reduced(
        {name: {_folded(need) for each in group for need in each.needs} for name, group in groups.items()}
    )
    worst = {name: min(group, key=lambda each: STATES.index(each.state)) for name, group in groups.items()}
    cells = [
        (worst[name].state, _counted(name, group), follows.get(name, ""), _cut(worst[name].why))
        for name, group in groups.items()
    ]
    return _table(cells)


def _table(cells: Iterable[Sequence[str]]) -> list[str]:
    return [line.rstrip() for line in tabulate(cells, tablefmt="plain", disable_numparse=True).splitlines()]


def _reduced(needs: dict[str, set[str]]) -> dict[str, str]:
    """Return the stages that each stage directly follows; leave out those that follow from the others."""
    above: dict[str, set[str]] = {}
    for name, direct in needs.items():
        above[name] = direct.union(*(above.get(need, ()) for need in direct))
    return {
        name: " ".join(["←", *sorted(direct.difference(*(above.get(need, ()) for need in direct)))])
        for name, direct in needs.items()
        if direct
    }


def _cut(why: str) -> str:
    return why if len(why) <= WIDTH else why[: WIDTH - 1] + "…"


def _counted(name: str, group: list[StageState]) -> str:
    if len(group) == 1:
        return name
    kinds = Counter(each.state for each in group)
    parts = ", ".join(f"{count} {state}" for state, count in kinds.items() if state != "built")
    return f"{name} ×{len(group)}" + (f" ({parts})" if len(kinds) > 1 else "")


def _folded(stage: str) -> str:
    return stage.split("@", maxsplit=1)[0].removeprefix("train/dvc.yaml:")


def states(folder: Path) -> Iterator[StageState]:
    """Yield the state of every stage of the pipeline in `folder`, in the order in which they run.

    A stage is stale when its command, parameters, dependencies or outputs differ from its last run, or when
    it depends on a stale stage.
    """
    try:
        with Repo(str(folder)) as repo:
            writers = _written(folder)
            state: dict[str, str] = {}
            for stage in _in_order(repo):
                found = _state_of(stage, writers, state)
                state[found.stage] = found.state
                yield found
    except DvcException as error:
        raise ThoughtmillError(f"the pipeline cannot be read: {error}") from error


def _in_order(repo: Repo) -> Iterator[Any]:
    """Yield each stage after its dependencies, otherwise in the order of `dvc.yaml`."""
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


def _state_of(stage: Any, writers: dict[str, int], state: dict[str, str]) -> StageState:
    name, outs = stage.addressing, ", ".join(map(str, stage.outs))
    above = sorted(stage.repo.index.graph.successors(stage), key=stage.repo.index.stages.index)
    needs = tuple(each.addressing for each in above)
    for out in stage.outs:
        if out.fs_path in writers:
            return StageState(name, "running", f"process {writers[out.fs_path]} writes {out}", needs)
    if stage.frozen and all(out.exists for out in stage.outs):
        return StageState(name, "built", "", needs)  # `dvc repro` takes its outputs as they are
    if not any(out.hash_info for out in stage.outs):
        return StageState(name, "missing", f"{outs} never built", needs)
    changes = [f"{what} {how}" for each in (*stage.deps, *stage.outs) for what, how in _changes(each)]
    if stage.changed_stage():
        changes.insert(0, "the command changed")
    upgraded = _upgraded(stage.repo.root_dir)
    if upgraded and name == HARMLESS:
        changes.append("another version is installed")
    changes += [
        f"{each} is {state[each]}"
        for each in needs
        if state[each] != "built" and (each != HARMLESS or upgraded)
    ]
    return StageState(name, "stale" if changes else "built", "; ".join(changes), needs)


@cache
def _upgraded(folder: str) -> bool:
    """Say whether packages have other versions than when the project in `folder` was checked."""
    checked = Path(folder) / "data" / "checked.json"
    try:
        return bool(json.loads(checked.read_text("utf-8")) != packages(Path(folder)))
    except FileNotFoundError:
        return False
    except ValueError:  # it is torn
        return True


def _changes(each: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, change) for each dependency or output that changed; parameters are nested."""
    for what, how in each.status().items():
        if isinstance(how, dict):
            yield from ((f"{what}: {key}", str(value)) for key, value in how.items())
        else:
            yield what, str(how)


def _written(folder: Path) -> dict[str, int]:
    """Return the paths that running stages write, with their process, from a file of DVC."""
    notes = folder / ".dvc" / "tmp" / "rwlock"
    try:
        noted = json.loads(notes.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    writers = noted.get("write", {}).items()
    return {path: writer["pid"] for path, writer in writers if running(writer["pid"])}

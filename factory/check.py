"""Stage `check`: check all of `params.yaml` before any other stage runs and deletes its old outputs.

Its output holds only the versions of installed packages that bring entries. So a valid change of
`params.yaml` makes no other stage stale.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import thoughtmill
from thoughtmill.factory.core import params, stage
from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.executors import EXECUTORS
from thoughtmill.factory.core.files import root, write_json
from thoughtmill.factory.core.registry import Registry

SECTIONS: dict[str, str | None] = {
    "thoughts": None,
    "roles": None,
    "seed": "thoughtmill.factory.seed:SeedSettings",
    "base": "thoughtmill.train.students.settings:BaseSettings",
    "generate": "thoughtmill.factory.teachers.choice:GenerateSettings",
    "verify": "thoughtmill.factory.thoughts.solving:VerifySettings",
    "grow": "thoughtmill.factory.grow:GrowSettings",
    "curate": "thoughtmill.factory.curate:CurateSettings",
    "release": "thoughtmill.factory.release:ReleaseSettings",
    "report": "thoughtmill.factory.report:ReportSettings",
    "student": "thoughtmill.train.embedded.settings:StudentSettings",
    "finetune": "thoughtmill.train.training.settings:FinetuneSettings",
    "infer": "thoughtmill.train.writers.settings:InferSettings",
}
"""The class of each section as `module:class`, imported when it is checked; None is a list of names.

An executor with settings has a section of its own name too.
"""

VALUES = {
    "executor": "thoughtmill.factory.core.executors:faults",
    "memory_limit": "thoughtmill.factory.core.scratch:faults",
    "partition_rows": "thoughtmill.factory.core.partitions:faults",
}
"""Keys beside the sections, and the function (`module:function`) that yields the faults of their value."""

NAMES: dict[str, str] = {
    "thoughts.*": "thoughtmill.factory.thoughts:THOUGHTS",
    "seed.sources.*.set": "thoughtmill.factory.problems:PROBLEM_SETS",
    "seed.sources.*.answer_kinds.*": "thoughtmill.factory.answers:KINDS",
    "executor": "thoughtmill.factory.core.executors:EXECUTORS",
    "release.exports.*": "thoughtmill.factory.exports:EXPORTS",
    "infer.splits.*": "thoughtmill.schemas.fields:SPLITS",
}
"""Where `params.yaml` holds names of entries, and the registry of each as `module:attribute`."""

ACROSS = (
    "thoughtmill.factory.seed:faults",
    "thoughtmill.factory.generate:faults",
    "thoughtmill.factory.grow:faults",
    "thoughtmill.train.checking:faults",
)
"""Functions (`module:function`) that take all of `params.yaml` and yield faults across sections."""


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for every fault of a whole `params.yaml`, each naming its key."""
    for name in given:
        if name in SECTIONS or name in VALUES:
            continue
        if model := getattr(EXECUTORS.named(name), "SETTINGS", None) if name in EXECUTORS else None:
            yield from params.faults(given[name] or {}, model, f"params.yaml: {name}")
        else:
            yield f"params.yaml: unknown section `{name}`{nearest(name, SECTIONS)}"
    for name, listed in SECTIONS.items():
        value, where = given.get(name), f"params.yaml: {name}"
        if listed is None:
            yield from _list_faults(name, value)
        else:
            yield from params.faults({} if value is None else value, _imported(listed), where)
    for name, function in VALUES.items():
        yield from _imported(function)(given[name]) if name in given else ()
    for place, registry in NAMES.items():
        known = list(_names(_imported(registry)))
        for key, word in _words(given, place.split(".")):
            if word not in known:
                there = nearest(word, known) or f"; there are: {', '.join(known)}"
                yield f"params.yaml: {key}: unknown name `{word}`{there}"
    for function in ACROSS:
        yield from _imported(function)(given)


def _list_faults(name: str, listed: Any) -> Iterator[str]:
    if name == "roles" and listed is None:
        return
    if not isinstance(listed, list) or not listed or not all(isinstance(entry, str) for entry in listed):
        yield f"params.yaml: {name}: give a list of names"
    elif (twice := params.repeated(listed)) is not None:
        yield f"params.yaml: {name}: `{twice}` is listed twice"


def _words(value: Any, way: list[str], key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the words at a place, each with its key; the models report values of another form."""
    if not way:
        if isinstance(value, str):
            yield key, value
        return
    part, *rest = way
    if part == "*" and isinstance(value, list):
        for inner in value:
            yield from _words(inner, rest, key)
    elif part == "*" and isinstance(value, dict):
        yield from ((key, str(name)) for name in value)
    elif isinstance(value, Mapping) and part in value:
        yield from _words(value[part], rest, f"{key}.{part}" if key else part)


def _names(registry: Registry[Any] | Iterable[str]) -> Iterable[str]:
    return registry.names() if isinstance(registry, Registry) else registry


def _imported(value: str) -> Any:
    module, _, attribute = value.partition(":")
    return getattr(import_module(module), attribute)


def check(given: Mapping[str, Any]) -> None:
    """Raise one `ThoughtmillError` that names every fault of a whole `params.yaml`."""
    found = list(dict.fromkeys(faults(given)))
    if found:
        raise ThoughtmillError("\n".join(found))


def packages(folder: Path) -> dict[str, str]:
    """Return the versions of the installed packages that a project is built with.

    These are packages that bring entries, and Thoughtmill itself unless the project contains its source.
    """
    groups = (group for group in entry_points().groups if group.startswith("thoughtmill."))
    brought = {point.dist for group in groups for point in entry_points(group=group)}
    found = {dist.name: dist.version for dist in brought if dist is not None}
    if not (folder / "thoughtmill" / "__init__.py").is_file():
        found["thoughtmill"] = thoughtmill.__version__
    return found


def main() -> None:
    """Check `params.yaml`, write `data/checked.json`."""
    folder = root()
    check(params.load(folder / "params.yaml"))
    (folder / "data").mkdir(exist_ok=True)
    write_json(folder / "data" / "checked.json", packages(folder))


if __name__ == "__main__":
    stage.run(main)

"""Registries: the places where Thoughtmill and installed packages add entries.

A registry knows its entries by name and imports an entry only when it is chosen. Ours are the modules of a
folder or the lines of a table; a package adds entries through entry points of the registry's group:

    [project.entry-points."thoughtmill.thoughts"]
    table_of_thought = "my_package.table_of_thought"
"""

import pkgutil
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, cast

from thoughtmill.factory.core.errors import ThoughtmillError

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Entries of one kind by name.

    `what` names the kind in error messages and `group` is the group of entry points. `ours` maps each of our
    names to an absolute `module` or `module:attribute`, written like an entry point.
    """

    def __init__(self, what: str, group: str, ours: Mapping[str, str]) -> None:
        self.what, self.group, self.ours = what, group, dict(ours)
        self.loaded: dict[str, Entry] = {}

    @cached_property
    def foreign(self) -> dict[str, EntryPoint]:
        """The entry points of installed packages, by name; two packages must not claim one name."""
        found: dict[str, EntryPoint] = {}
        for point in sorted(entry_points(group=self.group), key=lambda point: (point.name, point.value)):
            if point.name in self.ours or found.get(point.name, point).value != point.value:
                other = "Thoughtmill" if point.name in self.ours else _brought_by(found[point.name])
                raise ThoughtmillError(
                    f"the {self.what} `{point.name}` is in {other} and in {_brought_by(point)}: "
                    "uninstall one of the two"
                )
            found[point.name] = point
        return found

    def names(self) -> tuple[str, ...]:
        """Return all names: ours in their order, then those of installed packages."""
        return (*self.ours, *self.foreign)

    def __contains__(self, name: object) -> bool:
        return name in self.ours or name in self.foreign

    def named(self, name: str, where: str = "") -> Entry:
        """Import and return an entry; the `ThoughtmillError` for an unknown name lists the known names.

        `where` names the setting in the error, such as `params.yaml: generate: `.
        """
        if name not in self.loaded:
            if name not in self:
                raise ThoughtmillError(
                    f"{where}unknown {self.what} `{name}`; there are: {', '.join(self.names())}"
                )
            self.loaded[name] = cast(
                Entry, _resolved(self.ours[name]) if name in self.ours else self._foreign(name)
            )
        return self.loaded[name]

    def _foreign(self, name: str) -> Any:
        point = self.foreign[name]
        try:
            return point.load()
        except Exception as error:  # a stranger's module may raise anything when it is imported
            why = f"{type(error).__name__}: {error}"
            raise ThoughtmillError(
                f"the {self.what} `{name}` of {_brought_by(point)} cannot be imported: {why}"
            ) from error


def modules_of(package: str, but_not: Iterable[str] = ()) -> dict[str, str]:
    """Return the modules of a package as entries of a registry, each under its own name.

    >>> sorted(modules_of("thoughtmill.factory.core.executors"))
    ['local', 'ray']
    """
    found = pkgutil.iter_modules(import_module(package).__path__)
    return {
        module.name: f"{package}.{module.name}"
        for module in sorted(found, key=lambda module: module.name)
        if module.name not in but_not and not module.name.startswith("_")
    }


def _resolved(value: str) -> Any:
    module, _, attribute = value.partition(":")
    found = import_module(module)
    return getattr(found, attribute) if attribute else found


def _brought_by(point: EntryPoint) -> str:
    return f"the package {point.dist.name}" if point.dist else point.value

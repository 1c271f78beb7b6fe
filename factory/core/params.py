"""Read `params.yaml`: one section per stage, and a clear error for a wrong key."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from thoughtmill.factory.core.errors import NotInProject, ThoughtmillError, nearest
from thoughtmill.factory.core.files import existing, root


class Section(BaseModel):
    """The base of every section: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)
Entries = TypeVar("Entries", bound=Sequence[Any])


class _Loader(yaml.SafeLoader):
    """Reads as DVC does, by YAML 1.2: `2e-4` is a number, and a key that is given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node, unless a key is given twice."""
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"`{key.value}` is given twice", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def repeated(listed: Sequence[Any]) -> Any:
    """Return the first entry that a list has twice, or None.

    >>> repeated(["cot", "pot", "cot"])
    'cot'
    """
    return next((entry for entry, count in Counter(listed).items() if count > 1), None)


def unique(listed: Entries) -> Entries:
    """Return a list as it is, as pydantic's `AfterValidator`; an entry that it has twice is an error."""
    if (entry := repeated(listed)) is not None:
        raise ValueError(f"`{entry}` is listed twice")
    return listed


def read(text: str) -> Any:
    """Return what a text says in YAML.

    >>> read("2e-4"), read("[q_proj, v_proj]")
    (0.0002, ['q_proj', 'v_proj'])
    """
    return deepcopy(_read(text))


@lru_cache(maxsize=8)
def _read(text: str) -> Any:
    """Parse a text once: all that a stage opens asks `params.yaml` for a limit."""
    return yaml.load(text, _Loader)


def load(path: Path | None = None) -> dict[str, Any]:
    """Return the whole of `params.yaml`: `section` validates a section, `factory.check` all of them."""
    path = path or root() / "params.yaml"
    try:
        text = existing(path, "restore it from git").read_text("utf-8")
        params = read(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ThoughtmillError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(params, dict):
        raise ThoughtmillError(f"{path.name} holds no sections")
    return params


def section(name: str, model: type[Model], path: Path | None = None) -> Model:
    """Return one section of `params.yaml` as its model; an absent section has all defaults."""
    given = load(path).get(name)
    return validated({} if given is None else given, model, f"params.yaml: {name}")


def single(name: str, default: Any, faults_of: Callable[[object], Iterable[str]]) -> Any:
    """Return a setting at the top of `params.yaml`; its default where it, or a project, is absent.

    `faults_of` yields the faults of a value; the first is raised.
    """
    try:
        given = load().get(name, default)
    except NotInProject:
        return default
    for fault in faults_of(given):
        raise ThoughtmillError(fault)
    return given


def thoughts(path: Path | None = None) -> tuple[str, ...]:
    """Return the names of the thoughts this corpus is made of, in their order."""
    listed = load(path).get("thoughts")
    if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
        raise ThoughtmillError("params.yaml: thoughts: give a list with at least one thought")
    if repeated(listed) is not None:
        raise ThoughtmillError("params.yaml: thoughts: a thought is listed twice")
    return tuple(listed)


def validated(value: Any, model: type[Model], where: str) -> Model:
    """Return `value` as a model, or raise one line that names every wrong key or value."""
    try:
        return _validated(value, model)
    except (TypeError, ValidationError) as error:
        raise ThoughtmillError(f"{where}: {'; '.join(_faults(error, model))}") from error


def faults(value: Any, model: type[BaseModel], where: str) -> list[str]:
    """Return a line for every wrong key or value of `value` as a model."""
    try:
        _validated(value, model)
    except (TypeError, ValidationError) as error:
        return [f"{where}: {fault}" for fault in _faults(error, model)]
    except ThoughtmillError as error:
        said = str(error)
        return [said if said.startswith("params.yaml: ") else f"{where}: {said}"]
    return []


def _validated(value: Any, model: type[Model]) -> Model:
    return model.model_validate_json(json.dumps(value), strict=True)


def _faults(error: TypeError | ValidationError, model: type[BaseModel]) -> list[str]:
    if isinstance(error, TypeError):
        return [str(error)]
    told = error.errors()
    inside = {fault["loc"][:at] for fault in told for at in range(len(fault["loc"]))}
    return [_fault(fault, model) for fault in told if fault["loc"] not in inside]


def _fault(fault: Any, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        *above, last = fault["loc"]
        return f"`{key}` is an unknown key{nearest(last, _keys(model, above))}"
    said = str(fault["msg"]).removeprefix("Value error, ")
    return f"`{key}`: {said}" if key else said


def _keys(model: type[BaseModel], above: list[str | int]) -> list[str]:
    """Return the keys of the model at the path `above`, which may pass lists and mappings."""
    for part in above:
        if field := model.model_fields.get(str(part)):
            model = next(_models(field.annotation), model)
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)

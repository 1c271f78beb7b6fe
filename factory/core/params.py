"""Read `params.yaml`: every number a stage reads, one section per stage, a wrong key is one clear error."""

import difflib
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, root

SECTIONS = (
    "thoughts", "seed", "generate", "verify", "curate", "tabulate", "release", "report",
    "roles", "student", "finetune", "infer", "evaluate",
)  # fmt: skip


class Settings(BaseModel):
    """The base of every section: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Section = TypeVar("Section", bound=BaseModel)


def load(path: Path | None = None) -> dict[str, Any]:
    """Return the whole of `params.yaml` as it stands; its sections are validated by `section`."""
    path = path or root() / "params.yaml"
    try:
        params = yaml.safe_load(existing(path, "restore it from git").read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ThoughtmillError(f"{path.name} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(params, dict):
        raise ThoughtmillError(f"{path.name} holds no sections")
    for key in params:
        if key not in SECTIONS:
            raise ThoughtmillError(f"{path.name}: unknown section `{key}`{_nearest(str(key), SECTIONS)}")
    return params


def section(name: str, model: type[Section], path: Path | None = None) -> Section:
    """Return one section of `params.yaml` as its model; a section that is absent is all defaults."""
    given = load(path).get(name)
    return validated({} if given is None else given, model, f"params.yaml: {name}")


def thoughts(path: Path | None = None) -> tuple[str, ...]:
    """Return the names of the thoughts this corpus is made of, in their order."""
    listed = load(path).get("thoughts")
    if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
        raise ThoughtmillError("params.yaml: thoughts: give a list with at least one thought")
    if len(set(listed)) < len(listed):
        raise ThoughtmillError("params.yaml: thoughts: a thought is listed twice")
    return tuple(listed)


def validated(value: Any, model: type[Section], where: str) -> Section:
    """Return `value` as a model, or raise one line that names every wrong key or value."""
    try:
        return model.model_validate_json(json.dumps(value), strict=True)
    except TypeError as error:
        raise ThoughtmillError(f"{where}: {error}") from error
    except ValidationError as error:
        faults = "; ".join(_fault(fault, model) for fault in error.errors())
        raise ThoughtmillError(f"{where}: {faults}") from error


def _fault(fault: Any, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"`{key}` is an unknown key{_nearest(str(fault['loc'][-1]), tuple(model.model_fields))}"
    told = str(fault["msg"]).removeprefix("Value error, ")
    return f"`{key}`: {told}" if key else told


def _nearest(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""

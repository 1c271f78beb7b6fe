"""The section `base` of `params.yaml`: the pretrained model of all roles, and the name of its students.

Adapters are in `data/adapters/NAME/ROLE`, and what students wrote in `data/predictions/NAME.parquet`. So the
students of several bases are side by side in a corpus and its tables.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root


class BaseSettings(params.Section):
    """The section `base`."""

    name: str = Field(
        "embedded", pattern=r"^\w[\w.-]*$", description="adapters, curves and predictions are kept under it"
    )
    model: str = Field("train/embedded/base", description="a folder, or `owner/name` on the Hub")
    revision: str | None = Field(None, description="the commit of a model on the Hub")

    @property
    def adapters(self) -> Path:
        """The folder of the adapters on this base, one for each role."""
        return Path("data/adapters", self.name)


def _of_a_folder(given: Any) -> Any:
    """Take a bare path as the model of a base."""
    return {"model": given} if isinstance(given, str) else given


ChosenBase = Annotated[BaseSettings, BeforeValidator(_of_a_folder)]
"""The base in the settings of a stage, which `section` takes from the section `base`."""


def trained() -> Path:
    """Return the folder of the adapters on the base of `params.yaml`, or that of 0.2 where only that is."""
    folder, flat = params.section("base", BaseSettings).adapters, Path("data/adapters")
    old = not (root() / folder).is_dir() and any((root() / flat).glob("*/thoughtmill.json"))
    return flat if old else folder


def section(name: str, model: type[params.Model], path: Path | None = None) -> params.Model:
    """Return the section `finetune` or `infer` of `params.yaml`, with the base of the section `base`."""
    whole = params.load(path)
    if found := named_twice(name, whole.get(name)):
        raise ThoughtmillError(found)
    chosen = params.validated(whole.get("base") or {}, BaseSettings, "params.yaml: base")
    given = (whole.get(name) or {}) | {"base": chosen.model_dump()}
    return params.validated(given, model, f"params.yaml: {name}")


def named_twice(name: str, given: Any) -> str | None:
    """Return the fault of a section that names a base itself, as it did before 0.3."""
    if isinstance(given, dict) and {"base", "revision"} & given.keys():
        return (
            f"params.yaml: {name}.base: name the base of all stages once, in a section of its own: "
            "`base: {name: mine, model: a folder or owner/name, revision: its commit}`"
        )
    return None

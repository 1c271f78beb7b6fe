"""The section `seed` of `params.yaml`, which the stage `seed` and the teacher `replay` read."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import nearest
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.problems import PROBLEM_SETS, SourceSettings


class SeedSettings(Section, extra="allow"):
    """The section `seed` of `params.yaml`: sources, and options of problem sets under their names."""

    sources: tuple[SourceSettings, ...] = Field((SourceSettings(set="embedded"),), min_length=1)
    refused: Literal["stop", "keep"] = Field(
        "stop", description="rows that cannot become problems are an error, or rows of the table `refused`"
    )

    @model_validator(mode="after")
    def _know_every_key(self) -> Self:
        for name in self.model_extra or {}:
            if name not in PROBLEM_SETS:
                known = (*type(self).model_fields, *PROBLEM_SETS.names())
                raise ValueError(f"`{name}` is an unknown key{nearest(name, known)}")
            self.options(name)
        return self

    @model_validator(mode="after")
    def _take_a_source_once(self) -> Self:
        if twice := params.repeated(self.sources):
            raise ValueError(f"`sources`: `{twice.set}` is listed twice")
        return self

    def options(self, name: str) -> Any:
        """Return the options of a problem set as its model; None for a set without options."""
        model = getattr(PROBLEM_SETS.named(name), "options", None)
        given = (self.model_extra or {}).get(name) or {}  # a section may be left empty
        if model is None and given:
            raise ValueError(f"`{name}`: this set has no options")
        return model and params.validated(given, model, f"params.yaml: seed: {name}")

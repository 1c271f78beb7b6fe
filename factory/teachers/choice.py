"""The section `generate`: who writes a thought: one teacher, another for some, or several to compare.

    generate:
      teachers:
        cheap: {model: gpt-4o-mini}
        strong: {model: o3, fallback_of: cheap}
      by_thought:
        knowledge: {teacher: strong, model: o3-pro}

An entry holds settings of its module (`teacher`, by default `openai`) over those of the module's own section,
`generate.openai`; an entry of `by_thought` goes over both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.teachers import TEACHERS
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.sampling import SamplingSettings
from thoughtmill.factory.thoughts.prompts import ASKED
from thoughtmill.schemas.fields import SPLITS


class TeacherEntry(Section):
    """An entry of `generate.teachers`; its other keys are settings of its module."""

    model_config = ConfigDict(extra="allow")

    teacher: str = Field("openai", description="its module")
    samples: int | None = Field(None, ge=1, description="completions per problem and thought")
    sampling: Mapping[str, Any] = Field({}, description="parameters over those of the thought")
    thoughts: tuple[str, ...] | None = Field(None, description="the thoughts that it writes; default: all")
    reminders: bool | None = Field(None, description="as `reminders` of all teachers, which is the default")
    fallback_of: str | None = Field(
        None, description="the earlier teacher for whose unusable completions alone it is asked"
    )


class ThoughtEntry(Section):
    """An entry of `generate.by_thought`; its other keys are settings of the teacher for this thought."""

    model_config = ConfigDict(extra="allow")

    teacher: str | None = Field(None, description="who alone writes this thought")


class UntilSettings(Section):
    """How long a problem is asked again: until enough records of a thought hold, or so many were asked."""

    verified: int = Field(ge=1, description="records of a thought, with different rationales, that hold")
    at_most: int = Field(ge=1, description="completions of a problem and thought, with those of `samples`")

    @model_validator(mode="after")
    def _can_be_reached(self) -> "UntilSettings":
        if self.at_most < self.verified:
            raise ValueError("`at_most`: ask for at least `verified`")
        return self


@dataclass(frozen=True, slots=True)
class ChosenTeacher:
    """A teacher that is asked for a thought: its name, its module and the settings it is made with.

    Its samples are rows `first_sample` to `first_sample + samples - 1` of `completions`.
    """

    name: str
    module: str
    settings: BaseModel
    samples: int
    first_sample: int = 0
    sampling: Mapping[str, Any] = field(default_factory=dict)
    fallback_of: str | None = None
    reminders: bool = False

    @property
    def endpoint(self) -> str | None:
        """The name of its endpoint in request keys; None for a teacher without an endpoint."""
        return self.settings.name() if isinstance(self.settings, EndpointSettings) else None

    @property
    def model(self) -> str | None:
        """The model that its endpoint is asked for."""
        return self.settings.model if isinstance(self.settings, EndpointSettings) else None


class GenerateSettings(Section):
    """The section `generate` of `params.yaml`.

    It may also hold a subsection for each teacher, under the teacher's name. `teacher_settings` validates
    only that of the chosen teacher, so that no other teacher is imported.
    """

    model_config = ConfigDict(extra="allow")

    teacher: str = "embedded"
    teachers: Mapping[str, TeacherEntry] = Field({}, description="several teachers by name, instead of one")
    by_thought: Mapping[str, ThoughtEntry] = {}
    samples: int = Field(1, ge=1, description="completions per problem and thought")
    reminders: bool = Field(
        False, description="end each message with a reminder of the thought's form, for weak models"
    )
    seed: int = 1
    splits: tuple[str, ...] = tuple(SPLITS)
    shards: int = Field(8, ge=1, description="shares of the requests that an executor such as `ray` spreads")
    inherit: tuple[str, ...] = Field((), description="thoughts that are asked once per family of problems")
    sampling: Mapping[str, SamplingSettings] = {}
    until: UntilSettings | None = Field(
        None, description="ask again, in the stage `grow`, for records that hold"
    )

    @model_validator(mode="after")
    def _names_are_known(self) -> "GenerateSettings":
        """Refuse the first unknown name, and list the known names."""
        modules, ours, thoughts = TEACHERS.names(), tuple(self.teachers), ASKED.names()
        for fault, names, known in (
            ("unknown key", self.model_extra or {}, (*type(self).model_fields, *modules)),
            ("`teacher`: unknown teacher", [self.teacher], modules),
            ("`splits`: unknown split", self.splits, tuple(SPLITS)),
            ("`sampling`: unknown thought", self.sampling, thoughts),
            ("`inherit`: unknown thought", self.inherit, thoughts),
            ("`by_thought`: unknown thought", self.by_thought, thoughts),
        ):
            for name in names:
                _known(fault, name, known)
        for place, entry in self.teachers.items():
            earlier = ours[: ours.index(place)]
            _known(f"`teachers.{place}.teacher`: unknown teacher", entry.teacher, modules)
            _known(f"`teachers.{place}.fallback_of`: no earlier teacher", entry.fallback_of, earlier)
            for thought in entry.thoughts or ():
                _known(f"`teachers.{place}.thoughts`: unknown thought", thought, thoughts)
        for thought, override in self.by_thought.items():
            _known(f"`by_thought.{thought}.teacher`: unknown teacher", override.teacher, ours or modules)
            if override.model_extra and override.teacher is None and len(ours) > 1:
                raise ValueError(f"`by_thought.{thought}`: give the `teacher` that these settings are for")
        return self

    def chosen(self, thought: str) -> tuple[ChosenTeacher, ...]:
        """Return the teachers of a thought in the order in which they are asked."""
        return tuple(self._chosen(thought))

    def _chosen(self, thought: str) -> Iterator[ChosenTeacher]:
        override = self.by_thought.get(thought, ThoughtEntry())
        entries = self.teachers or {(name := override.teacher or self.teacher): TeacherEntry(teacher=name)}
        samples: dict[str, int] = {}
        for name, entry in entries.items():
            left_out = entry.thoughts is not None and thought not in entry.thoughts
            if left_out or override.teacher not in (None, name):
                continue
            if override.teacher is None and entry.fallback_of not in (None, *samples):
                continue  # the teacher that it replaces does not write this thought
            fallback_of = None if override.teacher else entry.fallback_of
            count = samples[fallback_of] if fallback_of else entry.samples or self.samples
            given = {**(entry.model_extra or {}), **(override.model_extra or {})}
            yield ChosenTeacher(
                name=name,
                module=entry.teacher,
                settings=self._settings(name, entry.teacher, thought, given),
                samples=count,
                first_sample=sum(samples.values()),
                sampling=entry.sampling,
                fallback_of=fallback_of,
                reminders=self.reminders if entry.reminders is None else entry.reminders,
            )
            samples[name] = count
        if not samples:
            raise ThoughtmillError(
                f"params.yaml: generate.teachers: no teacher writes the thought `{thought}`"
            )

    def teacher_settings(self, module: str | None = None) -> BaseModel:
        """Return the settings in a module's own section, by default the chosen teacher's."""
        module = module or self.teacher
        return self._validated(module, {}, f"generate.{module}")

    def section_of(self, key: str, chosen: ChosenTeacher, thought: str) -> str:
        """Return the section of `params.yaml` in which a teacher of a thought has a setting."""
        for where, entry in (
            (f"generate.by_thought.{thought}", self.by_thought.get(thought)),
            (f"generate.teachers.{chosen.name}", self.teachers.get(chosen.name)),
        ):
            if entry is not None and key in (entry.model_extra or {}):
                return where
        return f"generate.{chosen.module}"

    def _settings(self, name: str, module: str, thought: str, given: Mapping[str, Any]) -> BaseModel:
        if not given:
            return self.teacher_settings(module)
        override = self.by_thought.get(thought)
        mine = override is not None and override.model_extra
        return self._validated(
            module, given, f"generate.by_thought.{thought}" if mine else f"generate.teachers.{name}"
        )

    def _validated(self, module: str, given: Mapping[str, Any], where: str) -> BaseModel:
        section = (self.model_extra or {}).get(module) or {}
        merged = {**section, **given} if isinstance(section, Mapping) else section
        model = TEACHERS.named(module, "params.yaml: generate: ").SETTINGS
        return params.validated(merged, model, f"params.yaml: {where}")


def _known(fault: str, name: str | None, known: tuple[str, ...]) -> None:
    if name is not None and name not in known:
        raise ValueError(f"{fault} `{name}`; there are: {', '.join(known) or 'none'}")

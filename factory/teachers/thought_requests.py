"""The requests for the thoughts about problems, as `generate` and `grow` make them."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from thoughtmill.factory.core import params, tables
from thoughtmill.factory.core.families import heirs_of
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.teachers.sampling import SamplingSettings
from thoughtmill.factory.thoughts.prompts import Prompt


class SizedRows(Protocol):
    """Rows of a table with a length, such as `tables.TableReader` or a list."""

    def __iter__(self) -> Iterator[tables.Row]: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True)
class ThoughtRequests:
    """The requests for a thought, made as they are read: one per sample and problem of the chosen splits.

    Sample i has the seed `generate.seed + i`, unless `sampling` gives one. Without a `teacher`, they are for
    any teacher with the settings of all thoughts. `only` holds the problems and samples to ask for, if not
    all of them; a `shard` asks only for what it holds. A thought that is inherited is asked for the head of
    each family; `grow` hands it down. `count` may change the samples of a problem, as `Teacher.samples`.
    """

    problems: SizedRows
    thought: str
    prompt: Prompt
    settings: GenerateSettings
    teacher: ChosenTeacher | None = None
    only: Collection[tuple[str, int]] | None = None
    shard: Shard | None = None
    count: Callable[[tables.Row, str, int], int] | None = None

    def __length_hint__(self) -> int:
        if self.only is not None:
            return len(self.only)
        samples = self._samples()
        asked = (problem for problem in self.problems if self._asks(problem))
        return sum(self.count(each, self.thought, samples) if self.count else samples for each in asked)

    def __iter__(self) -> Iterator[Request]:
        settings, teacher, only = self.settings, self.teacher, self.only
        sampling = self._parameters()
        prompt = self.prompt.reminding() if teacher is not None and teacher.reminders else self.prompt
        whose = () if teacher is None or teacher.endpoint is None else (teacher.endpoint, teacher.settings)
        heirs = heirs_of(self.problems) if self.thought in settings.inherit else {}
        for problem in self.problems:
            if self._asks(problem) and problem["problem_id"] not in heirs:
                messages, samples = prompt.messages(problem), self._samples()
                for sample in range(self.count(problem, self.thought, samples) if self.count else samples):
                    if only is None or (problem["problem_id"], sample) in only:
                        parameters = {"seed": settings.seed + sample, **sampling}
                        yield Request(problem, self.thought, sample, messages, parameters, *whose)

    def parameters(self, sample: int) -> dict[str, Any]:
        """Return the parameters of the requests for one sample."""
        return {"seed": self.settings.seed + sample, **self._parameters()}

    def _parameters(self) -> dict[str, Any]:
        """Return the parameters that all samples share."""
        sampling = self.sampling().parameters(self.thought, self.prompt.schema)
        if self.teacher is not None and self.teacher.model:
            return {"model": self.teacher.model, **sampling}
        return sampling

    def _asks(self, problem: tables.Row) -> bool:
        """Say whether a problem is of the chosen splits, and held by the shard."""
        mine = self.shard is None or self.shard.holds(problem["problem"])
        return mine and problem["split"] in self.settings.splits

    def sampling(self) -> SamplingSettings:
        """Return how the thought is sampled, with the changes of the teacher."""
        chosen = self.settings.sampling.get(self.thought, SamplingSettings())
        if self.teacher is None or not self.teacher.sampling:
            return chosen
        given = {**chosen.model_dump(), **self.teacher.sampling}
        return params.validated(
            given, SamplingSettings, f"params.yaml: generate.teachers.{self.teacher.name}.sampling"
        )

    def _samples(self) -> int:
        return self.settings.samples if self.teacher is None else self.teacher.samples

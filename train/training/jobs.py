"""Training jobs: a role, its corpus, settings and folders; which are done, and which learn together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from thoughtmill.factory.core.corpus import Corpus
from thoughtmill.train.students.origins import ORIGIN, commit, origin_of
from thoughtmill.train.training.plan import digest, examples_of
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.training.states import OnProgress

SHARED = {
    "base", "weights", "rank", "alpha", "dropout", "targets", "dora", "rslora", "precision",
    "gradient_checkpointing", "shard", "pass_tokens",
}  # fmt: skip
"""The settings that adapters in the same passes have in common."""
MAX_ADAPTERS = 32
"""The most adapters in the same passes: each has an optimizer in memory."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A role to train into `folder`; a killed run resumes from `state`.

    `on_progress` is called with the curve so far whenever a line of progress is printed, and at the end.
    """

    role: str
    corpus: Corpus
    settings: FinetuneSettings
    folder: Path
    state: Path
    on_progress: OnProgress | None = None

    @property
    def what(self) -> str:
        """The name of the run in its lines of progress."""
        return f"finetune {self.role}"

    def done(self) -> bool:
        """Return whether the folder holds the adapter that this job would train: same code, same examples."""
        if not (self.folder / ORIGIN).is_file():
            return False
        held, code = origin_of(self.folder), commit()
        now = (self.role, self.corpus.data_version, self.settings.model_dump(mode="json"), code)
        same = now == (held.role, held.data_version, held.parameters, held.commit)
        if not same or code.endswith("-changed"):
            return False
        # A data version does not cover what KG wrote itself (`finetune.knowledge: own`).
        return digest(examples_of(self.role, self.corpus, self.settings)) == held.examples_sha


def groups(jobs: Sequence[TrainingJob], numbers: Sequence[int]) -> list[list[int]]:
    """Group the numbers of jobs whose adapters can share passes, at most `MAX_ADAPTERS` in a group."""
    alike: dict[str, list[int]] = {}
    for number in numbers:
        alike.setdefault(jobs[number].settings.model_dump_json(include=SHARED), []).append(number)
    return [
        each[at : at + MAX_ADAPTERS] for each in alike.values() for at in range(0, len(each), MAX_ADAPTERS)
    ]

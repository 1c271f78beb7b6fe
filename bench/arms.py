"""The corpora that are compared to see what growths and dialects teach: an arm is one of them.

`bench.taught` trains a student on each. All arms are SQL conditions over one corpus, whose embedded teacher
makes no mistake and writes programs and rules in both of its dialects: sample 0 has programs in place and
rules that say why, sample 1 has the others. Sample 2 has programs with a mistake, for `repair`.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bench.gpu import corpus
from thoughtmill.train.roles import COT, DR, EOT, KG, POT, ROLES, Role

FILES = {named: file for named, file in corpus.FILES.items() if named[0] != "math"}
EMBEDDED = {
    "seed": 1, "train": 600, "validation": 0, "validation_compositions": 0, "test_numbers": 200,
    "test_compositions": 200, "test_templates": 200,
}  # fmt: skip
"""Embedded problems, where there are no files."""
CHILDREN = {
    "redraw": 2, "fobar": 1, "rename": 1, "permute": 1, "irrelevant": 1, "equation_only": 1, "socratic": 1,
    "repair": 1,
}  # fmt: skip
CORRECT = {"teacher": "embedded", "error_rate": 0.0}
TEACHERS = {
    "first": CORRECT | {"programs": "in_place", "rules": "why"},
    "second": CORRECT | {"thoughts": ["pot", "knowledge"]},
    "wrong": {"teacher": "embedded", "error_rate": 1.0, "programs": "in_place", "thoughts": ["pot"]},
}
KEPT = tuple(
    f"data/{name}"
    for name in ("problems.parquet", "records.parquet", "manifest.json", "grown/problems.parquet")
)

OLD = "kept and growth is null and sample = 0"
ASKED_TOO = f"{OLD} and problem_id in (select problem_id from records where thought = 'socratic' and kept)"
SECOND = "growth is null and sample = 1 and (kept or drop_reason = 'duplicate_rationale')"
"""A program without numbers to name is the same in both dialects."""
FEW = "md5(coalesce(parent_id, problem_id)) < '4'"
"""A quarter of the problems, with all that was made from them."""


class Arm(NamedTuple):
    """A student: its roles, the records it learns from, the arm it is compared with, the seed of training."""

    roles: Mapping[str, Role]
    where: str
    against: str | None = None
    seed: int = 0

    @property
    def answers_as(self) -> str:
        """The role that answers."""
        return next(name for name, role in self.roles.items() if role.answers)


def grown(*names: str, also: str = "true") -> str:
    """Return the condition of the old records and of those that some growths made."""
    listed = ", ".join(f"'{name}'" for name in names)
    return f"kept and sample = 0 and (growth is null or growth in ({listed})) and {also}"


def alone(name: str, like: Role, where: str, against: str | None = None, seed: int = 0) -> dict[str, Arm]:
    """Return an arm that is asked like one role."""
    return {name: Arm({name: like}, where, against, seed)}


def with_rules(name: str, where: str, against: str | None = None) -> dict[str, Arm]:
    """Return an arm that writes rules and then, given them, a chain; both are learnt in the same steps."""
    return {name: Arm({f"kg_{name}": KG, f"dr_{name}": replace(DR, given_by=f"kg_{name}")}, where, against)}


CALCULATIONS = Role("Write only the calculations of the solution.", "equation_only")
TURNS = Role("Solve the problem in questions and answers.", "socratic")

ARMS = {
    **alone("pot", POT, OLD),
    **alone("pot_declared", POT, SECOND, "pot"),
    **alone("pot_redraw", POT, grown("redraw"), "pot"),
    **alone("pot_repair", POT, grown("repair"), "pot"),
    **alone("eot", EOT, OLD),
    **alone("eot_again", EOT, OLD, "eot", seed=1),
    **alone("eot_redraw", EOT, grown("redraw"), "eot"),
    **alone("eot_fobar", EOT, grown("fobar"), "eot"),
    **alone("eot_rename", EOT, grown("rename"), "eot"),
    **alone("eot_irrelevant", EOT, grown("irrelevant"), "eot"),
    **alone("eot_few", EOT, f"{OLD} and {FEW}", "eot"),
    **alone("eot_few_redraw", EOT, grown("redraw", also=FEW), "eot_few"),
    **alone("cot", COT, OLD),
    **alone("cot_redraw", COT, grown("redraw"), "cot"),
    **alone("equation_only", CALCULATIONS, OLD, "cot"),
    **alone("cot_asked_too", COT, ASKED_TOO),
    **alone("socratic", TURNS, OLD, "cot_asked_too"),
    **with_rules("why", OLD),
    **with_rules("what", f"{SECOND} or {OLD} and thought = 'cot'", "why"),
}
"""`eot_again` differs from `eot` in its seed alone: its gain is what chance makes of a training."""


def register() -> None:
    """Make all arms known as roles."""
    for name, arm in ARMS.items():
        roles = {name: Role(parts=tuple(arm.roles)), **arm.roles}
        ROLES.ours.update(dict.fromkeys(roles, __name__))
        ROLES.loaded.update(roles)


def build(folder: Path, data: Path | None = None) -> None:
    """Make the corpus of all arms in `folder/data`: of the sets under `data`, or of embedded problems."""
    (folder / "data").mkdir(parents=True)
    shutil.copy(corpus.ROOT / "data" / "exemplars.jsonl", folder / "data")
    (folder / "dvc.yaml").touch()
    (folder / "params.yaml").write_text(yaml.safe_dump(settings(data)), "utf-8")
    corpus.run_stages(folder, THOUGHTMILL_LEDGER=str(folder / "ledger"))


def strip(folder: Path) -> None:
    """Remove all but the tables that students learn from; `records` has those of grown problems too."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and str(path.relative_to(folder)) not in KEPT:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def settings(data: Path | None) -> dict[str, Any]:
    """Return the `params.yaml` of the corpus."""
    seed: dict[str, Any] = {"sources": [{"set": "embedded"}], "embedded": EMBEDDED}
    if data is not None:
        found = {key: (data / file).resolve() for key, file in FILES.items() if (data / file).is_file()}
        sources = [{"set": name, "split": split, "file": str(at)} for (name, split), at in found.items()]
        seed = {"sources": sources}
    return {
        "thoughts": [*corpus.THOUGHTS],
        "seed": seed,
        "generate": {"splits": ["train"], "teachers": TEACHERS},
        "grow": CHILDREN,
        "curate": {"redraw": False},
    }

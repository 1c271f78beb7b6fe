"""Open students for inference: who plays which role, and a base with all their adapters on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import adapters
from thoughtmill.train.bases import Base, load_base, sha256_of
from thoughtmill.train.origins import Origin, origin_of
from thoughtmill.train.roles import spoken


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: `plays` names the adapter of each role, `origins` where each adapter comes from."""

    folder: Path
    plays: dict[str, str]
    origins: dict[str, Origin]
    data_version: str

    @property
    def sha(self) -> str:
        """What stands for all weights: of the bases, which should be one, and of the adapters."""
        bases = sorted({one.base_sha for one in self.origins.values()})
        return " ".join([*bases, *(one.adapter_sha for one in self.origins.values())])

    def revision(self, base: str) -> str | None:
        """Return the commit of a base on the Hub, none of a folder; refuse one that adapters are not for."""
        named = {(one.base_sha, one.base) for one in self.origins.values()}
        shas = {sha for sha, name in named}
        if Path(base).is_dir() and shas == {sha256_of(Path(base))}:
            return None
        if Path(base).is_dir() or len(named) > 1 or named != {(sha := min(shas), base)}:
            raise ThoughtmillError(f"{self.folder}: not every adapter was trained on the base {base}")
        return sha


@dataclass(frozen=True, slots=True)
class Opened:
    """Students in memory: `plays` names the adapter of each role, `sha` stands for all their weights."""

    base: Base
    plays: dict[str, str]
    data_version: str
    sha: str


def player(plays: Mapping[str, str], role: str) -> str:
    """Return the adapter that plays a role, or raise a `ThoughtmillError` that says how to get one."""
    if role not in plays:
        raise ThoughtmillError(f"no adapter plays `{role}`: list it in `roles` and train it")
    return plays[role]


def cast_of(folder: Path, trained: Sequence[str], mixed_versions: bool = False) -> Cast:
    """Return who plays the roles that are `trained`, and those of which a trained one is made.

    A role without an adapter of its own is played by one that was trained on it among others (`etd`); an
    adapter with nothing left to play stays where it is.
    Adapters of different data versions are refused unless `mixed_versions`: their results say nothing of
    either.
    """
    if not trained:
        raise ThoughtmillError("params.yaml: roles: list the roles whose adapters are to answer")
    plays = {part: role for role in trained for part in spoken(role)} | {
        role: role for role in trained if spoken(role) == (role,)
    }
    origins = {role: origin_of(folder / role) for role in trained if role in plays.values()}
    versions = sorted({origin.data_version for origin in origins.values()})
    if len(versions) > 1 and not mixed_versions:
        told = ", ".join(f"{role} {one.data_version[:12]}" for role, one in origins.items())
        raise ThoughtmillError(
            f"adapters of different data versions ({told}): train them anew, or set infer.mixed_versions"
        )
    return Cast(folder, plays, origins, " ".join(versions))


def open_students(
    folder: Path,
    trained: Sequence[str],
    base: str,
    revision: str | None = None,
    precision: str = "auto",
    mixed_versions: bool = False,
) -> Opened:
    """Load a base once and put the adapters of a cast on it, on a GPU where there is one."""
    cast = cast_of(folder, trained, mixed_versions)
    on_gpu = torch.cuda.is_available()
    loaded = load_base(
        base, revision, ("bfloat16" if on_gpu else "float32") if precision == "auto" else precision
    )
    model: PeftModel | None = None
    for role in cast.origins:
        model = adapters.load(loaded, folder / role, role, onto=model)
    assert model is not None
    if on_gpu and precision != "4bit":
        model.to("cuda")
    return Opened(loaded, cast.plays, cast.data_version, cast.sha)

"""Load students for inference: find the adapter of each role, and put all adapters on one base."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.roles import parts_of
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import Base, load_base, sha256_of
from thoughtmill.train.students.origins import Origin, origin_of
from thoughtmill.train.styles import OURS


@dataclass(frozen=True, slots=True)
class AdapterMap:
    """The adapters in a folder: `adapter_of` maps roles to adapters, `origins` adapters to their origins."""

    folder: Path
    adapter_of: dict[str, str]
    origins: dict[str, Origin]
    data_version: str

    @property
    def sha(self) -> str:
        """The digests of the base (or bases) and of all adapters, which identify every weight."""
        bases = sorted({origin.base_sha for origin in self.origins.values()})
        return " ".join([*bases, *(origin.adapter_sha for origin in self.origins.values())])

    @property
    def styles(self) -> dict[str, str]:
        """The style in which each adapter is asked."""
        return {name: origin.parameters.get("style", OURS) for name, origin in self.origins.items()}

    def revision(self, base: str) -> str | None:
        """Return the commit of a Hub base, or None for a folder; refuse another base than the adapters'."""
        named = {(origin.base_sha, origin.base) for origin in self.origins.values()}
        shas = {sha for sha, name in named}
        if Path(base).is_dir() and shas == {sha256_of(Path(base))}:
            return None
        if Path(base).is_dir() or len(named) > 1 or named != {(sha := min(shas), base)}:
            raise ThoughtmillError(f"{self.folder}: not every adapter was trained on the base {base}")
        return sha


@dataclass(frozen=True, slots=True)
class LoadedStudents:
    """Students in memory: `adapter_of` maps roles to adapters, `sha` identifies all weights."""

    base: Base
    adapter_of: dict[str, str]
    data_version: str
    sha: str
    styles: dict[str, str]


def adapter_for(adapter_of: Mapping[str, str], role: str) -> str:
    """Return the adapter of a role, or raise a `ThoughtmillError` that says how to get one."""
    if role not in adapter_of:
        raise ThoughtmillError(f"no adapter answers for `{role}`: list it in `roles` and train it")
    return adapter_of[role]


def adapter_map(folder: Path, trained: Sequence[str], mixed_versions: bool = False) -> AdapterMap:
    """Find the adapters of the `trained` roles, and of the parts of those roles.

    A role without an adapter uses an adapter that learnt several roles (`etd`). Unused adapters are not read.
    Adapters of different data versions are refused unless `mixed_versions`, because their results describe
    neither version.
    """
    if not trained:
        raise ThoughtmillError("params.yaml: roles: list the roles whose adapters are to answer")
    adapter_of = {part: role for role in trained for part in parts_of(role)} | {
        role: role for role in trained if parts_of(role) == (role,)
    }
    origins = {role: origin_of(folder / role) for role in trained if role in adapter_of.values()}
    versions = sorted({origin.data_version for origin in origins.values()})
    if len(versions) > 1 and not mixed_versions:
        shown = ", ".join(f"{role} {origin.data_version[:12]}" for role, origin in origins.items())
        raise ThoughtmillError(
            f"adapters of different data versions ({shown}): train them anew, or set infer.mixed_versions"
        )
    return AdapterMap(folder, adapter_of, origins, " ".join(versions))


def load_students(
    folder: Path,
    trained: Sequence[str],
    base: str,
    revision: str | None = None,
    precision: str = "auto",
    mixed_versions: bool = False,
) -> LoadedStudents:
    """Load a base and the adapters of the roles that were `trained`, onto a GPU where there is one."""
    found = adapter_map(folder, trained, mixed_versions)
    on_gpu = torch.cuda.is_available()
    loaded = load_base(
        base, revision, ("bfloat16" if on_gpu else "float32") if precision == "auto" else precision
    )
    model: PeftModel | None = None
    for role in found.origins:
        model = adapters.load(loaded, folder / role, role, onto=model)
    assert model is not None
    if on_gpu and precision != "4bit":
        model.to("cuda")
    return LoadedStudents(loaded, found.adapter_of, found.data_version, found.sha, found.styles)

"""Load students for inference: find the adapter of each role, and put all adapters on one base."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn
from transformers import PreTrainedTokenizerBase

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies.answering import GenerationRequest
from thoughtmill.train.roles import encoding, parts_of
from thoughtmill.train.roles.styles import OURS
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import Base, load_base, sha256_of
from thoughtmill.train.students.origins import SEED, Origin, of_seed, origin_of


@dataclass(frozen=True, slots=True)
class AdapterMap:
    """The adapters of some roles: `adapter_of` maps roles to adapters.

    `folders` and `origins` map adapters to their folder and origin.
    """

    folders: dict[str, Path]
    adapter_of: dict[str, str]
    origins: dict[str, Origin]
    data_version: str

    @property
    def sha(self) -> str:
        """The digests of all bases and adapters."""
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
            raise ThoughtmillError(
                f"{min(self.folders.values()).parent}: not every adapter was trained on the base {base}"
            )
        return sha


@dataclass(frozen=True, slots=True)
class LoadedStudents:
    """Students of one base in memory: `adapter_of` maps roles to adapters, `sha` identifies all weights.

    `others` are students that are models of their own.
    """

    base: Base
    adapter_of: dict[str, str]
    data_version: str
    sha: str
    styles: dict[str, str]
    others: tuple["LoadedStudents", ...] = ()


def prompted(
    tokenizer: PreTrainedTokenizerBase,
    requests: Sequence[GenerationRequest],
    adapter_of: Mapping[str, str],
    styles: Mapping[str, str],
    two_sided: bool = False,
) -> list[tuple[GenerationRequest, str, list[int]]]:
    """Return each request with the adapter of its role, and its prompt in the adapter's style.

    A role without an adapter raises a `ThoughtmillError` that says how to get one.
    """
    if lacking := next((one.role for one in requests if one.role not in adapter_of), None):
        raise ThoughtmillError(f"no adapter answers for `{lacking}`: list it in `roles` and train it")
    named = [adapter_of[one.role] for one in requests]
    asked = [
        (styles[adapter], (one.role, one.problem, one.given))
        for adapter, one in zip(named, requests, strict=True)
    ]
    prompts = encoding.render_each(tokenizer, asked, two_sided)
    return list(zip(requests, named, prompts, strict=True))


def seeds_of(folder: Path, trained: Sequence[str]) -> dict[int, int | None]:
    """Return the training runs that all roles have in a folder: the seed, and the argument of `of_seed`."""
    each = [
        {int(place.name.removeprefix(SEED)) for place in (folder / role).glob(f"{SEED}*")} for role in trained
    ]
    more = sorted(set.intersection(*each)) if each else []
    first = next((role for role in trained if (folder / role).is_dir()), None)
    begun = 0 if first is None else int(origin_of(folder / first).parameters.get("seed", 0))
    return {begun: None} | {seed: seed for seed in more}


def adapter_map(
    folder: Path,
    trained: Sequence[str],
    mixed_versions: bool = False,
    seed: int | None = None,
    style: str | None = None,
) -> AdapterMap:
    """Find the adapters of the `trained` roles, and of the parts of those roles.

    `seed` names a further training run of each role; None is the first. `style` is how adapters of others are
    asked.

    A role without an adapter uses an adapter that learnt several roles (`etd`). Unused adapters are not read.
    Adapters of different data versions are refused unless `mixed_versions`, because their results describe
    neither version.
    """
    if not trained:
        raise ThoughtmillError("params.yaml: roles: list the roles whose adapters are to answer")
    adapter_of = {part: role for role in trained for part in parts_of(role)} | {
        role: role for role in trained if parts_of(role) == (role,)
    }
    places = {role: of_seed(folder / role, seed) for role in trained if role in adapter_of.values()}
    origins = {role: origin_of(place, style) for role, place in places.items()}
    versions = sorted({origin.data_version for origin in origins.values()})
    if len(versions) > 1 and not mixed_versions:
        shown = ", ".join(f"{role} {origin.data_version[:12]}" for role, origin in origins.items())
        raise ThoughtmillError(
            f"adapters of different data versions ({shown}): train them anew, or set infer.mixed_versions"
        )
    return AdapterMap(places, adapter_of, origins, " ".join(versions))


def load_students(
    folder: Path,
    trained: Sequence[str],
    base: str,
    revision: str | None = None,
    precision: str = "auto",
    mixed_versions: bool = False,
    seed: int | None = None,
    style: str | None = None,
) -> LoadedStudents:
    """Load a base and the adapters of the roles that were `trained`, onto a GPU where there is one."""
    found = adapter_map(folder, trained, mixed_versions, seed, style)
    if precision == "auto":
        precision = "bfloat16" if torch.cuda.is_available() else "float32"
    groups: list[tuple[Base, list[str]]] = []
    if on_base := [role for role, origin in found.origins.items() if not origin.whole]:
        loaded, model = load_base(base, revision, precision), None
        for role in on_base:
            model = adapters.load(loaded, found.folders[role], role, onto=model, style=style)
        groups.append((loaded, on_base))
    whole = [role for role, origin in found.origins.items() if origin.whole]
    groups += [(adapters.load_whole(found.folders[role], role, precision), [role]) for role in whole]
    if torch.cuda.is_available() and precision != "4bit":
        for loaded, _ in groups:
            nn.Module.to(loaded.model, "cuda")
    one, *others = (
        LoadedStudents(
            loaded,
            {part: role for part, role in found.adapter_of.items() if role in names},
            found.data_version,
            found.sha,
            found.styles,
        )
        for loaded, names in groups
    )
    return replace(one, others=tuple(others))

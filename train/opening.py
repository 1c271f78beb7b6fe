"""Open students for inference: a base with all its adapters on it, all of one data version."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel

from factory.errors import ThoughtmillError
from train import adapters
from train.bases import Base, load_base
from train.origins import Origin, origin_of
from train.roles import spoken


@dataclass(frozen=True, slots=True)
class Opened:
    """Students in memory: `plays` names the adapter of each role, `sha` stands for all their weights."""

    base: Base
    plays: dict[str, str]
    data_version: str
    sha: str


def open_students(
    folder: Path,
    trained: Sequence[str],
    base: str,
    revision: str | None = None,
    precision: str = "auto",
    mixed_versions: bool = False,
) -> Opened:
    """Load a base once and put the adapters of `trained` roles on it, on a GPU where there is one.

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
    cast = [role for role in trained if role in plays.values()]
    origins = [origin_of(folder / role) for role in cast]
    version = _version(cast, origins, mixed_versions)
    on_gpu = torch.cuda.is_available()
    loaded = load_base(
        base, revision, ("bfloat16" if on_gpu else "float32") if precision == "auto" else precision
    )
    model: PeftModel | None = None
    for role in cast:
        model = adapters.load(loaded, folder / role, role, onto=model)
    assert model is not None
    if on_gpu and precision != "4bit":
        model.to("cuda")
    return Opened(loaded, plays, version, " ".join([loaded.sha, *(one.adapter_sha for one in origins)]))


def _version(cast: Sequence[str], origins: Sequence[Origin], mixed: bool) -> str:
    versions = sorted({origin.data_version for origin in origins})
    if len(versions) > 1 and not mixed:
        told = ", ".join(f"{role} {one.data_version[:12]}" for role, one in zip(cast, origins, strict=True))
        raise ThoughtmillError(
            f"adapters of different data versions ({told}): train them anew, or set infer.mixed_versions"
        )
    return " ".join(versions)

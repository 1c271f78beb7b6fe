"""Adapters: the LoRA weights of one role in peft's own format, with where they come from beside them."""

import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftModel, TaskType
from safetensors import SafetensorError
from transformers import PreTrainedModel

from factory.errors import ThoughtmillError
from factory.files import aside, existing
from train.bases import Base, linear_layers

WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an adapter comes from: `thoughtmill.json` beside its weights, and the table in its card.

    `examples_sha` is the SHA-256 of what it learnt, in order; `adapter_sha` that of its weights; `base_sha`
    that of the base's files, or its commit on the Hub.
    """

    role: str
    data_version: str
    examples_sha: str
    records: int
    base: str
    base_revision: str | None
    base_sha: str
    commit: str
    parameters: dict[str, Any]
    adapter_sha: str = ""


def lora(
    model: PreTrainedModel,
    *,
    rank: int,
    alpha: int,
    dropout: float,
    targets: str | list[str],
    revision: str | None,
) -> LoraConfig:
    """Return a LoRA configuration in which no layer's rank exceeds its own width.

    A capped layer keeps the ratio of alpha to rank, and with it the scaling of all others: servers that know
    no patterns (vLLM) then serve it right.
    """
    layers = dict(linear_layers(model, targets))
    if not layers:
        raise ThoughtmillError(f"finetune.targets: {targets} names no linear layer of {model.name_or_path}")
    widths = {name: min(layer.in_features, layer.out_features) for name, layer in layers.items()}
    caps = {name: width for name, width in widths.items() if width < rank}
    return LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=targets,
        rank_pattern=caps,
        alpha_pattern={name: alpha * width / rank for name, width in caps.items()},
        task_type=TaskType.SEQ_2_SEQ_LM if model.config.is_encoder_decoder else TaskType.CAUSAL_LM,
        revision=revision,
    )


def save(model: PeftModel, folder: Path, origin: Origin) -> None:
    """Write an adapter: peft's files, `thoughtmill.json` and the card."""
    model.save_pretrained(str(folder))
    sha = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    told = asdict(origin) | {"adapter_sha": sha}
    with aside(folder / "thoughtmill.json") as part:
        part.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", "utf-8")
    (folder / "README.md").write_text(card(told), "utf-8")


def card(told: dict[str, Any]) -> str:
    """Return the card of an adapter in the form the Hub reads."""
    facts = {name: value for name, value in told.items() if name != "parameters"}
    facts |= {f"finetune.{name}": value for name, value in told["parameters"].items()}
    table = [f"| {name} | {value} |" for name, value in facts.items()]
    front = [
        "---",
        "library_name: peft",
        f"base_model: {told['base']}",
        "tags: [thoughtmill, lora, math]",
        "---",
    ]
    title = ["", f"# Thoughtmill student: `{told['role']}`", ""]
    use = ["A LoRA adapter trained on verified thoughts; load it with `PeftModel.from_pretrained`.", ""]
    return "\n".join([*front, *title, *use, "| trained from | |", "|---|---|", *table, ""])


def origin_of(folder: Path) -> Origin:
    """Read where an adapter comes from, and make sure that its weights are whole."""
    file = existing(folder / "thoughtmill.json", "train the role with `python -m train.finetune`")
    try:
        origin = Origin(**json.loads(file.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise ThoughtmillError(f"{file} is corrupt: train the role again") from error
    weights = existing(folder / WEIGHTS, "train the role again").read_bytes()
    if hashlib.sha256(weights).hexdigest() != origin.adapter_sha:
        raise ThoughtmillError(f"{folder / WEIGHTS} is truncated or changed: train the role again")
    return origin


def load(base: Base, folder: Path, role: str, onto: PeftModel | None = None) -> PeftModel:
    """Put the adapter of `role` on a base, beside those already there; refuse any other base or role."""
    origin = origin_of(folder)
    if origin.role != role:
        raise ThoughtmillError(f"{folder} is an adapter for role `{origin.role}`, not `{role}`")
    if origin.base_sha != base.sha:
        raise ThoughtmillError(
            f"{folder} was trained on another base ({origin.base}, {origin.base_sha[:12]})"
        )
    try:
        if onto is None:
            return PeftModel.from_pretrained(base.model, str(folder), adapter_name=role)
        onto.load_adapter(str(folder), adapter_name=role)
        return onto
    except SafetensorError as error:
        raise ThoughtmillError(f"{folder / WEIGHTS} cannot be read: {error}") from error


def commit() -> str:
    """Return the commit of the code, closed by `-changed` where files differ; `unknown` outside git."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=-changed"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()

"""Adapters: the LoRA weights of a role in peft's format, with a file that records their origin."""

from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftModel, TaskType
from transformers import PreTrainedModel

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.students.bases import Base, linear_layers
from thoughtmill.train.students.origins import Origin, origin_of, write_origin


def lora(
    model: PreTrainedModel,
    *,
    rank: int,
    alpha: int,
    dropout: float,
    targets: str | list[str],
    revision: str | None,
    dora: bool = False,
    rslora: bool = False,
) -> LoraConfig:
    """Return a LoRA configuration in which no layer's rank exceeds the width of the layer.

    All layers have the same scaling, also those of lower rank. Servers that ignore rank patterns, such as
    vLLM, then serve the adapter correctly. `dora` learns magnitudes apart (arXiv 2402.09353), `rslora` scales
    by the root of the rank (arXiv 2312.03732).
    """
    widths = dict(linear_layers(model, targets))
    last_names = {name.rsplit(".", 1)[-1] for name in widths}
    unknown = [name for name in targets if name not in last_names] if isinstance(targets, list) else []
    if unknown or not widths:
        raise ThoughtmillError(
            f"finetune.targets: {unknown or targets} names no linear layer of {model.name_or_path}"
        )
    caps = {name: width for name, width in widths.items() if width < rank}
    return LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=targets,
        rank_pattern=caps,
        alpha_pattern={
            name: alpha * (width / rank) ** (0.5 if rslora else 1.0) for name, width in caps.items()
        },
        use_dora=dora,
        use_rslora=rslora,
        task_type=TaskType.SEQ_2_SEQ_LM if model.config.is_encoder_decoder else TaskType.CAUSAL_LM,
        revision=revision,
    )


def save(model: PeftModel, folder: Path, origin: Origin) -> None:
    """Write an adapter (peft's files, `thoughtmill.json` and the card), in the same bytes each time."""
    configs: dict[str, Any] = model.peft_config
    for config in configs.values():
        config.target_modules = sorted(config.target_modules)  # peft writes a set of names, in any order
    model.save_pretrained(str(folder))
    write_origin(folder, origin)


def load(base: Base, folder: Path, role: str, onto: PeftModel | None = None) -> PeftModel:
    """Load the adapter of `role` onto its base, beside those of `onto`; refuse another base or role."""
    origin = origin_of(folder)
    if origin.role != role:
        raise ThoughtmillError(f"{folder} is an adapter for role `{origin.role}`, not `{role}`")
    if origin.base_sha != base.sha:
        raise ThoughtmillError(
            f"{folder} was trained on another base ({origin.base}, {origin.base_sha[:12]})"
        )
    if onto is None:
        return PeftModel.from_pretrained(base.model, str(folder), adapter_name=role)
    onto.load_adapter(str(folder), adapter_name=role)
    return onto

"""Adapters: the LoRA weights of a role in peft's format, with a file that records their origin."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftMixedModel, PeftModel, TaskType, get_peft_model
from torch import Tensor
from transformers import PreTrainedModel

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.students.bases import Base, linear_layers, load_base, towers
from thoughtmill.train.students.origins import Origin, origin_of, write_origin

Student = PeftModel | PreTrainedModel
"""A base with an adapter, or a model whose own weights have learnt."""
ZEROS = "zeros"
"""The name of the adapter that a whole model has while it is tried."""

# peft asks transformers for it; a student's users can do nothing about it
warnings.filterwarnings("ignore", ".is_gradient_checkpointing. is deprecated", FutureWarning)


def lora(
    model: PreTrainedModel,
    *,
    rank: int,
    alpha: int,
    dropout: float,
    targets: str | list[str],
    revision: str | None = None,
    dora: bool = False,
    rslora: bool = False,
) -> LoraConfig:
    """Return a LoRA configuration in which no layer's rank exceeds the width of the layer.

    Towers that read images or sound are left as they are.

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
    apart = "|".join(re.escape(tower) for tower in towers(model))
    caps = {name: width for name, width in widths.items() if width < rank}
    return LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=targets,
        exclude_modules=rf"({apart})(\..*)?" if apart else None,
        rank_pattern=caps,
        alpha_pattern={
            name: alpha * (width / rank) ** (0.5 if rslora else 1.0) for name, width in caps.items()
        },
        use_dora=dora,
        use_rslora=rslora,
        task_type=TaskType.SEQ_2_SEQ_LM if model.config.is_encoder_decoder else TaskType.CAUSAL_LM,
        revision=revision,
    )


def save(
    base: Base, model: Student, folder: Path, origin: Origin, weights: dict[str, Tensor] | None = None
) -> None:
    """Write a student with `thoughtmill.json` and its card, in the same bytes each time.

    An adapter is in peft's files, a whole model in those of transformers with its tokenizer. `weights` are
    those of a model that is spread over processes.
    """
    configs: dict[str, Any] = getattr(model, "peft_config", {})
    for config in configs.values():
        config.target_modules = sorted(config.target_modules)  # peft writes a set of names, in any order
    named: dict[str, Any] = {} if weights is None else {"state_dict": weights}
    if configs:
        model.save_pretrained(str(folder), **named)
    else:
        model.save_pretrained(str(folder), max_shard_size="1TB", **named)  # one file, whose digest is kept
        base.tokenizer.save_pretrained(folder)
    write_origin(folder, origin)


def load(
    base: Base, folder: Path, role: str, onto: PeftModel | None = None, style: str | None = None
) -> PeftModel:
    """Load the adapter of `role` onto its base, beside those of `onto`; refuse another base or role.

    `style` is how adapters of others are asked, which name no base by its digest.
    """
    origin = origin_of(folder, style)
    if origin.role != role:
        raise ThoughtmillError(f"{folder} is an adapter for role `{origin.role}`, not `{role}`")
    if origin.base_sha not in ("", base.sha):
        raise ThoughtmillError(
            f"{folder} was trained on another base ({origin.base}, {origin.base_sha[:12]})"
        )
    if onto is None:
        return PeftModel.from_pretrained(base.model, str(folder), adapter_name=role)
    onto.load_adapter(str(folder), adapter_name=role)
    return onto


def load_whole(folder: Path, role: str, precision: str) -> Base:
    """Load the model of a role that was trained as a whole, as a base.

    It carries an adapter of zeros, so that it is asked like students with adapters.
    """
    base = load_base(str(folder), precision=precision)
    _with_zeros(base, role)
    return base


@contextmanager
def adapted(base: Base, model: Student) -> Iterator[list[str]]:
    """Yield the names of a student's adapters; meanwhile a whole model has one of zeros."""
    if isinstance(model, PeftModel):
        yield list(model.peft_config)
        return
    learning = {name: weight.requires_grad for name, weight in model.named_parameters()}
    peft = _with_zeros(base, ZEROS)
    try:
        yield [ZEROS]
    finally:
        peft.unload()
        vars(base.model).pop("peft_config", None)  # older releases of peft leave it
        for name, weight in model.named_parameters():
            weight.requires_grad_(learning[name])


def _with_zeros(base: Base, name: str) -> PeftModel | PeftMixedModel:
    """Put an untrained adapter, which changes no output, on a base."""
    zeros = lora(base.model, rank=1, alpha=1, dropout=0.0, targets="all-linear")
    return get_peft_model(base.model, zeros, adapter_name=name)

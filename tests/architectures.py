"""Tiny random models of many architectures, with students whose adapters are random."""

from pathlib import Path
from typing import Any

import torch
import transformers
from peft import PeftModel
from transformers import PreTrainedModel

from tests import tiny
from tests.students import students_on
from thoughtmill.train.students.bases import Base

SHAPE = {
    "vocab_size": 98, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 512, "bos_token_id": None, "eos_token_id": 1,
    "pad_token_id": 0, "initializer_range": 0.2,
}  # fmt: skip
IN_SLOTS: dict[str, dict[str, Any]] = {
    "Llama": {"num_key_value_heads": 2},
    "Qwen2": {"num_key_value_heads": 2},
    "Qwen3": {"num_key_value_heads": 1, "head_dim": 8},
    "Gemma": {"num_key_value_heads": 1, "head_dim": 16},
    "Phi": {"partial_rotary_factor": 0.5},
    "GPTNeoX": {},
    "OPT": {"word_embed_proj_dim": 32, "ffn_dim": 64},
    "GPT2": {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 512},
    "Olmo2": {},
    "StableLm": {"num_key_value_heads": 2},
    "Granite": {"logits_scaling": 2.0, "attention_multiplier": 0.3},
    "Cohere": {},
}
"""Architectures whose keys and values lie in slots, with what their configuration says beyond `SHAPE`."""
OTHERS: dict[str, dict[str, Any]] = {
    "Bloom": {"n_head": 4, "n_layer": 2},
    "Mistral": {"sliding_window": 16, "num_key_value_heads": 2},
    "Gemma2": {"head_dim": 8, "num_key_value_heads": 2},
}
"""Architectures that attend to something else as well."""

LINEAR = {
    "linear_num_key_heads": 2, "linear_num_value_heads": 2,
    "linear_key_head_dim": 8, "linear_value_head_dim": 8,
}  # fmt: skip
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
OF_TODAY: dict[str, dict[str, Any]] = {
    "Qwen3_5Text": {"num_key_value_heads": 2, "head_dim": 8, **LINEAR},
    "Qwen3Next": {"num_key_value_heads": 2, "head_dim": 8, **LINEAR, **EXPERTS},
    "Qwen3Moe": {"num_key_value_heads": 2, "head_dim": 8, **EXPERTS},
    "Lfm2": {"num_key_value_heads": 2, "block_auto_adjust_ff_dim": False},
    "GraniteMoeHybrid": {
        "num_key_value_heads": 2, "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8,
        "mamba_n_groups": 1, "num_local_experts": 0, "shared_intermediate_size": 64,
    },
    "Mamba": {"state_size": 8},
}  # fmt: skip
"""Architectures whose cache is not keys and values by layer, or whose experts are one parameter."""
FIRST_LAYER = {
    "Qwen3_5Text": "linear_attention", "Qwen3Next": "linear_attention", "Lfm2": "conv",
    "GraniteMoeHybrid": "mamba",
}  # fmt: skip
"""The layer before one of attention, by architecture."""


def model_of(kind: str, **given: Any) -> PreTrainedModel:
    torch.manual_seed(0)
    if kind in FIRST_LAYER:
        attention = "attention" if kind == "GraniteMoeHybrid" else "full_attention"
        given = given | {"layer_types": [FIRST_LAYER[kind], attention]}
    config = getattr(transformers, f"{kind}Config")(**SHAPE, **given)
    kind = kind.removesuffix("Text")
    for ending in ("ForCausalLM", "LMHeadModel"):
        if hasattr(transformers, kind + ending):
            model: PreTrainedModel = getattr(transformers, kind + ending)(config)
            return model
    raise AssertionError(kind)


def students_of(folder: Path, kind: str, given: dict[str, Any]) -> tuple[Base, PeftModel]:
    """Return students in float64: two ways to compute then part at no token by rounding."""
    base, model = students_on(tiny.based_on(model_of(kind, **given), folder), ("ir", "kg", "dr"))
    base.model.double()
    return base, model

"""Write a base as a Hugging Face folder from one GGUF file of a Llama whose tokenizer is byte-level BPE.

Weights are dequantised in float32 and rounded to bfloat16. Every file is written from the GGUF alone, so its
bytes, and the base's digest, do not depend on the version of transformers.
"""

import json
import re
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from torch import Tensor

from thoughtmill.factory.core.errors import ThoughtmillError

TENSORS = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "attn_norm": "input_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    "ffn_norm": "post_attention_layernorm",
}  # fmt: skip
"""The tensors of a layer: llama.cpp's names, and Hugging Face's."""

WHOLE = {
    "token_embd": "model.embed_tokens.weight",
    "output_norm": "model.norm.weight",
    "output": "lm_head.weight",
}
CONTROL = 3
"""The type of a token that opens or closes a turn, in llama.cpp's vocabularies."""


class Gguf:
    """The metadata and the tensors of a GGUF file."""

    def __init__(self, path: Path) -> None:
        try:
            from gguf import GGUFReader

            self.reader = GGUFReader(str(path))
        except ImportError as error:
            raise ThoughtmillError("pip install gguf: it reads the file of the base") from error
        except (OSError, ValueError) as error:
            raise ThoughtmillError(f"{path} is not a GGUF file: {error}") from error
        self.path = path

    def value(self, name: str) -> Any:
        """Return a value of the metadata; the error for a missing value names it."""
        if (field := self.reader.get_field(name)) is None:
            raise ThoughtmillError(f"{self.path} names no {name}")
        return field.contents()

    def weights(self) -> dict[str, Tensor]:
        """Return all tensors in bfloat16 by Hugging Face's names, with rows in its order."""
        from gguf.quants import dequantize

        heads = {"attn_q": self.value("llama.attention.head_count"),
                 "attn_k": self.value("llama.attention.head_count_kv")}  # fmt: skip
        found = {}
        for one in self.reader.tensors:
            held = torch.from_numpy(dequantize(one.data, one.tensor_type).copy()).float()
            part = one.name.split(".")[-2]
            if part in heads:
                held = halves_apart(held, heads[part])
            found[named(one.name)] = held.to(torch.bfloat16).contiguous()
        return found


def named(tensor: str) -> str:
    """Return Hugging Face's name of a tensor.

    >>> named("blk.3.ffn_up.weight")
    'model.layers.3.mlp.up_proj.weight'
    """
    if (whole := tensor.removesuffix(".weight")) in WHOLE:
        return WHOLE[whole]
    found = re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", tensor)
    if found is None or found[2] not in TENSORS:
        raise ThoughtmillError(f"{tensor} is not a tensor of a plain Llama")
    return f"model.layers.{found[1]}.{TENSORS[found[2]]}.weight"


def halves_apart(rows_OD: Tensor, heads: int) -> Tensor:
    """Return the rows of q or k in Hugging Face's order, which keeps the two halves of each head apart.

    llama.cpp rotates neighbouring rows together, and so alternates the halves.
    """
    size = len(rows_OD) // heads
    return rows_OD.view(heads, size // 2, 2, -1).transpose(1, 2).reshape(rows_OD.shape)


def config_of(gguf: Gguf) -> dict[str, Any]:
    """Return the configuration of a Llama."""
    if (kind := gguf.value("general.architecture")) != "llama":
        raise ThoughtmillError(f"{gguf.path} is a {kind}, not a llama")
    width, heads = gguf.value("llama.embedding_length"), gguf.value("llama.attention.head_count")
    epsilon, theta = gguf.value("llama.attention.layer_norm_rms_epsilon"), gguf.value("llama.rope.freq_base")
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "bfloat16",
        "vocab_size": len(gguf.value("tokenizer.ggml.tokens")),
        "hidden_size": width,
        "intermediate_size": gguf.value("llama.feed_forward_length"),
        "num_hidden_layers": gguf.value("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": gguf.value("llama.attention.head_count_kv"),
        "head_dim": width // heads,
        "hidden_act": "silu",
        "max_position_embeddings": gguf.value("llama.context_length"),
        "rms_norm_eps": float(f"{epsilon:.6g}"),  # the file stores it in single precision
        "rope_parameters": {"rope_type": "default", "rope_theta": float(f"{theta:.6g}")},
        "tie_word_embeddings": all(one.name != "output.weight" for one in gguf.reader.tensors),
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        **ends_of(gguf),
    }


def ends_of(gguf: Gguf) -> dict[str, int]:
    """Return the special tokens that open a text, end it, and pad rows."""
    return {
        "bos_token_id": gguf.value("tokenizer.ggml.bos_token_id"),
        "eos_token_id": gguf.value("tokenizer.ggml.eos_token_id"),
        "pad_token_id": gguf.value("tokenizer.ggml.padding_token_id"),
    }


def tokenizer_of(gguf: Gguf) -> Tokenizer:
    """Return the tokenizer: byte-level BPE in which every digit is a token."""
    if (kind := gguf.value("tokenizer.ggml.pre")) != "smollm":
        raise ThoughtmillError(f"{gguf.path} has the pre-tokenizer {kind}, which is not supported")
    tokens, kinds = gguf.value("tokenizer.ggml.tokens"), gguf.value("tokenizer.ggml.token_type")
    merges = [cast(tuple[str, str], tuple(one.split(" "))) for one in gguf.value("tokenizer.ggml.merges")]
    vocabulary = {token: place for place, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    digits, rest = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, rest])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return tokenizer


def write_base(gguf: Gguf, folder: Path) -> int:
    """Write all files of a base into an existing folder; return its number of weights."""
    tokens = gguf.value("tokenizer.ggml.tokens")
    config, ends = config_of(gguf), ends_of(gguf)
    _json(folder / "config.json", config)
    _json(folder / "generation_config.json", ends)
    tokenizer_of(gguf).save(str(folder / "tokenizer.json"))
    special = {name.removesuffix("_id"): tokens[place] for name, place in ends.items()}
    special["unk_token"] = tokens[gguf.value("tokenizer.ggml.unknown_token_id")]
    limits = {"model_max_length": config["max_position_embeddings"], "clean_up_tokenization_spaces": False}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", **special, **limits}
    _json(folder / "tokenizer_config.json", settings)
    (folder / "chat_template.jinja").write_text(gguf.value("tokenizer.chat_template"), "utf-8", newline="\n")
    weights = gguf.weights()
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    return sum(one.numel() for one in weights.values())


def _json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8", newline="\n")

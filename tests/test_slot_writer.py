"""Students in slots write what students in batches write: the same tokens, for the same random numbers."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from peft import PeftModel
from transformers import PreTrainedModel

from tests import students as made
from tests import tiny
from tests.students import random_students
from tests.test_local import requests, wrote
from thoughtmill.train.answering import GeneratedText
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.local import LocalWriter
from thoughtmill.train.writers.slot_writer import SlotWriter, UncoveredError, fastest
from thoughtmill.train.writers.stepping import SlotSteps

SHAPE = {
    "vocab_size": 98, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 512, "bos_token_id": None, "eos_token_id": 1,
    "pad_token_id": 0, "initializer_range": 0.2,
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
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


def model_of(kind: str, **given: Any) -> PreTrainedModel:
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**SHAPE, **given)
    for ending in ("ForCausalLM", "LMHeadModel"):
        if hasattr(transformers, kind + ending):
            model: PreTrainedModel = getattr(transformers, kind + ending)(config)
            return model
    raise AssertionError(kind)


def students_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, given: dict[str, Any]
) -> tuple[Base, PeftModel]:
    """Return students in float64: two ways to compute then part at no token by rounding."""
    monkeypatch.setattr(tiny, "other", lambda at: tiny.based_on(model_of(kind, **given), at), raising=False)
    base, model = random_students(folder, "other", ("ir", "kg", "dr"))
    base.model.double()
    return base, model


@pytest.mark.parametrize("kind", KINDS)
def test_rows_in_slots_write_what_rows_of_batches_write(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    students = students_of(tmp_path, monkeypatch, kind, KINDS[kind])
    for temperature in (0.0, 1.0):
        expected = wrote(students, requests(temperature), rows=15)
        for rows in (15, 4):
            assert wrote(students, requests(temperature), kind=SlotWriter, rows=rows, fewest=1) == expected


@pytest.mark.parametrize("kind", OTHERS)
def test_a_base_that_slots_do_not_cover_is_refused_with_the_reason(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, model = students_of(tmp_path, monkeypatch, kind, OTHERS[kind])
    with pytest.raises(UncoveredError, match="base"):
        made.writer(base, model, kind=SlotWriter)


@pytest.fixture
def students(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Base, PeftModel]:
    return students_of(tmp_path, monkeypatch, "Llama", KINDS["Llama"])


def test_a_base_that_was_refused_writes_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, model = students_of(tmp_path, monkeypatch, "Mistral", OTHERS["Mistral"])
    expected = wrote((base, model), requests(1.0))
    again = made.writer(base, model)
    with pytest.raises(UncoveredError):
        SlotWriter(again.base, again.adapters, rows=4, max_new_tokens=30, top_k=50, top_p=0.9)
    same = made.writer(again.base, model)
    same.ask(requests(1.0))
    found: dict[str, GeneratedText] = {}
    while len(found) < len(expected):
        found |= {one.wanted.problem_id: one for one in same.write()}
    assert found == expected


def test_rows_of_one_temperature_and_mixed_ones_write_the_same(students: tuple[Base, PeftModel]) -> None:
    asked = [one._replace(temperature=at % 2 * 1.0) for at, one in enumerate(requests(1.0))]
    expected = wrote(students, asked)
    assert wrote(students, asked, kind=SlotWriter, fewest=1) == expected


def test_longer_prompts_that_come_later_find_room(students: tuple[Base, PeftModel]) -> None:
    short, long = requests(1.0, 6), [one._replace(problem="a b " * 60) for one in requests(1.0, 12)[6:]]
    expected = wrote(students, [*short, *long])
    local = made.writer(*students, kind=SlotWriter, rows=8)
    found = {}
    local.ask(short)
    found |= {one.wanted.problem_id: one for one in local.write()}
    local.ask(long)
    while len(found) < len(expected):
        found |= {one.wanted.problem_id: one for one in local.write()}
    assert found == expected


def test_a_text_ends_at_its_limit_and_at_the_end_of_the_context(students: tuple[Base, PeftModel]) -> None:
    asked = [one._replace(problem="a" * (60 * at)) for at, one in enumerate(requests(0.0, 9))]
    for limit in (1, 9, 200):
        expected = wrote(students, asked, max_new_tokens=limit)
        assert wrote(students, asked, kind=SlotWriter, max_new_tokens=limit) == expected
    assert "" in {one.text for one in expected.values()}


def test_a_step_that_warms_up_before_a_graph_is_made_changes_no_text(
    students: tuple[Base, PeftModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = wrote(students, requests(1.0), kind=SlotWriter, rows=4)

    def stepping(steps: SlotSteps, live: int, hot: bool) -> None:
        steps.warm(live, hot)
        steps.write(live, hot)

    monkeypatch.setattr(SlotSteps, "_step", stepping)
    assert wrote(students, requests(1.0), kind=SlotWriter, rows=4) == expected


def test_adapters_of_some_layers_and_of_other_ranks_are_their_own(tmp_path: Path) -> None:
    base, model = random_students(tmp_path, "causal", ("ir", "kg"))
    base.model.double()
    config = copy.deepcopy(model.peft_config["ir"])
    config.r, config.target_modules, config.lora_alpha = 3, {"v_proj", "up_proj"}, 5
    model.add_adapter("dr", config)
    for name, weight in model.named_parameters():
        if "lora_B.dr" in name:
            torch.nn.init.normal_(weight)
    expected = wrote((base, model), requests(0.0))
    assert wrote((base, model), requests(0.0), kind=SlotWriter) == expected


def test_without_a_gpu_students_write_in_batches(students: tuple[Base, PeftModel]) -> None:
    how: dict[str, Any] = {"rows": 2, "max_new_tokens": 3, "top_k": 5, "top_p": 0.9}
    assert type(fastest(students[0], {"ir": "ir"}, **how)) is LocalWriter

"""Masked adapters: a layer makes of a row what peft makes of it with the row's adapter alone."""

import copy
from pathlib import Path

import pytest
import torch
from peft import PeftModel

from tests.students import random_students
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.masked import MaskedLinear, UncoveredError, masked, unmasked

IDS_BT = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]])


@pytest.fixture
def students(tmp_path: Path) -> tuple[Base, PeftModel]:
    return random_students(tmp_path, "causal", ("ir", "kg"))


@torch.no_grad()
def test_every_row_of_a_batch_has_its_own_adapter(students: tuple[Base, PeftModel]) -> None:
    base, model = students
    alone = {}
    for adapter in ("ir", "kg"):
        model.set_adapter(adapter)
        alone[adapter] = model(input_ids=IDS_BT).logits
    mask = masked(base.model)
    mask.now_LR = mask.of(["kg", "ir", "kg"])
    mixed = base.model(input_ids=IDS_BT).logits
    for at, adapter in enumerate(("kg", "ir", "kg")):
        assert torch.allclose(mixed[at], alone[adapter][at], atol=1e-5)
    assert not torch.allclose(alone["kg"][0], alone["ir"][0], atol=1e-2)


@torch.no_grad()
def test_a_base_in_bfloat16_has_its_adapters_in_bfloat16(students: tuple[Base, PeftModel]) -> None:
    base, model = students
    model.set_adapter("kg")
    exact = model(input_ids=IDS_BT).logits
    mask = masked(base.model.to(torch.bfloat16))
    mask.now_LR = mask.of(["kg"] * 3)
    found = base.model(input_ids=IDS_BT).logits
    assert found.dtype == torch.bfloat16
    assert torch.allclose(found.float(), exact, rtol=0.1, atol=0.3)
    mask.now_LR = mask.of(["ir"] * 3)
    assert not torch.allclose(base.model(input_ids=IDS_BT).logits.float(), exact, rtol=0.1, atol=0.3)


def test_a_layer_that_is_handed_all_rows_in_one_makes_the_same(students: tuple[Base, PeftModel]) -> None:
    mask = masked(students[0].model)
    mask.now_LR = mask.of(["kg", "ir", "ir"])
    layer = next(layer for layer in students[0].model.modules() if isinstance(layer, MaskedLinear))
    x_BTD = torch.randn(3, 4, layer.base.in_features)
    assert torch.allclose(layer(x_BTD).flatten(0, 1), layer(x_BTD.flatten(0, 1)), atol=1e-5)


def test_masking_again_begins_with_the_same_layers(students: tuple[Base, PeftModel]) -> None:
    base, _ = students
    expected = [name for name, _ in base.model.named_modules()]
    masked(base.model)
    mask = masked(base.model)
    layers = [layer for layer in base.model.modules() if isinstance(layer, MaskedLinear)]
    assert layers
    assert all(layer.group.mask is mask for layer in layers)
    unmasked(base.model)
    assert [name for name, _ in base.model.named_modules()] == expected


def test_an_adapter_that_is_more_than_two_matrices_is_refused(students: tuple[Base, PeftModel]) -> None:
    base, model = students
    config = copy.deepcopy(model.peft_config["ir"])
    config.use_dora = True
    model.add_adapter("dr", config)
    with pytest.raises(UncoveredError, match="not a plain linear layer with LoRA"):
        masked(base.model)
    model.delete_adapter("dr")
    assert masked(base.model)

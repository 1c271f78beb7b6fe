"""Mixing: what a layer makes of a row is what peft makes of it with the row's adapter alone."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel

from tests.students import random_students
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.mixing import MixedLinear, mix, spans_of

IDS_BT = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]])


@pytest.fixture
def students(tmp_path: Path) -> tuple[Base, PeftModel]:
    return random_students(tmp_path, "causal", ("ir", "kg"))


@torch.no_grad()
def test_every_span_of_a_batch_has_its_own_adapter(students: tuple[Base, PeftModel]) -> None:
    base, model = students
    alone = {}
    for adapter in ("ir", "kg"):
        model.set_adapter(adapter)
        alone[adapter] = model(input_ids=IDS_BT).logits
    with model.disable_adapter():
        bare = model(input_ids=IDS_BT).logits
    spans = mix(base.model)
    spans[:] = spans_of(["kg", "ir", "nobody"])
    mixed = base.model(input_ids=IDS_BT).logits
    for at, expected in enumerate((alone["kg"], alone["ir"], bare)):
        assert torch.allclose(mixed[at], expected[at], atol=1e-5)
    assert not torch.allclose(alone["kg"][0], alone["ir"][0], atol=1e-2)


@torch.no_grad()
def test_a_base_in_bfloat16_has_its_adapters_in_bfloat16(students: tuple[Base, PeftModel]) -> None:
    base, model = students
    model.set_adapter("kg")
    exact = model(input_ids=IDS_BT).logits
    spans = mix(base.model.to(torch.bfloat16))
    spans[:] = spans_of(["kg"] * 3)
    found = base.model(input_ids=IDS_BT).logits
    assert found.dtype == torch.bfloat16
    assert torch.allclose(found.float(), exact, rtol=0.1, atol=0.3)
    spans[:] = spans_of(["ir"] * 3)
    assert not torch.allclose(base.model(input_ids=IDS_BT).logits.float(), exact, rtol=0.1, atol=0.3)


def test_a_layer_that_is_handed_all_rows_in_one_mixes_the_same(students: tuple[Base, PeftModel]) -> None:
    spans = mix(students[0].model)
    spans[:] = spans_of(["kg", "ir", "ir"])
    layer = next(layer for layer in students[0].model.modules() if isinstance(layer, MixedLinear))
    x_BTD = torch.randn(3, 4, layer.base.in_features)
    assert torch.allclose(layer(x_BTD).flatten(0, 1), layer(x_BTD.flatten(0, 1)), atol=1e-5)


def test_mixing_again_shares_one_list_of_spans(students: tuple[Base, PeftModel]) -> None:
    mix(students[0].model)
    spans = mix(students[0].model)
    layers = [layer for layer in students[0].model.modules() if isinstance(layer, MixedLinear)]
    assert layers
    assert all(layer.spans is spans for layer in layers)


def test_an_adapter_may_have_several_spans() -> None:
    assert spans_of([]) == []
    assert spans_of(["a", "b", "a"]) == [("a", 0, 1), ("b", 1, 2), ("a", 2, 3)]

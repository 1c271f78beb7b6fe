"""Students of bases that slots do not cover write what the base says, token by token."""

from pathlib import Path

import pytest
import torch
import transformers

from tests import tiny
from tests.architectures import OF_TODAY, model_of
from tests.students import students_on
from tests.test_finetune import settings
from tests.test_local import requests, wrote
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.finetune import student
from thoughtmill.train.roles import encoding


@pytest.mark.filterwarnings("ignore:The following .*_pattern keys")  # peft's own, for fused experts
@pytest.mark.parametrize("kind", OF_TODAY)
def test_a_base_of_today_writes_what_an_uncached_pass_says(kind: str, tmp_path: Path) -> None:
    if not hasattr(transformers, f"{kind}Config"):
        pytest.skip(f"this transformers has no {kind}")
    targets = {"targets": ["in_proj", "x_proj"]} if kind == "Mamba" else {}
    base, model = students_on(
        tiny.based_on(model_of(kind, **OF_TODAY[kind]), tmp_path), ("ir", "kg", "dr"), **targets
    )
    found = wrote((base, model), requests(0.0), rows=15, max_new_tokens=8)
    for asked in requests(0.0):
        model.set_adapter(asked.role)
        ids = encoding.render(base.tokenizer, asked.role, asked.problem, asked.given)
        begin = len(ids)
        while len(ids) < begin + 8 and base.ends.isdisjoint(ids[begin:]):
            with torch.inference_mode():
                logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits
            ids.append(int(logits[0, -1].argmax()))
        assert found[asked.wanted.problem_id].text == base.tokenizer.decode(
            [token for token in ids[begin:] if token not in base.ends]
        )


def test_layers_that_lora_cannot_change_are_named_before_training(tmp_path: Path) -> None:
    base = tiny.based_on(model_of("Mamba", **OF_TODAY["Mamba"]), tmp_path)
    with pytest.raises(ThoughtmillError, match=r"finetune\.targets: .*out_proj"):
        student(base, settings())

"""Students of tiny bases whose adapters are random: they write nonsense, each its own, and soon stop."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.train.finetune import student
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.local import local_writer
from thoughtmill.train.writers.sampling import StudentWriter

ROLES = ("ir", "kg", "dr", "gp", "eq", "gp_hint", "eq_hint", "cot", "pot", "eot")


def random_students(
    folder: Path, kind: str = "causal", roles: tuple[str, ...] = ROLES
) -> tuple[Base, PeftModel]:
    """Return a tiny base, `causal` or `two_sided`, with an adapter of random weights for each role."""
    base: Base = getattr(tiny, kind)(folder)
    model = student(base, settings())
    config = model.peft_config["default"]
    for role in roles:
        model.add_adapter(role, config)
    drawn = torch.Generator().manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.data.copy_(torch.randn(weight.shape, generator=drawn) * 0.3)
    return base, model


def writer(
    base: Base, model: PeftModel, kind: Callable[..., StudentWriter] = local_writer, **given: Any
) -> StudentWriter:
    """Return who writes with a copy of these students, so that peft's own layers stay as they are."""
    how = {"rows": 16, "max_new_tokens": 30, "top_k": 50, "top_p": 0.9} | given
    adapter_of = {role: role for role in model.peft_config if role != "default"}
    return kind(replace(base, model=copy.deepcopy(base.model)), adapter_of, **how)

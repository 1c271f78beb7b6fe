"""Students of tiny bases whose adapters are random: they write nonsense, each its own, and soon stop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.train.finetune import student
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.local import local_writer
from thoughtmill.train.writers.masked import unmasked
from thoughtmill.train.writers.sampling import StudentWriter

ROLES = ("ir", "kg", "dr", "gp", "eq", "gp_hint", "eq_hint", "cot", "pot", "eot")
ENDS = [*range(1, 98, 10)]
"""Tokens that end a text; so many that texts soon end."""


def random_students(
    folder: Path, kind: str = "causal", roles: tuple[str, ...] = ROLES
) -> tuple[Base, PeftModel]:
    """Return a tiny base, `causal` or `two_sided`, with an adapter of random weights for each role."""
    return students_on(getattr(tiny, kind)(folder), roles)


def students_on(base: Base, roles: tuple[str, ...], **given: Any) -> tuple[Base, PeftModel]:
    """Return a base with an adapter of random weights for each role; `given` are settings of them all."""
    base.model.generation_config.eos_token_id = ENDS
    model = student(base, settings(**given))
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
    """Return who writes with these students; whoever wrote with them before must be done."""
    unmasked(base.model)
    how = {"rows": 16, "max_new_tokens": 16, "top_k": 50, "top_p": 0.9} | given
    return kind(base, {role: role for role in model.peft_config if role != "default"}, **how)

"""Find faults between sections of `params.yaml`, such as a policy that asks a role nobody trains.

`factory/check.py` calls `faults` before the first stage runs. Nothing here imports torch or transformers.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies import roles_of
from thoughtmill.train.roles import ROLES, parts_of
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.settings import InferSettings


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for every fault between the sections `thoughts`, `roles`, `finetune` and `infer`.

    A section that is itself faulty is skipped, because its own check reports it.
    """
    listed = given.get("roles")
    roles = [role for role in listed if isinstance(role, str)] if isinstance(listed, list) else []
    known = []
    for role in roles:
        try:
            other = ROLES.named(role).variant_of
        except ThoughtmillError as error:
            yield f"params.yaml: roles: {error}"
            continue
        if other:
            yield f"params.yaml: roles: `{role}` is asked of the adapter of `{other}`: list that one"
        else:
            known.append(role)
    if known == roles and roles:
        yield from _training_faults(given, roles)
        yield from _asking_faults(given, roles)


def _training_faults(given: Mapping[str, Any], roles: list[str]) -> Iterator[str]:
    try:
        settings = params.validated(given.get("finetune") or {}, FinetuneSettings, "")
    except ThoughtmillError:
        return
    for role in settings.by_role:
        if role not in roles:
            yield f"params.yaml: finetune.by_role: `{role}` is not trained: list it in `roles`"
    thoughts = given.get("thoughts")
    if settings.corpus != "data" or not isinstance(thoughts, list):
        return
    for role in roles:
        for part in parts_of(role):
            if (thought := ROLES.named(part).thought) not in thoughts:
                remedy = f"list `{thought}` in `thoughts`, or take `{role}` out of `roles`"
                yield f"params.yaml: roles: `{role}` learns from `{thought}`: {remedy}"


def _asking_faults(given: Mapping[str, Any], roles: list[str]) -> Iterator[str]:
    try:
        settings = params.validated(given.get("infer") or {}, InferSettings, "")
    except ThoughtmillError:
        return
    if settings.backend == "openai":
        return  # any model answers for any role
    trained = {part for role in roles for part in parts_of(role)}
    for name in settings.policies:
        for role in roles_of(name, settings.policy):
            if role not in ROLES:
                yield f"params.yaml: infer.policy: `{name}` asks `{role}`, which is not a role"
            elif (ROLES.named(role).variant_of or role) not in trained:
                yield f"params.yaml: infer.policies: `{name}` asks `{role}`, which `roles` does not list"

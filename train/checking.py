"""Find faults between sections of `params.yaml`, such as a policy that asks a role nobody trains.

`factory/check.py` calls `faults` before the first stage runs. Nothing here imports torch or transformers.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies import roles_of
from thoughtmill.train.roles import ROLES, parts_of
from thoughtmill.train.roles.styles import STYLES
from thoughtmill.train.students.settings import named_twice
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.settings import InferSettings


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for every fault between the sections `thoughts`, `roles`, `finetune` and `infer`.

    A section that is itself faulty is skipped, because its own check reports it.
    """
    yield from filter(None, (named_twice(name, given.get(name)) for name in ("finetune", "infer")))
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
        lacking = list(_training_faults(given, roles))
        yield from lacking or _asking_faults(given, roles)
        yield from _style_faults(given, roles)


def _training_faults(given: Mapping[str, Any], roles: list[str]) -> Iterator[str]:
    """Yield a line if roles learn from thoughts that the corpus does not have."""
    thoughts, finetune = given.get("thoughts"), given.get("finetune") or {}
    if (
        not isinstance(thoughts, list)
        or not all(isinstance(thought, str) for thought in thoughts)
        or not isinstance(finetune, dict)
        or finetune.get("corpus", "data") != "data"
    ):
        return
    lacks = {
        role: sorted({ROLES.named(part).thought for part in parts_of(role)} - set(thoughts)) for role in roles
    }
    if missing := {role: names for role, names in lacks.items() if names}:
        kept = [role for role in roles if role not in missing]
        words = ", ".join(f"`{role}` from {', '.join(names)}" for role, names in missing.items())
        cure = f"set `roles: [{', '.join(kept)}]`, or remove" if kept else "remove"
        yield (
            f"params.yaml: roles: some learn from thoughts that `thoughts` does not list ({words}): "
            f"{cure} `roles` for a corpus without students"
        )


def _style_faults(given: Mapping[str, Any], roles: list[str]) -> Iterator[str]:
    """Yield a line for every style that does not say how a role that learns it is asked."""
    try:
        settings = params.validated(given.get("finetune") or {}, FinetuneSettings, "")
    except ThoughtmillError:
        return
    unasked: dict[str, list[str]] = {}
    for role in roles:
        style = settings.of(role).style
        known = STYLES.named(style).prompts
        if known and not known.keys() >= set(parts_of(role)):
            unasked.setdefault(style, []).append(role)
    for style, those in unasked.items():
        yield (
            f"params.yaml: finetune.style: `{style}` asks {', '.join(STYLES.named(style).prompts)} alone, "
            f"not {', '.join(those)}: leave these out of `roles`, or give them another `style` under "
            "`by_role`"
        )


def _asking_faults(given: Mapping[str, Any], roles: list[str]) -> Iterator[str]:
    """Yield a line if policies ask roles that nobody trains."""
    try:
        settings = params.validated(given.get("infer") or {}, InferSettings, "")
    except ThoughtmillError:
        return
    if settings.backend == "openai":
        return  # any model answers for any role
    trained = {part for role in roles for part in parts_of(role)}
    untrained: dict[str, list[str]] = {}
    for name in settings.policies:
        for role in roles_of(name, settings.policy):
            if role not in ROLES:
                yield f"params.yaml: infer.policy: `{name}` asks `{role}`, which is not a role"
            elif (ROLES.named(role).variant_of or role) not in trained:
                untrained.setdefault(name, []).append(role)
    if untrained:
        words = ", ".join(f"`{name}` asks {', '.join(asked)}" for name, asked in untrained.items())
        kept = ", ".join(name for name in settings.policies if name not in untrained)
        cure = f" or set `policies: [{kept}]`" if kept else ""
        yield f"params.yaml: infer.policies: {words}: list these in `roles`{cure}"

"""What the sections of params.yaml say of students together is checked before anything is built."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.checking import faults
from thoughtmill.train.embedded.settings import StudentSettings
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.writers.settings import InferSettings

ROOT = Path(__file__).parents[1]
THOUGHTS = ["knowledge", "cot", "pot", "eot"]


def of(roles: list[str], policies: list[str] | None = None, **given: Any) -> list[str]:
    infer = {"policies": policies or [f"greedy/{roles[0]}"]}
    return list(faults({"thoughts": THOUGHTS, "roles": roles, "infer": infer} | given))


def test_the_params_of_this_repository_have_no_fault() -> None:
    given = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert list(faults(given)) == []
    for name, model in {
        "student": StudentSettings,
        "finetune": FinetuneSettings,
        "infer": InferSettings,
    }.items():
        params.validated(given.get(name) or {}, model, name)


def test_a_style_that_does_not_ask_a_role_is_a_fault() -> None:
    style = {"finetune": {"preset": "embedded", "style": "lorid"}}
    assert of(["ir", "kg", "dr"], **style) == []
    assert of(["ir", "cot", "pot"], **style) == [
        "params.yaml: finetune.style: `lorid` asks ir, kg, dr alone, not cot, pot: leave these out of "
        "`roles`, or give them another `style` under `by_role`"
    ]
    style["finetune"]["by_role"] = {"cot": {"style": "etd"}, "pot": {"style": "thoughtmill"}}  # type: ignore[assignment]
    assert of(["ir", "cot", "pot"], **style) == []


def test_a_project_without_students_has_no_fault() -> None:
    assert list(faults({"thoughts": THOUGHTS})) == []


@pytest.mark.parametrize(
    ("roles", "policies", "asked"),
    [
        (["ir"], ["greedy/ir", "lorid"], ["kg", "dr"]),
        (["ir", "kg", "dr"], ["lorid", "greedy/dr_other", "greedy/dr_bare"], []),
        (["etd"], ["etd", "prove@3", "greedy/cot"], []),
        (["cot", "pot"], ["etd"], ["eot"]),
        (["gp", "eq"], ["pair_unhinted"], []),
        (["gp", "eq"], ["pair"], ["gp_hint", "eq_hint"]),
        (["kg"], ["greedy/dr_bare"], ["dr_bare"]),
    ],
)
def test_a_policy_may_ask_what_is_trained_or_a_part_or_a_variant_of_it(
    roles: list[str], policies: list[str], asked: list[str]
) -> None:
    kept = f" or set `policies: [{', '.join(policies[:-1])}]`" if policies[:-1] else ""
    line = (
        f"params.yaml: infer.policies: `{policies[-1]}` asks {', '.join(asked)}: list these in `roles`{kept}"
    )
    assert of(roles, policies) == ([line] if asked else [])


def test_models_behind_an_endpoint_answer_for_any_role() -> None:
    assert of(["ir"], infer={"backend": "openai", "policies": ["lorid"]}) == []


def test_an_order_of_roles_that_are_none_is_a_fault() -> None:
    infer = {"policies": ["etd"], "policy": {"order": ["cot", "chain"]}}
    assert of(["cot"], infer=infer) == ["params.yaml: infer.policy: `etd` asks `chain`, which is not a role"]


def test_an_unknown_role_and_a_variant_are_faults() -> None:
    unknown, variant = of(["pott", "dr_bare"])
    assert unknown.startswith("params.yaml: roles: unknown role `pott`; there are: ir, ir_long, kg, dr,")
    assert variant == "params.yaml: roles: `dr_bare` is asked of the adapter of `dr`: list that one"


def test_settings_of_a_role_that_is_not_trained_do_no_harm() -> None:
    assert of(["ir"], finetune={"by_role": {"kg": {"steps": 3}}}) == []


def test_a_role_of_a_thought_that_is_not_made_is_a_fault_unless_the_corpus_is_another() -> None:
    assert of(["cot", "pot", "eot"], thoughts=["cot"]) == [
        "params.yaml: roles: some learn from thoughts that `thoughts` does not list (`pot` from pot, "
        "`eot` from eot): set `roles: [cot]`, or remove `roles` for a corpus without students"
    ]
    assert of(["cot", "pot"], thoughts=["cot"], finetune={"corpus": "../other"}) == []


def test_a_corpus_of_one_thought_needs_one_line_less_than_that_of_the_repository() -> None:
    given = yaml.safe_load((ROOT / "params.yaml").read_text()) | {"thoughts": ["cot"]}
    (line,) = faults(given)
    assert line.endswith("or remove `roles` for a corpus without students")
    del given["roles"]
    assert list(faults(given)) == []


def test_students_are_not_asked_what_they_learnt_from() -> None:
    with pytest.raises(ThoughtmillError, match="students learn from `train`"):
        params.validated({"splits": ["train"]}, InferSettings, "params.yaml: infer")


def test_a_section_that_is_faulty_by_itself_is_left_to_its_own_check() -> None:
    assert of(["ir"], infer={"polices": []}, finetune=[]) == []


@pytest.mark.parametrize("name", ["greedy/nonsense", "vote"])
def test_an_unknown_policy_is_refused_by_its_section(name: str) -> None:
    with pytest.raises(ThoughtmillError, match=rf"^params.yaml: infer: `policies`: unknown policy `{name}`"):
        params.validated({"policies": [name]}, InferSettings, "params.yaml: infer")


def test_an_unknown_preset_is_refused_by_its_section() -> None:
    line = "params.yaml: finetune: `preset`: unknown preset `lorrid`; there are: embedded, lorid, etd"
    with pytest.raises(ThoughtmillError, match=f"^{line}$"):
        params.validated({"preset": "lorrid"}, FinetuneSettings, "params.yaml: finetune")


def test_a_rate_as_people_write_it_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("finetune:\n  learning_rate: 2e-4\n  by_role:\n    kg: {learning_rate: 1E+2}\n")
    settings = params.section("finetune", FinetuneSettings, path)
    assert (settings.learning_rate, settings.of("kg").learning_rate) == (0.0002, 100.0)


def test_checking_imports_neither_torch_nor_transformers() -> None:
    words = "import sys, thoughtmill.train.checking, thoughtmill.train.embedded.settings;"
    words += "sys.exit(bool({'torch', 'transformers', 'peft', 'openai'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", words], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("thoughts", [[{"a": 1}], [["cot"]], [1]])
def test_thoughts_that_are_no_names_are_left_to_the_check_of_thoughts(thoughts: list[object]) -> None:
    assert of(["cot"], thoughts=thoughts) == []

"""Stage `check`: every fault of params.yaml is a line of its own, before any stage runs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import thoughtmill
from thoughtmill.factory import check
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError

ROOT = Path(__file__).parents[1]
THOUGHTS = ["knowledge", "cot", "pot", "eot"]


def given() -> dict[str, Any]:
    return params.load(ROOT / "params.yaml")


def wrong(change: Callable[[dict[str, Any]], object]) -> list[str]:
    changed = given()
    change(changed)
    return list(check.faults(changed))


def test_our_own_params_have_no_fault() -> None:
    assert list(check.faults(given())) == []


@pytest.mark.parametrize(
    ("section", "change", "line"),
    [
        ("sede", {}, "unknown section `sede`; did you mean `seed`?"),
        ("seed", {"sorces": []}, "seed: `sorces` is an unknown key; did you mean `sources`?"),
        (
            "seed",
            {"embedded": {"trian": 1}},
            "seed: embedded: `trian` is an unknown key; did you mean `train`?",
        ),
        ("seed", {"sources": [{"set": "gsm9k"}]}, "seed.sources.set: unknown name `gsm9k`; did you mean"),
        ("seed", {"sources": [{"set": "embedded"}] * 2}, "seed: `sources`: `embedded` is listed twice"),
        (
            "seed",
            {"sources": [{"set": "gsm8k", "split": "tran"}]},
            "seed: gsm8k has no split `tran`; there are: train, test",
        ),
        (
            "seed",
            {"sources": [{"set": "gsm8k", "file": "a.jsonl"}]},
            "seed: say with `split:` which split of gsm8k a.jsonl is",
        ),
        (
            "seed",
            {"sources": [{"set": "table", "name": "mine"}]},
            "seed: a `table` needs `name:` and either `file:` or `hub:`",
        ),
        ("generate", {"splits": ["tset"]}, "generate: `splits`: unknown split `tset`"),
        ("generate", {"teacher": "embeded"}, "generate: `teacher`: unknown teacher `embeded`"),
        ("generate", {"embedded": {"sed": 1}}, "generate.embedded: `sed` is an unknown key; did you mean"),
        ("generate", {"openai": {"modle": 1}}, "generate.openai: `modle` is an unknown key; did you mean"),
        ("verify", {"limits": {"cpu": 1}}, "verify: `limits.cpu` is an unknown key; did you mean `cpu_s`?"),
        ("curate", {"ngram": 0}, "curate: `ngram`: Input should be greater than or equal to 1"),
        ("release", [], "release: Input should be an object"),
        ("thoughts", [*THOUGHTS, "ctt"], "thoughts: unknown name `ctt`; did you mean `cot`?"),
        ("thoughts", [*THOUGHTS, "cot"], "thoughts: `cot` is listed twice"),
        ("executor", "slurm", "executor: unknown name `slurm`; there are: local, ray"),
        ("executor", {"ray": 1}, "executor: give a name"),
        ("ray", {"adress": "auto"}, "ray: `adress` is an unknown key; did you mean `address`?"),
        ("partition_rows", 10, "partition_rows: give a number of rows, at least 1000"),
        ("local", {"workers": 2}, "unknown section `local`"),
        ("thoughts", "cot", "thoughts: give a list of names"),
        ("roles", [1], "roles: give a list of names"),
        ("infer", {"seeds": [1, 2, 1]}, "infer: `seeds`: `1` is listed twice"),
        ("infer", {"policies": ["greedy/ir"] * 2}, "infer: `policies`: `greedy/ir` is listed twice"),
        ("infer", {"splits": ["tset"]}, "infer.splits: unknown name `tset`; did you mean"),
    ],
)
def test_a_fault_is_a_line_that_names_its_key(section: str, change: Any, line: str) -> None:
    changed = given()
    changed[section] = changed.get(section, {}) | change if isinstance(change, dict) else change
    (fault,) = check.faults(changed)
    assert fault.startswith(f"params.yaml: {line}")
    assert "\n" not in fault


def test_every_fault_is_named_not_only_the_first() -> None:
    def change(params: dict[str, Any]) -> None:
        params["seed"]["sorces"] = params["curate"]["ngrm"] = 1
        params["thoughts"].append("ctt")

    assert len(wrong(change)) == 3
    changed = given()
    change(changed)
    with pytest.raises(ThoughtmillError) as error:
        check.check(changed)
    assert str(error.value).count("\n") == 2


def test_checking_imports_neither_torch_nor_an_endpoint(tmp_path: Path) -> None:
    heavy = {"torch", "transformers", "peft", "openai", "aiohttp", "dvc"}
    program = (
        "import sys; from thoughtmill.factory import check; from thoughtmill.factory.core import params;"
        f"check.check(params.load()); print(sorted({heavy} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_project_without_the_source_depends_on_our_version_and_a_checkout_does_not(tmp_path: Path) -> None:
    assert check.packages(tmp_path)["thoughtmill"] == thoughtmill.__version__
    assert "thoughtmill" not in check.packages(ROOT)


def test_a_package_that_brings_an_entry_is_depended_on_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tot-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: tot\nVersion: 1.2\n")
    (folder / "entry_points.txt").write_text("[thoughtmill.thoughts]\ntot = tot\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert check.packages(ROOT)["tot"] == "1.2"


def test_the_stage_writes_the_versions_and_nothing_of_params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    written = []
    for samples in (1, 2):
        params_given = {"thoughts": ["cot"], "generate": {"samples": samples}}
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(params_given))
        monkeypatch.chdir(tmp_path)
        check.main()
        written.append((tmp_path / "data" / "checked.json").read_bytes())
    assert written[0] == written[1]
    assert json.loads(written[0]) == check.packages(tmp_path)


def test_a_fault_across_sections_is_listed_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = ModuleType("a_judge")
    judge.faults = lambda params: [f"params.yaml: {len(params)} sections disagree"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_judge", judge)
    monkeypatch.setattr(check, "ACROSS", ("a_judge:faults",))
    assert wrong(lambda params: None) == [f"params.yaml: {len(given())} sections disagree"]

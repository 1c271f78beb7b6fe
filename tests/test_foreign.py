"""A stranger's package brings an entry for each seam, and a corpus runs through it from seed to release."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.waiting import PATIENCE_S
from thoughtmill.factory.core import tables
from thoughtmill.schemas import TABLES, Released

pytestmark = pytest.mark.usefixtures("forked")

ROOT = Path(__file__).parents[1]
FOREIGN = Path(__file__).with_name("foreign")
EXTEND = ROOT / "docs" / "extend.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
(SHOWN,) = [found[2] for found in BLOCK.finditer(EXTEND.read_text("utf-8")) if found[1] == "yaml"]
PARAMS: dict[str, Any] = yaml.safe_load(SHOWN)
LEARNED = ["2 * 7", "2 * 7", "4 * 7", "4 * 7", "5 * 7", "5 * 7"]
"""The kept expressions of its problems, each followed by that of the problem grown from it."""
STAGES = """
from thoughtmill.factory import check, curate, generate, grow, release, seed, tabulate, verify
from thoughtmill.factory.core import params
from thoughtmill.factory.core.executors.local import WorkerPool

del WorkerPool.spread  # its own executor does the work
check.main()
seed.main()
for thought in params.thoughts():
    generate.main(thought)
    verify.main(thought)
grow.main()
curate.main()
tabulate.main()
release.main()
"""
EXAMPLES = """
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.train.roles import examples

print(*(example.target for example in examples(open_corpus("data"), "ex")), sep="\\n")
"""
DOCTESTS = """
import doctest
from foreign_thoughts import expression, roman

for module in (expression, roman):
    print(*doctest.testmod(module))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package and install it, without a network, into a folder of its own."""
    source, target = tmp_path_factory.mktemp("source") / "foreign", tmp_path_factory.mktemp("target")
    shutil.copytree(FOREIGN, source)
    options = ["-q", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    return target


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{installed}"}
    command = ["python", *words]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.fixture(scope="module")
def project(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus that the package's problem set, teacher, thought and check have made."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "data").mkdir()
    (folder / "data" / "exemplars.jsonl").touch()
    (folder / "dvc.yaml").touch()
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    done = run(installed, folder, "-c", STAGES)
    assert done.returncode == 0, done.stderr
    return folder


def rows(project: Path, table: str, name: str | None = None) -> list[tables.Row]:
    return list(tables.TableReader(project / "data" / f"{name or table}.parquet", TABLES[table]))


def test_its_names_pass_the_check_and_its_version_is_part_of_the_set_up(project: Path) -> None:
    assert json.loads((project / "data" / "checked.json").read_text())["foreign-thoughts"] == "1.0"


def test_its_problems_have_answers_of_its_own_kind(project: Path) -> None:
    found = rows(project, "problems")
    assert [row["problem_id"] for row in found] == [
        f"forum-{split}-{at}" for split in ("test", "train") for at in range(4)
    ]
    assert (found[4]["problem"][:24], found[4]["answer"]) == ("Marcus has II bags of VI", "14")
    assert {row["license"] for row in found} == {"CC0-1.0"}


def test_its_teacher_writes_its_thought(project: Path) -> None:
    found = rows(project, "completions", "completions/expression")
    assert {(row["teacher"], row["model"]) for row in found} == {("abacus", "abacus-1")}
    assert [row["completion"] for row in found][:3] == ["2 * 13", "3 * 13", "4 + 13"]


def test_its_thought_is_solved_verified_and_checked_like_ours(project: Path) -> None:
    records = [row for row in rows(project, "records") if row["thought"] == "expression"]
    records = [row for row in records if "+" not in row["problem_id"]]
    assert [row["correct"] for row in records] == [True, True, False, True, True, False, True, True]
    assert {row["record_id"] for row in records if row["kept"]} == {
        f"forum-train-{at}/expression/0" for at in (0, 2, 3)
    }
    checks = [
        row for row in rows(project, "checks") if row["check"] == "short" and "+" not in row["record_id"]
    ]
    assert [(row["record_id"], row["passed"]) for row in checks] == [
        (row["record_id"], True) for row in records
    ]


def test_our_thoughts_and_checks_go_on_beside_it(project: Path) -> None:
    checked = {row["check"] for row in rows(project, "checks") if "/cot/" in row["record_id"]}
    assert {"numbers_used", "steps", "agreement", "solved"} <= checked
    assert "short" not in checked


def test_its_records_are_released_and_the_release_proves_itself(project: Path, installed: Path) -> None:
    released = tables.TableReader(project / "data" / "release" / "expression" / "train.parquet", Released)
    assert [row["rationale"] for row in released] == LEARNED
    done = run(installed, project, "-m", "thoughtmill.factory.commands.cli", "prove")
    assert "derived again from problems and completions" in done.stdout, done.stderr


def test_its_growth_makes_problems_that_are_verified_like_ours(project: Path) -> None:
    grown = {row["problem_id"]: row for row in rows(project, "problems", "grown/problems")}
    assert list(grown) == [f"forum-train-{at}+bags-0" for at in (0, 2, 3)]
    assert (grown["forum-train-0+bags-0"]["parent_id"], grown["forum-train-0+bags-0"]["growth"]) == (
        "forum-train-0", "bags"
    )  # fmt: skip
    records = [row for row in rows(project, "records") if row["problem_id"] in grown]
    assert [(row["thought"], row["correct"], row["kept"]) for row in records] == [
        ("expression", True, True)
    ] * 3
    attempts = [(row["parent_id"], row["reason"]) for row in rows(project, "growths", "grown/growths")]
    assert ("forum-train-1", "it has no verified expression") in attempts


def test_its_export_is_a_config_of_the_release(project: Path) -> None:
    found = pq.read_table(project / "data" / "release" / "flashcards" / "train.parquet").to_pylist()
    assert sorted({row["back"] for row in found}) == ["14", "28", "35"]
    assert all(row["front"].startswith("Marcus has") for row in found)


def test_its_role_learns_from_the_records_of_its_thought(project: Path, installed: Path) -> None:
    done = run(installed, project, "-c", EXAMPLES)
    assert done.stdout.splitlines() == LEARNED, done.stderr


def test_its_style_asks_its_role(installed: Path) -> None:
    words = (
        "from thoughtmill.train.roles import styles; print(styles.prompt('ex', 'II and V?', style='terse'))"
    )
    done = run(installed, ROOT, "-c", words)
    assert done.stdout == "II and V?\nExpression: \n", done.stderr


def test_its_policy_decides_on_samples_of_its_role(installed: Path, tmp_path: Path) -> None:
    sample = {"problem_id": "p", "answer": "14", "role": "ex", "new_tokens": 5}
    texts = ["two sevens", "2 * 7", "2 + 7"]
    lines = [json.dumps({**sample, "sample": at, "text": text}) for at, text in enumerate(texts)]
    (tmp_path / "samples.jsonl").write_text("\n".join(lines))
    done = run(installed, tmp_path, "-m", "thoughtmill.train.policies", "samples.jsonl")
    shown = json.loads(done.stdout)
    assert (shown["first@3/ex"]["accuracy"], shown["first@1/ex"]["accuracy"]) == (1.0, 0.0), done.stderr


def test_a_set_up_that_names_what_it_lacks_is_one_line(
    project: Path, installed: Path, tmp_path: Path
) -> None:
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(project / name, tmp_path)
    without = run(tmp_path / "no such folder", tmp_path, "-m", "thoughtmill.factory.seed")
    assert without.returncode == 2
    assert without.stderr.count("\n") == 1
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({**PARAMS, "seed": {"forum": {"problem": 4}}}))
    unknown = run(installed, project, "-m", "thoughtmill.factory.verify", "tot")
    assert (
        "unknown thought `tot`; there are: cot, eot, equation_only, knowledge, long_cot, pot, socratic, "
        "expression"
    ) in unknown.stderr
    misspelt = run(installed, tmp_path, "-m", "thoughtmill.factory.seed")
    assert "seed: forum: `problem` is an unknown key; did you mean `problems`?" in misspelt.stderr


def test_its_own_examples_hold(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-c", DOCTESTS)
    assert done.stdout == "0 1\n" * 2, done.stdout


def test_the_page_shows_the_very_files_of_the_package() -> None:
    shown = dict(
        re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```$", EXTEND.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    )
    files = [path for path in sorted(FOREIGN.rglob("*")) if path.suffix in (".py", ".toml")]
    there = {path.relative_to(FOREIGN).as_posix(): path.read_text("utf-8") for path in files}
    assert shown == {name: text for name, text in there.items() if not name.endswith("__init__.py")}

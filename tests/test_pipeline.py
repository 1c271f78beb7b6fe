"""The whole pipeline through DVC, as a user runs it, then again, then changed; and once without DVC."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.commands import run_stage
from tests.waiting import PATIENCE_S
from thoughtmill.factory import generate, seed, verify
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.problems.stories import SPLITS

pytestmark = pytest.mark.usefixtures("forked")

ROOT = Path(__file__).parents[1]
SMALL = {split: 20 if split == "train" else 4 for split in SPLITS}


def clone(folder: Path) -> Path:
    """Copy what git tracks, as it is in the working tree, and make the corpus small."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).exists() and name.split("/")[0] not in ("tests", "bench", "docs"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)
    (folder / ".dvc" / "config.local").write_text("[core]\n    no_scm = true\n")
    changed(folder, lambda params: params["seed"].update(embedded={"seed": 1, **SMALL}))
    return folder


def changed(folder: Path, change: object) -> None:
    params = yaml.safe_load((folder / "params.yaml").read_text())
    change(params)  # type: ignore[operator]
    (folder / "params.yaml").write_text(yaml.safe_dump(params))


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ours = {"PYTHONPATH": "", "THOUGHTMILL_LEDGER": str(folder / "ledger.sqlite")}
    env = {**os.environ, **ours, "PYTHONDONTWRITEBYTECODE": ""}  # all stages need the same code
    return subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def repro(folder: Path, *words: str) -> str:
    done = run(folder, "dvc", "repro", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


WITHOUT_DVC = """
import yaml
from importlib import import_module
thoughts = yaml.safe_load(open("params.yaml"))["thoughts"]
for stage in yaml.safe_load(open("dvc.yaml"))["stages"].values():
    module = stage.get("do", stage)["cmd"].split()[2]
    for words in [[thought] for thought in thoughts] if "foreach" in stage else [[]]:
        import_module(module).main(*words)
"""


def products(folder: Path) -> dict[str, str]:
    """Return the digest of every file that stages wrote, but for what each machine measures for itself."""
    files = (path for path in (folder / "data").rglob("*") if path.is_file() and path.suffix != ".duckdb")
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: digest(path) for name, path in named.items() if not name.startswith("data/local/")}


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A clone that DVC built, and one whose stages ran in a row in one process."""
    first, second = (clone(tmp_path_factory.mktemp(name) / "deep") for name in ("first", "second"))
    repro(first)
    done = run(second, sys.executable, "-c", WITHOUT_DVC)
    assert done.returncode == 0, done.stderr
    return first, second


def test_two_clones_give_the_same_bytes(clones: tuple[Path, Path]) -> None:
    first, second = clones
    assert products(first) == products(second)
    assert {"data/problems.parquet", "data/records.parquet", "data/report/index.html"} <= set(products(first))


def test_the_lock_of_one_clone_holds_in_another(clones: tuple[Path, Path]) -> None:
    first, second = clones
    (second / ".dvc" / "cache").symlink_to(first / ".dvc" / "cache")
    shutil.copy(first / "dvc.lock", second)
    assert "Data and pipelines are up to date." in repro(second, "--dry")


def test_students_are_presented_after_all_roles_have_answered(clones: tuple[Path, Path]) -> None:
    told = run(clones[0] / "train", "dvc", "dag", "--dot").stdout
    roles = yaml.safe_load((ROOT / "params.yaml").read_text())["roles"]
    after = [f'"finetune@{role}" -> "infer";' for role in roles]
    after += ['"infer" -> "evaluate";', '"evaluate" -> "present";']
    assert set(after) <= set(told.splitlines())


def test_dvc_plots_show_yield_agreement_and_cost(clones: tuple[Path, Path]) -> None:
    done = run(clones[0], "dvc", "plots", "show", "--json")
    drawn = json.loads(done.stdout)["data"]
    for name in ("yield", "agreement", "cost"):
        assert drawn[f"data/plots/{name}.csv"]


def test_dvc_metrics_hold_the_cost(clones: tuple[Path, Path]) -> None:
    done = run(clones[0], "dvc", "metrics", "show", "--json")
    numbers = json.loads(done.stdout)[""]["data"]["data/metrics.json"]["data"]
    assert numbers["cost"]["cost_usd"] == 0


def test_a_second_repro_does_nothing_and_needs_no_student(clones: tuple[Path, Path]) -> None:
    told = repro(clones[0])
    assert "Running stage" not in told
    assert "Data and pipelines are up to date." in told


def test_merged_shards_are_what_dvc_built(clones: tuple[Path, Path]) -> None:
    before = products(clones[0])
    for stage in ("generate", "verify"):
        for shard in ("2/2", "1/2"):
            words = "python", "-m", f"thoughtmill.factory.{stage}", "eot", "--shard", shard
            assert run(clones[0], *words).returncode == 0
    done = run(clones[0], "python", "-m", "thoughtmill.factory.commands.cli", "merge")
    assert done.stdout == "merged generate@eot verify@eot\n", done.stderr
    assert products(clones[0]) == before
    assert "Data and pipelines are up to date." in repro(clones[0], "--dry")


def test_status_says_what_is_built_while_dvc_is_locked(clones: tuple[Path, Path]) -> None:
    lock = clones[0] / ".dvc" / "tmp" / "lock"
    before = lock.read_bytes() if lock.exists() else None
    holder = (
        "import sys, time, zc.lockfile; held = zc.lockfile.LockFile(sys.argv[1]);"
        "print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(lock)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        done = run(clones[0], "python", "-m", "thoughtmill.factory.commands.cli", "status", "--all")
        process.kill()
    if before is not None:
        lock.write_bytes(before)
    lines = [line for line in done.stdout.splitlines() if "train/" not in line]
    assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in lines} == {"built"}


def test_status_says_what_a_changed_parameter_makes_stale(clones: tuple[Path, Path]) -> None:
    params = (clones[0] / "params.yaml").read_text()
    changed(clones[0], lambda params: params["curate"].update(ngram=9))
    lines = run(
        clones[0], "python", "-m", "thoughtmill.factory.commands.cli", "status", "--all"
    ).stdout.splitlines()
    (clones[0] / "params.yaml").write_text(params)
    states = {line.split()[1]: line.split()[0] for line in lines}
    assert (states["verify@pot"], states["curate"], states["report"]) == ("built", "stale", "stale")
    assert any("curate.ngram" in line or "curate" in line for line in lines)


def test_a_misspelt_key_of_a_late_stage_stops_before_any_stage_deletes_its_outputs(
    clones: tuple[Path, Path],
) -> None:
    before, params = products(clones[0]), (clones[0] / "params.yaml").read_text()
    changed(clones[0], lambda params: (params["seed"].update(embedded={}), params["report"].update(sample=1)))
    done = run(clones[0], "dvc", "repro", "release")
    (clones[0] / "params.yaml").write_text(params)
    assert done.returncode != 0
    assert "report: `sample` is an unknown key; did you mean `samples`?" in done.stderr
    assert products(clones[0]) == before  # `checked.json` too: `dvc repro -s` of a later stage reads it
    repro(clones[0])
    assert products(clones[0]) == before


def test_editing_a_parser_asks_no_teacher_and_verifies_again(clones: tuple[Path, Path]) -> None:
    parser = clones[1] / "factory" / "thoughts" / "pot.py"
    parser.write_text(parser.read_text() + "\n# a comment\n")
    done = run(clones[1], "dvc", "repro", "--dry", "release")
    assert "Running stage 'verify@pot'" in done.stdout
    assert "generate@" not in done.stdout.replace("Stage 'generate@", "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda params: params["seed"].update(sorces=[]),
            "`sorces` is an unknown key; did you mean `sources`?",
        ),
        (lambda params: params["seed"].update(sources=[{"set": "gsm9k"}]), "unknown set `gsm9k`"),
        (
            lambda params: params["seed"].update(sources=[{"set": "asdiv", "file": "gone.jsonl"}]),
            "gone.jsonl is missing",
        ),
    ],
    ids=["a wrong key", "an unknown set", "a missing file"],
)
def test_a_broken_set_up_is_one_line_and_status_2(tmp_path: Path, change: object, said: str) -> None:
    folder = clone(tmp_path)
    changed(folder, change)
    done = run_stage(seed.main, folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((folder / "data").glob("*problems*"))


def test_an_unknown_thought_is_one_line_and_status_2(clones: tuple[Path, Path]) -> None:
    for stage in (generate, verify):
        done = run_stage(stage.main, clones[0], "tot")
        assert done.returncode == 2
        assert "unknown thought `tot`" in done.stderr
        assert done.stderr.count("\n") == 1

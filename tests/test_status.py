"""`thoughtmill status`: the pipeline in a screen, or every stage with all that changed."""

import argparse
from pathlib import Path

import pytest

from thoughtmill.factory.commands import status
from thoughtmill.factory.commands.status import WIDTH, StageState, drawn, fitting
from thoughtmill.factory.core.progress_files import noting
from thoughtmill.factory.ledger.runs import RunStatus

FOUND = [
    StageState("seed", "built", ""),
    StageState("generate@cot", "built", "", ("seed",)),
    StageState("generate@pot", "missing", "data/completions/pot.parquet never built", ("seed",)),
    StageState("curate", "stale", "x" * 900, ("seed", "generate@cot", "generate@pot")),
    StageState("train/dvc.yaml:finetune@ir", "stale", "curate is stale", ("curate", "seed")),
    StageState("train/dvc.yaml:finetune@kg", "stale", "curate is stale", ("curate", "seed")),
]


def test_a_stage_is_a_line_and_so_are_all_stages_of_a_foreach() -> None:
    assert [line.split()[:3] for line in drawn(FOUND)] == [
        ["built", "seed"],
        ["missing", "generate", "×2"],
        ["stale", "curate", "←"],
        ["stale", "finetune", "×2"],
    ]


def test_a_line_says_how_many_stages_are_not_built() -> None:
    assert "generate ×2 (1 missing)" in drawn(FOUND)[1]
    assert "finetune ×2  " in drawn(FOUND)[3]


def test_a_stage_follows_the_last_of_those_it_needs() -> None:
    arrows = [line.partition("←")[2].split("  ")[0].split() for line in drawn(FOUND)]
    assert arrows == [[], ["seed"], ["generate"], ["curate"]]


def test_what_changed_is_cut_to_a_readable_length() -> None:
    lines = drawn(FOUND)
    assert lines[2].endswith("x…")
    assert all(len(line) < 50 + WIDTH for line in lines)


def test_runs_of_other_projects_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(status, "states", lambda _: FOUND[:1])
    monkeypatch.setattr(status, "recent", lambda: [RunStatus(1, 2, 3.0, 4.0, "ended", "cot 5 done")])
    _, _, heading, ended = status.call(argparse.Namespace(all=False)).splitlines()
    assert heading == "the last runs that asked an endpoint, of all projects with this ledger:"
    assert ended == "ended    cot 5 done"


def test_a_line_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    assert fitting("stale verify") == "stale verify", "a pipe gets all of it"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert fitting("stale verify") == "stale ver…"
    assert fitting("stale seed") == "stale seed"


def test_no_stage_is_no_line() -> None:
    assert drawn([]) == []


def test_what_runs_now_comes_after_the_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "none.sqlite"))
    monkeypatch.setattr(status, "states", lambda _: FOUND[:1])
    with noting("verify pot, shard 2 of 3", 40), noting("finetune ir", 90) as file:
        file.note(waits_for="a node with GPU 1 free")
        built, running, waits = status.call(argparse.Namespace(all=False)).splitlines()
    assert built.split() == ["built", "seed"]
    assert running.startswith("running  verify pot, shard 2 of 3  0 of 40, 0.0 a second")
    assert waits.startswith("waits    finetune ir")

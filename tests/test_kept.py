"""Kept work: made once for a fingerprint, forgotten when nothing takes it, gathered without copies."""

from pathlib import Path

import pytest

from thoughtmill.factory.core.kept import KeptWork, gather


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dvc.yaml", "params.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)


def make(folder: Path) -> None:
    (folder / "rows").write_text("made")


def test_work_is_done_once_for_a_fingerprint() -> None:
    path = KeptWork("cot").take("a1", make)
    assert KeptWork("cot").take("a1", lambda _: pytest.fail("it was made again")) == path
    assert (path / "rows").read_text() == "made"


def test_work_that_breaks_off_is_not_kept() -> None:
    def broken(folder: Path) -> None:
        make(folder)
        raise KeyboardInterrupt

    kept = KeptWork("cot")
    with pytest.raises(KeyboardInterrupt):
        kept.take("a1", broken)
    assert not list(kept.folder.iterdir())


def test_what_no_run_takes_is_forgotten() -> None:
    KeptWork("cot").take("a1", make)
    later = KeptWork("cot")
    later.take("b2", make)
    later.forget_others()
    assert [path.name for path in later.folder.iterdir()] == ["b2"]


def test_files_are_gathered_under_numbers_and_replace_what_was_there(tmp_path: Path) -> None:
    first, second = (KeptWork("cot").take(name, make) / "rows" for name in ("a1", "b2"))
    target = tmp_path / "records.parquet"
    for files in ([first, second, first], [second]):
        gather(files, target, "part-{:05}")
        assert sorted(path.name for path in target.iterdir()) == [f"part-0000{n}" for n in range(len(files))]
    assert target.joinpath("part-00000").samefile(second)

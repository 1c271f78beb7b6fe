"""Open students: one base, all adapters on it, of one data version."""

from pathlib import Path

import pytest

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.writers.loading import load_students


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A base and the folder of its adapters: `old` versions of `kg` lie beside."""
    folder = tmp_path_factory.mktemp("trained")
    base = tiny.write_causal(folder / "base")
    for version in ("v", "w"):
        corpus = open_corpus(str(tiny.write_corpus(folder / f"corpus-{version}", version=version * 64)))
        for role in ("ir", "kg", "etd", "pot"):
            chosen = settings(base=str(base), steps=1)
            finetune(TrainingJob(role, corpus, chosen, folder / version / role, folder / f"{role}.pt"))
    return base, folder / "v"


def test_every_role_is_played_by_its_own_adapter_or_by_one_that_learnt_it_among_others(
    trained: tuple[Path, Path],
) -> None:
    base, folder = trained
    found = load_students(folder, ["pot", "etd", "ir"], str(base))
    assert found.adapter_of == {"ir": "ir", "pot": "pot", "cot": "etd", "eot": "etd"}
    assert set(found.base.model.peft_config) == {"ir", "etd", "pot"}
    assert found.data_version == "v" * 64


def test_an_adapter_whose_roles_all_have_their_own_is_not_loaded(trained: tuple[Path, Path]) -> None:
    base, folder = trained
    for role in ("cot", "eot"):
        (folder / role).symlink_to(folder / "pot")
    with pytest.raises(ThoughtmillError, match="cot is an adapter for role `pot`"):
        load_students(folder, ["pot", "cot", "eot", "etd"], str(base))
    for role in ("cot", "eot"):
        (folder / role).unlink()


def test_other_weights_or_another_order_are_another_run(trained: tuple[Path, Path]) -> None:
    base, folder = trained
    one = load_students(folder, ["ir", "kg"], str(base)).sha
    assert one == load_students(folder, ["ir", "kg"], str(base)).sha
    assert one != load_students(folder, ["ir"], str(base)).sha


def test_adapters_of_different_data_versions_are_refused_unless_told_otherwise(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    base, folder = trained
    (tmp_path / "ir").symlink_to(folder / "ir")
    (tmp_path / "kg").symlink_to(folder.with_name("w") / "kg")
    with pytest.raises(ThoughtmillError, match=r"ir vvvvvvvvvvvv, kg wwwwwwwwwwww.*set infer.mixed_versions"):
        load_students(tmp_path, ["ir", "kg"], str(base))
    found = load_students(tmp_path, ["ir", "kg"], str(base), mixed_versions=True)
    assert found.data_version == f"{'v' * 64} {'w' * 64}"


def test_no_role_at_all_is_one_line(trained: tuple[Path, Path]) -> None:
    with pytest.raises(ThoughtmillError, match=r"params\.yaml: roles"):
        load_students(trained[1], [], str(trained[0]))


def test_a_role_that_was_never_trained_is_named(trained: tuple[Path, Path]) -> None:
    with pytest.raises(ThoughtmillError, match=r"dr/thoughtmill\.json is missing: train the role"):
        load_students(trained[1], ["ir", "dr"], str(trained[0]))

"""What is packed for a machine with a GPU unpacks to the same bytes; a step that is stopped is told of."""

import json
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest

from bench.gpu import pack, planes, profile, run
from tests.test_packaging import ROOT, foreign, imports, normal, reached

THERE = {
    "accelerate", "numpy", "packaging", "pandas", "peft", "pyarrow", "pyyaml", "safetensors", "sympy",
    "tokenizers", "torch", "tqdm", "transformers", "triton",
}  # fmt: skip
"""What the machine with a GPU has."""
STEPS = (
    *(f"bench/gpu/{name}.py" for name in ("steps", "profile", "trainers", "writers")),
    *("bench/papers/__main__.py", "bench/taught.py"),
    *(f"train/{stage}.py" for stage in ("finetune", "infer", "evaluate")),
)
"""What it runs."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a GGUF file with a tensor of each kind."""
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    kinds = gguf.GGMLQuantizationType
    for number, kind in enumerate((kinds.Q4_1, kinds.Q8_0, kinds.F32)):
        values = np.random.default_rng(number).normal(size=(6, 64)).astype(np.float32)
        writer.add_tensor(f"part.{number}", gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_comes_back_byte_by_byte(file: Path, tmp_path: Path) -> None:
    planes.unpack(planes.packed(file), tmp_path / "back.gguf")
    assert (tmp_path / "back.gguf").read_bytes() == file.read_bytes()


def test_scales_stand_together_in_between(file: Path) -> None:
    assert planes.turned(file, back=False) != file.read_bytes()
    first = gguf.GGUFReader(file).tensors[0]
    blocks = first.data.reshape(-1, 20)
    at, held = first.data_offset, planes.turned(file, back=False)
    assert held[at : at + len(blocks)] == blocks[:, 0].tobytes()


def test_what_a_step_said_is_kept_though_its_last_line_is_cut() -> None:
    assert run.results_in(['{"a": 1}', "words", '{"b": 2}', '{"c": ']) == {"a": 1, "b": 2}


def test_the_runner_needs_nothing_but_python(tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-S", run.__file__, "--work", str(tmp_path / "work"), "--out"]
    told = subprocess.run([*words, str(tmp_path / "out")], check=True, capture_output=True, text=True)
    assert told.stdout.startswith("unpacked in")
    assert not (tmp_path / "out" / "steps.json").exists()


def test_a_step_that_fails_is_told_of_with_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "code").mkdir()
    found = run.run(tmp_path, tmp_path, "no-such-step", [], "name", 60)
    assert found["status"] != 0
    assert "== name: status" in capsys.readouterr().out
    assert (tmp_path / "name.log").read_text("utf-8")
    assert json.dumps(found)


def test_what_the_steps_import_is_packed_or_there() -> None:
    steps = [ROOT / path for path in STEPS]
    assert all(path.is_file() for path in steps)
    packed = {normal(one.partition("==")[0]) for one in (*pack.WHEELS, *pack.LOOSE, *pack.FROM_SOURCE)}
    found = {path: foreign(imports(path, lazily=False)) - packed - THERE for path in reached(steps)}
    assert not {path: names for path, names in found.items() if names}


def test_a_profile_is_written_with_its_shares(tmp_path: Path) -> None:
    shown = profile.recorded(lambda: None, tmp_path / "work.txt")
    assert shown["kernels"] == 0
    assert "by self_cpu_time_total" in (tmp_path / "work.txt").read_text("utf-8")

"""Merging: a model without adapter writes what the student with its adapter writes."""

import argparse
import os
import sys
from pathlib import Path

import pytest

from tests import tiny
from tests.test_ask import PLACE, adapters_on, assert_code_asks_as_we_do, code_of
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.export_adapter import CONVERTER, call, merge


@pytest.mark.parametrize("chat", [False, True])
def test_a_merged_model_is_asked_as_its_card_says_with_transformers_alone(tmp_path: Path, chat: bool) -> None:
    adapters = adapters_on(tiny.write_causal(tmp_path / "base", chat=chat), tmp_path, "ir", steps=20)
    merge(adapters / "ir", "ir", tmp_path / "merged", "float32")
    card = (tmp_path / "merged" / "README.md").read_text()
    code = code_of(card)
    assert "peft" not in code
    assert_code_asks_as_we_do(code.replace(f"{PLACE} model", str(tmp_path / "merged")), adapters)
    with pytest.raises(ThoughtmillError, match="is there already: give a new folder"):
        merge(adapters / "ir", "ir", tmp_path / "merged")


STAND_IN = """
import sys
from pathlib import Path
folder, flag, out = sys.argv[1:]
assert flag == "--outfile"
assert (Path(folder) / "model.safetensors").is_file()
Path(out).write_bytes(b"GGUF" if "fails" not in folder else sys.exit("unknown architecture"))
"""


def test_a_merged_model_is_converted_by_llama_cpps_script_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters = adapters_on(tiny.write_causal(tmp_path / "base"), tmp_path, "ir", steps=2)
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    monkeypatch.chdir(tmp_path)
    words = {"role": "ir", "adapter": adapters / "ir", "precision": "float32", "merge": True, "gguf": True}
    with pytest.raises(
        ThoughtmillError, match=r"--gguf: convert_hf_to_gguf\.py is not on PATH: get llama\.cpp"
    ):
        call(argparse.Namespace(**words, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    (tmp_path / "llama").mkdir()
    (tmp_path / "llama" / CONVERTER).write_text(STAND_IN)
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path / "llama"))
    call(argparse.Namespace(**words, out=tmp_path / "out"))
    assert (tmp_path / "out" / "model.gguf").read_bytes() == b"GGUF"
    with pytest.raises(ThoughtmillError, match=r"could not convert .*: unknown architecture"):
        call(argparse.Namespace(**words, out=tmp_path / "fails"))

"""Merging: a model without adapter writes what the student with its adapter writes."""

import argparse
import os
import sys
from pathlib import Path

import pytest

from tests import tiny
from tests.test_ask import PLACE, adapters_on, assert_codes_ask_as_we_do, code_of
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.export_adapter import CONVERTER, call, merge


def test_a_merged_model_is_asked_as_its_card_says_with_transformers_alone(
    tmp_path: Path, python: str
) -> None:
    codes = []
    for chat in (False, True):
        place = tmp_path / str(chat)
        adapters = adapters_on(tiny.write_causal(place / "base", chat=chat), place, "ir", steps=10)
        merge(adapters / "ir", "ir", place / "merged", "float32")
        code = code_of((place / "merged" / "README.md").read_text())
        assert "peft" not in code
        codes.append((code.replace(f"{PLACE} model", str(place / "merged")), adapters))
        with pytest.raises(ThoughtmillError, match="is there already: give a new folder"):
            merge(adapters / "ir", "ir", place / "merged")
    assert_codes_ask_as_we_do(python, codes)


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

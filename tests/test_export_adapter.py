"""Merging: a model without adapter writes what the student with its adapter writes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import tiny
from tests.test_ask import HOW, PROBLEM, adapters_on
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.ask import ask
from thoughtmill.train.export_adapter import merge
from thoughtmill.train.students.origins import origin_of


@pytest.mark.parametrize("chat", [False, True])
def test_a_merged_model_is_asked_as_its_card_says_with_transformers_alone(tmp_path: Path, chat: bool) -> None:
    adapters = adapters_on(tiny.write_causal(tmp_path / "base", chat=chat), tmp_path, "ir", steps=20)
    merge(adapters / "ir", "ir", tmp_path / "merged", "float32")
    card = (tmp_path / "merged" / "README.md").read_text()
    code = card.split("```python\n")[1].split("```")[0]
    assert "peft" not in code
    code = code.replace("the folder or the repository of this model", str(tmp_path / "merged"))
    code = code.replace("3 bags hold 4 nuts each. How many nuts are there?", PROBLEM)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    longest = origin_of(adapters / "ir").asking["max_new_tokens"]
    told = ask("greedy/ir", PROBLEM, adapters, HOW.model_copy(update={"max_new_tokens": longest}))
    written = told.removeprefix("ir:\n").rpartition("\n\n")[0]
    assert done.stdout.removesuffix("\n") in (written, written.rpartition("\n= ")[0])
    with pytest.raises(ThoughtmillError, match="is there already: give a new folder"):
        merge(adapters / "ir", "ir", tmp_path / "merged")

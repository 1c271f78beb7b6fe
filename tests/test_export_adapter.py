"""Merging: a model without adapter writes what the student with its adapter writes."""

from pathlib import Path

import pytest

from tests import tiny
from tests.test_ask import PLACE, adapters_on, assert_code_asks_as_we_do, code_of
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.export_adapter import merge


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

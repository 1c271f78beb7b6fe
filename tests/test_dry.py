import re
from pathlib import Path

import pytest

from factory.errors import ThoughtmillError
from tests import tiny
from tests.test_finetune import settings
from train.dry import dry
from train.pinned import open_corpus


def test_the_check_says_what_is_learnt_what_is_left_out_and_for_how_long(tmp_path: Path) -> None:
    base = tiny.write_causal(tmp_path / "base")
    told = dry(
        "etd", open_corpus(str(tiny.write_corpus(tmp_path / "c"))), settings(base=str(base), context=101)
    )
    assert told.startswith("etd: records: 24 cot, 24 pot")
    assert "tokens of 101 in the context; 33.3% are left out as longer" in told
    assert re.search(r"about \d+\.\d minutes for \d,\d{3} weights on this machine$", told)


def test_the_check_leaves_no_adapter_behind(tmp_path: Path) -> None:
    base = tiny.write_causal(tmp_path / "base")
    before = sorted(tmp_path.rglob("*"))
    corpus = tiny.write_corpus(tmp_path / "base" / "c")
    dry("ir", open_corpus(str(corpus)), settings(base=str(base)))
    assert {file for file in tmp_path.rglob("*") if "c" not in file.parts} == set(before)


def test_the_check_refuses_a_role_without_records(tmp_path: Path) -> None:
    rows = [row for row in tiny.records() if row["thought"] != "pot"]
    with pytest.raises(ThoughtmillError, match="role `pot` has no records"):
        dry("pot", open_corpus(str(tiny.write_corpus(tmp_path, rows))), settings())

import itertools
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.dry import dry


def test_the_check_says_what_is_learnt_what_is_left_out_and_for_how_long(tmp_path: Path) -> None:
    base = tiny.write_causal(tmp_path / "base")
    rows = tiny.records()
    rows[1] |= {"rationale": "long " * 30}
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "c", rows)))
    told = dry("etd", corpus, settings(base=str(base), context=150))
    assert told.startswith("etd: records: 23 cot, 24 pot, 24 eot; 3 steps of 8, packed")
    assert "tokens of 150 in the context; 1.4% are left out as longer" in told
    assert re.search(r"about \d+\.\d minutes for \d,\d{3} weights on this machine$", told)


def test_the_check_measures_the_largest_step_and_reckons_by_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 24 records in steps of 23: the last step learns from one record alone, in which a second says nothing.
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "c")))
    clock = SimpleNamespace(monotonic=itertools.count(step=60).__next__)
    monkeypatch.setattr("thoughtmill.train.dry.time", clock)
    base = str(tiny.write_causal(tmp_path / "base"))
    told = dry("kg", corpus, settings(base=base, steps=2, batch_records=23))
    assert "about 1.0 minutes" in told
    told = dry("kg", corpus, settings(base=base, steps=4, batch_records=23))
    assert "about 2.1 minutes" in told


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

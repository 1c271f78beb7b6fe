"""Styles: prompts as the papers' released students were asked."""

from pathlib import Path
from typing import Any

import pytest

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.answers import reading
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import roles
from thoughtmill.train.ask import ask
from thoughtmill.train.finetune import TrainingJob, finetune, prepare
from thoughtmill.train.roles import encoding, escapes
from thoughtmill.train.roles.styles import STYLES, prompt, target
from thoughtmill.train.students.origins import origin_of
from thoughtmill.train.writers.loading import adapter_map
from thoughtmill.train.writers.settings import InferSettings


def test_our_style_asks_as_roles_say() -> None:
    assert prompt("dr", "P", "G") == roles.prompt("dr", "P", "G")
    assert target("7\n#### 7") == "7\n#### 7"


def test_etd_asks_with_its_three_triggers_and_nothing_after() -> None:
    tokenizer = tiny.tokenizer()
    asked = encoding.render(tokenizer, "pot", "7 bags?", style="etd")
    assert escapes.decoded(tokenizer, asked) == "Question: 7 bags?\nLet's break down the code step by step\n"


def test_lorid_asks_with_an_instruction_and_an_input() -> None:
    assert prompt("ir", "7 bags?", style="lorid").splitlines()[1:] == ["7 bags?"]
    told = prompt("dr", "7 {given} bags?", "A {problem}.", "lorid")
    assert told.endswith("\nQuestion: 7 {given} bags?\n\nKnowledge: A {problem}.\n\nRationale: ")


def test_lorid_closes_its_chains_and_the_answer_is_read_from_there() -> None:
    closed = target("2 * 3 = 6\n#### 6", "lorid")
    assert closed == "2 * 3 = 6\n--> 6 END"
    found = reading.read(closed)
    assert found is not None
    assert str(found.answer) == "6"


def test_a_role_of_which_a_style_says_nothing_is_named(tmp_path: Path) -> None:
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))
    base = str(tiny.write_causal(tmp_path / "base"))
    with pytest.raises(ThoughtmillError, match=r"finetune\.style: `etd` asks cot, pot, eot alone, not `kg`"):
        prepare("kg", corpus, settings(base=base, style="etd"))
    with pytest.raises(ThoughtmillError, match="unknown style `edt`; there are: thoughtmill, etd, lorid"):
        settings(style="edt")


def test_an_adapter_is_asked_in_the_style_that_it_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))
    chosen = settings(base=str(tiny.write_causal(tmp_path / "base")), style="etd", steps=30)
    folder = tmp_path / "adapters"
    finetune(TrainingJob("etd", corpus, chosen, folder / "etd", tmp_path / "etd.pt"))
    assert adapter_map(folder, ["etd"]).styles == {"etd": "etd"}
    told = origin_of(folder / "etd").asking
    assert told["prompts"]["cot"] == "Question: {problem}\nLet's think step by step.\n"
    assert told["ending"] == ""
    seen: list[str] = []
    render_all = encoding.render_all

    def watched(*given: Any) -> list[list[int]]:
        seen.append(given[3])
        return render_all(*given)

    monkeypatch.setattr(encoding, "render_all", watched)
    ask("greedy/pot", "3 bags of 4 nuts. How many nuts?", folder, InferSettings(max_new_tokens=8))
    assert seen == ["etd"]


def test_every_style_is_an_entry() -> None:
    assert STYLES.names() == ("thoughtmill", "etd", "lorid")

"""Escapes: programs come back from tokenizers that lose line ends, braces and spaces, as T5's do."""

from pathlib import Path

import pytest

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.train.ask import ask
from thoughtmill.train.finetune import TrainingJob, finetune, prepare
from thoughtmill.train.roles.encoding import render, render_targets
from thoughtmill.train.roles.escapes import decoded, encoded, escapes
from thoughtmill.train.training.proof import proof
from thoughtmill.train.writers.settings import InferSettings

PROGRAM = "def f(x):\n    return {1: x}[1]\n\n\tans = f( 3)  # <end>"


@pytest.mark.parametrize("text", [PROGRAM, " a", "a ", "a  b", "{ }", "\n\n", "x = 3", "<extra_id_0>", ""])
def test_a_text_comes_back_from_its_tokens(text: str) -> None:
    tokenizer = tiny.t5_tokenizer()
    assert decoded(tokenizer, render_targets(tokenizer, [text])[0][:-1]) == text


def test_only_lost_signs_are_escaped_and_spaces_between_words_are_not() -> None:
    tokenizer = tiny.t5_tokenizer()
    table = escapes(tokenizer)
    assert {"\n", "{", "}", "<", " "} <= set(table)
    assert not {"(", "=", "+"} & set(table)
    assert not set(table.values()) & set(encoded(tokenizer, "ans = 3 + 4"))
    assert encoded(tokenizer, "a\nb").count(table["\n"]) == 1


def test_a_tokenizer_that_loses_nothing_is_left_as_it_is() -> None:
    tokenizer = tiny.tokenizer()
    assert escapes(tokenizer) == {}


def test_the_encoder_reads_an_end_of_text_after_an_escaped_prompt() -> None:
    tokenizer = tiny.t5_tokenizer()
    asked = render(tokenizer, "pot", "3 bags.", two_sided=True)
    assert asked[-1] == tokenizer.eos_token_id
    assert decoded(tokenizer, asked[:-1]).startswith("3 bags.\nWrite a Python program")


def test_a_base_with_such_a_tokenizer_learns_programs_and_answers(tmp_path: Path) -> None:
    base = tiny.write_t5(tmp_path / "base", words=128)
    tiny.t5_tokenizer().save_pretrained(base)
    rows = [row | ({"rationale": "{7}\nans=42"} if row["thought"] == "pot" else {}) for row in tiny.records()]
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus", rows)))
    chosen = settings(base=str(base), weights="all", learning_rate=0.01, steps=60)
    loaded, model, plan = prepare("pot", corpus, chosen)
    told = proof(loaded, plan, model)
    assert "come back from the tokenizer as they were, with '\\n" in told
    finetune(TrainingJob("pot", corpus, chosen, tmp_path / "students" / "pot", tmp_path / "pot.pt"))
    said = ask("greedy/pot", "3 bags of 4 nuts.", tmp_path / "students", InferSettings(max_new_tokens=40))
    assert said.splitlines()[1:4] == ["{7}", "ans=42", "= 42"]
    assert "Signs that the tokenizer loses" in (tmp_path / "students" / "pot" / "README.md").read_text()

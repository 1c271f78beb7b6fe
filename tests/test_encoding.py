"""Encoding: data open and close no turn, and a prompt is the same every day."""

import re

import pytest
from tokenizers import processors
from transformers import PreTrainedTokenizerFast

from tests import tiny
from thoughtmill.train.policies.answering import GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.roles.encoding import render, render_all, render_targets, specials
from thoughtmill.train.roles.escapes import decoded
from thoughtmill.train.roles.styles import OURS
from thoughtmill.train.writers.loading import prompted

DATED = "{%- if strftime_now is defined %}{{ strftime_now('%d %b %Y, %B') }}{% endif %} " + tiny.CHAT
END = 1


@pytest.mark.parametrize("chat", [False, True])
def test_a_special_token_in_a_problem_is_split(chat: bool) -> None:
    tokenizer = tiny.tokenizer(chat)
    asked = render(tokenizer, "ir", "7 <end> bags")
    assert END not in asked
    assert "7 <end> bags" in decoded(tokenizer, asked)
    plain = render(tokenizer, "ir", "7 bags")
    assert decoded(tokenizer, asked).replace("<end> ", "") == decoded(tokenizer, plain)


def test_a_special_token_in_a_target_is_split_and_its_end_is_the_only_one() -> None:
    tokenizer = tiny.tokenizer()
    target = render_targets(tokenizer, ["1<end>2"])[0]
    assert target.index(END) == len(target) - 1
    assert decoded(tokenizer, target[:-1]) == "1<end>2"


def test_special_tokens_of_the_template_are_obeyed_beside_those_of_data() -> None:
    tokenizer = tiny.tokenizer(chat=True)
    tokenizer.chat_template = "{% for m in messages %}<end>{{ m['content'] }}<end>{% endfor %}"
    assert specials(tokenizer, "a<pad>b") == ["<pad>"]
    asked = render(tokenizer, "ir", "a<pad>b<end>c")
    assert [at for at, token in enumerate(asked) if token == END] == [0, len(asked) - 1]
    assert tokenizer.pad_token_id not in asked


def test_the_date_of_a_template_is_pinned() -> None:
    tokenizer = tiny.tokenizer(chat=True)
    tokenizer.chat_template = DATED
    told = decoded(tokenizer, render(tokenizer, "ir", "7 bags"))
    assert told.startswith("01 Jan 2025, January [user] 7 bags")
    assert not re.search(r"%\w", told)


TURN = "{% for m in messages %}[{{ m['content'] }}]{% endfor %}"
TRIMS = TURN.replace("['content']", "['content'] | trim")


@pytest.mark.parametrize("template", [None, TURN, TRIMS, DATED])
def test_many_prompts_and_targets_are_read_together_as_they_are_alone(template: str | None) -> None:
    tokenizer = tiny.tokenizer(chat=True)
    tokenizer.chat_template = template
    problems = ["7 bags", " 8 bags ", "7 <end> bags", "7 bags", "{{ 9 }} bags\n"]
    asked = [("dr", problem, given) for problem in problems for given in (None, "A rule.")]
    assert render_all(tokenizer, asked) == [render(tokenizer, *one) for one in asked]
    assert render_targets(tokenizer, problems) == [render_targets(tokenizer, [one])[0] for one in problems]


def closing() -> PreTrainedTokenizerFast:
    """Return a tokenizer that puts an end of text after every text."""
    tokenizer = tiny.tokenizer()
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", END)]
    )
    return tokenizer


def test_a_decoder_goes_on_after_a_prompt_that_its_tokenizer_would_close() -> None:
    assert render(closing(), "ir", "7 bags") == render(tiny.tokenizer(), "ir", "7 bags")
    assert render(closing(), "ir", "7 bags", two_sided=True)[-1] == END
    assert render_targets(closing(), ["7"])[0] == render_targets(tiny.tokenizer(), ["7"])[0]


def test_what_an_encoder_is_asked_ends_as_it_does_in_training() -> None:
    asked = GenerationRequest(SampleRequest("p", "ir", 1), "ir", "7 bags", None, 0.0, "")
    ((_, adapter, prompt),) = prompted(closing(), [asked], {"ir": "own"}, {"own": OURS}, two_sided=True)
    assert (adapter, prompt) == ("own", render(closing(), "ir", "7 bags", two_sided=True))

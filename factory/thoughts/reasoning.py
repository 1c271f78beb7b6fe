"""Reasoning: splits a model's text into its thinking and its answer, however the endpoint marks the thinking.

>>> split("<think>4 * 6 is 24.</think>\\n\\nThere are 24.\\n#### 24")
SplitText(reasoning='4 * 6 is 24.', answer='There are 24.\\n#### 24', closed=True)

Some chat templates put the opening tag into the prompt, so the text has only the closing tag:

>>> split("4 * 6 is 24.\\n</think>\\n#### 24").answer
'#### 24'

A text without thinking stays as it is, to the byte.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

TAGS = (
    ("<think>", "</think>"),  # DeepSeek, Qwen, GLM, MiniMax and most others
    ("<thinking>", "</thinking>"),  # prompts for models that do not think by themselves
    ("<thought>", "</thought>"),  # Gemini through its compatible endpoint
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<|channel>thought", "<channel|>"),  # Gemma 4
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # OpenThinker
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
    ("<longcat_think>", "</longcat_think>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    ("<unused94>thought", "<unused95>"),  # MedGemma
    ("<scratchpad>", "</scratchpad>"),
    ("\N{WHITE LEFT-POINTING TRIANGLE}think\N{WHITE RIGHT-POINTING TRIANGLE}",
     "\N{WHITE LEFT-POINTING TRIANGLE}/think\N{WHITE RIGHT-POINTING TRIANGLE}"),  # Kimi
)  # fmt: skip
"""The tags around thinking: of each pair, the opening and the closing tag."""

PHRASES = {  # with which a text begins and its thinking ends
    "Here is my thought process:": "Here is my response:",  # Granite
    "Here are my reasoning steps:": "[BEGIN FINAL RESPONSE]",  # Apriel
}
_MARKS = {tags[0][0] for tags in TAGS}  # most texts hold none of these characters, and need no search
_TAG = {tags[0]: re.compile(f"({re.escape(tags[0])}|{re.escape(tags[1])})", re.IGNORECASE) for tags in TAGS}
_CHANNEL = re.compile(r"(?:<\|start\|>[^<]*)?<\|channel\|>([^<]*)(?:<\|constrain\|>[^<]*)?<\|message\|>")
_CHANNEL_END = re.compile(r"<\|(?:end|return|call)\|>")
_CHANNEL_NAME = re.compile(r"assistant(?:analysis|commentary)")
_ANSWER_TAG = re.compile(
    r"<\|(?:begin_of_solution|end_of_solution|START_RESPONSE|END_RESPONSE)\|>"
    r"|\A\s*<(?:answer|response)>|</(?:answer|response)>\s*\Z"  # R1-Zero, Hunyuan, ERNIE
    r"|\[END FINAL RESPONSE\](?:\s*<\|end\|>)?\s*\Z"
)
_TURN_END = re.compile(  # tokens that a server should have kept to itself; a turn of somebody else may follow
    r"(?:<\|(?:im_end|eot_id|eom_id|endoftext|end_of_text|end)\|>|<end_of_turn>|</s>"
    "|<\N{FULLWIDTH VERTICAL LINE}end\N{LOWER ONE EIGHTH BLOCK}of\N{LOWER ONE EIGHTH BLOCK}sentence"
    r"\N{FULLWIDTH VERTICAL LINE}>)(?=\s*+(?:\Z|<\||<start_of_turn>|(?:<s>\s*+)?\[INST\]|</s>))"
)
_CLOSES = re.compile(  # as the instructions of the thoughts want an answer to end
    r"(?:^#### *\S+(?: \S+){0,2}|^ans *=.*\S|^```)\Z|\A(?:```\w*\s*+)?\[[^\0]*\]\Z", re.MULTILINE
)
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\r?\n)+")


class SplitText(NamedTuple):
    """A text in two parts; `reasoning` is None without thinking.

    `closed` is False if the thinking never ends.
    """

    reasoning: str | None
    answer: str
    closed: bool


def split(text: str) -> SplitText:
    """Return the thinking and the answer of a text, in linear time."""
    if not (any(mark in text for mark in _MARKS) or text.startswith(("analysis", *PHRASES))):
        return SplitText(None, text, True)
    if _CHANNEL.search(text):
        return _channels(text)
    if text.startswith("analysis") and "assistantfinal" in text:  # channels without their special tokens
        reasoning, _, answer = text.removeprefix("analysis").partition("assistantfinal")
        return _parts(_CHANNEL_NAME.split(reasoning), answer)
    for phrase, end in PHRASES.items():
        if text.startswith(phrase) and end in text:
            reasoning, _, answer = text.removeprefix(phrase).partition(end)
            return _parts([reasoning], answer)
    for opening, closing in TAGS:
        found = _tagged(text, opening, closing)
        if found is not None:
            return found
    return SplitText(None, _own_turn(text), True)


def join(reasoning: str | None, answer: str) -> str:
    """Return thinking and answer as one text, which `split` takes apart again.

    >>> split(join("4 * 6 is 24.", "#### 24"))
    SplitText(reasoning='4 * 6 is 24.', answer='#### 24', closed=True)
    """
    return answer if reasoning is None else f"{TAGS[0][0]}\n{reasoning}\n{TAGS[0][1]}\n\n{answer}"


def separated(reasoning: str | None, text: str | None) -> tuple[str | None, str | None, bool]:
    """Split the text of an endpoint that may have sent some thinking apart; return it as `SplitText` does.

    Some endpoints send tags in the thinking that they send apart, and some the answer after them. vLLM takes
    all for thinking if a model does not think: such a text is the answer if it ends like one.

    >>> separated("A sum.", "<think>2 + 3</think>5")
    ('A sum.\\n\\n2 + 3', '5', True)
    >>> separated("2 + 3</think>5", None)
    ('2 + 3', '5', True)
    >>> separated("2 + 3 = 5\\n#### 5", None)
    (None, '2 + 3 = 5\\n#### 5', True)
    """
    apart, found = split(reasoning or ""), split(text or "")
    answered = bool((text or "").strip())
    if apart.reasoning is None and not answered and _CLOSES.search(apart.answer.strip()):
        return None, apart.answer, True
    sent: tuple[str | None, ...] = (reasoning,)
    if apart.reasoning is not None:
        sent = (apart.reasoning, apart.answer) if answered else (apart.reasoning,)
        if not answered and apart.answer:
            text, found = apart.answer, SplitText(None, apart.answer, True)
    parts = {part.strip(): part for part in (*sent, found.reasoning) if part}  # some send it twice
    return "\n\n".join(parts.values()) or None, None if text is None else found.answer, found.closed


def _tagged(text: str, opening: str, closing: str) -> SplitText | None:
    """Split at tags: blocks are thinking, and so is all text before a closing tag without an opening tag.

    An opening tag without a closing tag counts if no answer precedes it.
    """
    thinking: list[str] = []
    answer: list[str] = []
    inside = False
    for number, piece in enumerate(_TAG[opening].split(text)):
        if number % 2 == 0:
            (thinking if inside else answer).append(piece)
        elif piece.lower() == closing.lower():
            if not inside:
                thinking += answer
                answer = []
            inside = False
        elif not inside:
            inside = True
    if not thinking or (inside and "".join(answer).strip()):
        return None
    return _parts(thinking, "".join(answer), not inside)


def _channels(text: str) -> SplitText:
    """Split the channels of gpt-oss: `final` is the answer, all others are thinking."""
    marks = list(_CHANNEL.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    thinking = [_CHANNEL_END.sub("", text[: marks[0].start()])]  # the prompt may have opened its channel
    answer: list[str] = []
    for mark, end in zip(marks, ends, strict=True):
        message = _CHANNEL_END.split(text[mark.end() : end], maxsplit=1)[0]
        (answer if mark[1].strip() == "final" else thinking).append(message)
    return _parts(thinking, "".join(answer), bool(answer))


def _own_turn(text: str) -> str:
    """Return a text up to the end of the model's turn, if a server sent the token of that end."""
    own = _TURN_END.split(text, maxsplit=1)[0]
    return text if own == text or not own.strip() else own.rstrip()


def _parts(thinking: Iterable[str], answer: str, closed: bool = True) -> SplitText:
    stripped = [part.strip() for part in thinking]
    reasoning = "\n\n".join(part for part in stripped if part) or None
    answer = _own_turn(_ANSWER_TAG.sub("", answer))
    return SplitText(reasoning, _BLANK_LINES.sub("", answer).rstrip(), closed)

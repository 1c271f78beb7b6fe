"""Encode prompts and targets as tokens, in the same way for training and inference.

Problems and rationales are data: a special token that is written in them is split into its characters, so
that it opens and closes no turn. Dates in chat templates are pinned, so that prompts are the same every day.
"""

import hashlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import roles
from thoughtmill.train.roles import styles
from thoughtmill.train.roles.escapes import encoded, escapes

if TYPE_CHECKING:  # reading this module must not import transformers
    from transformers import PreTrainedTokenizerBase

DATE = {"%d": "01", "%m": "01", "%b": "Jan", "%B": "January", "%Y": "2025", "%y": "25", "%A": "Wednesday",
        "%a": "Wed", "%H": "00", "%M": "00", "%S": "00"}  # fmt: skip
"""What a template gets for today."""
PINNED = (
    "{%- macro strftime_now(format) -%}{{ format"
    + "".join(f" | replace('{code}', '{value}')" for code, value in DATE.items())
    + " }}{%- endmacro -%}"
)
PLACE = "THOUGHTMILL-PROMPT"

Piece = tuple[str, bool]
"""A part of a prompt, and whether special tokens in it are obeyed."""


def render(
    tokenizer: "PreTrainedTokenizerBase",
    role: str,
    problem: str,
    given: str | None = None,
    two_sided: bool = False,
    style: str = styles.OURS,
) -> list[int]:
    """Return the tokens of a prompt.

    With a chat template the prompt is a user's turn, and opens the assistant's turn. Otherwise it is plain
    text that ends as its style says. Only the encoder of a `two_sided` base reads an end of text after it.
    """
    return render_all(tokenizer, [(role, problem, given)], two_sided, style)[0]


def render_all(
    tokenizer: "PreTrainedTokenizerBase",
    asked: Sequence[tuple[str, str, str | None]],
    two_sided: bool = False,
    style: str = styles.OURS,
) -> list[list[int]]:
    """Return what `render` does for each role, problem and given text; many are read faster together."""
    texts = [styles.prompt(*one, style) for one in asked]
    if tokenizer.chat_template is not None:
        return _read(tokenizer, _turns(tokenizer, texts))
    texts = [text + styles.STYLES.named(style).ending for text in texts]
    end = [tokenizer.eos_token_id]
    if escapes(tokenizer):
        return [encoded(tokenizer, text) + end * two_sided for text in texts]
    found = tokenizer(texts, split_special_tokens=True)["input_ids"] if texts else []
    return [list(ids[:-1] if ids[-1:] == end and not two_sided else ids) for ids in found]


def render_each(
    tokenizer: "PreTrainedTokenizerBase",
    asked: Sequence[tuple[str, tuple[str, str, str | None]]],
    two_sided: bool = False,
) -> list[list[int]]:
    """Return what `render` does for each style with its role, problem and given text; equal ones once."""
    found: dict[object, list[int]] = {}
    for style in dict.fromkeys(style for style, _ in asked):
        texts = list(dict.fromkeys(text for own, text in asked if own == style))
        read = render_all(tokenizer, texts, two_sided, style)
        found |= {(style, text): ids for text, ids in zip(texts, read, strict=True)}
    return [found[one] for one in asked]


def render_targets(tokenizer: "PreTrainedTokenizerBase", targets: Sequence[str]) -> list[list[int]]:
    """Return the tokens of each target and the end of text, which is learnt like the rest."""
    found = _read(tokenizer, [[(one, False)] for one in targets])
    return [[*tokens, tokenizer.eos_token_id] for tokens in found]


def asking(
    tokenizer: "PreTrainedTokenizerBase",
    role: str,
    ends: Collection[int],
    *,
    two_sided: bool,
    longest: int,
    style: str = styles.OURS,
) -> dict[str, Any]:
    """Return how the adapter of a role is asked: for its card, and for users without Thoughtmill.

    `prompts` hold the places `{problem}` and `{given}`. `turns` says whether a prompt is a user's turn of the
    chat template, or plain text that `ending` follows. `longest` is the longest target learnt, in tokens.
    """
    parts = {part: roles.ROLES.named(part) for part in roles.parts_of(role)}
    template = tokenizer.chat_template and str(tokenizer.get_chat_template())
    return {
        "prompts": {
            part: styles.prompt(part, "{problem}", "{given}" if entry.heading else None, style)
            for part, entry in parts.items()
        },
        "read_as": {part: entry.thought for part, entry in parts.items()},
        "turns": "plain" if template is None else "chat template",
        "ending": styles.STYLES.named(style).ending,
        "template_sha": template and hashlib.sha256(template.encode()).hexdigest(),
        "ends": [str(token) for token in tokenizer.convert_ids_to_tokens(sorted(ends))],
        "escapes": {
            sign: str(tokenizer.convert_ids_to_tokens(token)) for sign, token in escapes(tokenizer).items()
        },
        "two_sided": two_sided,
        "temperature": 0.0,
        "max_new_tokens": 2 * longest,
    }


def specials(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[str]:
    """Return the special tokens that are written in a text."""
    return [token for token in tokenizer.all_special_tokens if token in text]


def _turns(tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str]) -> list[list[Piece]]:
    """Return what `_turn` does for each text.

    A template that says a prompt once, as it is, is rendered for the first text only.
    """
    before, found, after = _templated(tokenizer, PLACE).partition(PLACE)
    once = found and texts and _templated(tokenizer, texts[0]) == f"{before}{texts[0]}{after}"
    special = tokenizer.all_special_tokens
    return [
        [(f"{before}{text}{after}", True)]
        if once and text == text.strip() and not any(token in text for token in special)
        else _turn(tokenizer, text)
        for text in texts
    ]


def _turn(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[Piece]:
    """Return a user's turn, in which only the template's special tokens are obeyed."""
    if not specials(tokenizer, text):
        return [(_templated(tokenizer, text), True)]
    before, found, after = _templated(tokenizer, PLACE).partition(PLACE)
    if not found or PLACE in after:
        raise ThoughtmillError(f"the chat template of {tokenizer.name_or_path} does not say the prompt once")
    return [(before, True), (text, False), (after, True)]


def _templated(tokenizer: "PreTrainedTokenizerBase", text: str) -> str:
    template = str(tokenizer.get_chat_template())
    turns = [{"role": "user", "content": text}]
    pinned = PINNED + template if "strftime_now" in template else template
    return str(
        tokenizer.apply_chat_template(turns, chat_template=pinned, add_generation_prompt=True, tokenize=False)
    )


def _read(tokenizer: "PreTrainedTokenizerBase", texts: Sequence[Sequence[Piece]]) -> list[list[int]]:
    """Return the tokens of texts that are given in pieces; equal pieces are read once."""
    pieces = dict.fromkeys(piece for text in texts for piece in text)
    ids: dict[Piece, list[int]] = {}
    if obeyed := [text for text, obeys in pieces if obeys]:
        found = tokenizer(obeyed, add_special_tokens=False)["input_ids"]
        ids |= {(text, True): list(tokens) for text, tokens in zip(obeyed, found, strict=True)}
    data = [text for text, obeys in pieces if not obeys]
    if data and not escapes(tokenizer):
        found = tokenizer(data, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        ids |= {(text, False): list(tokens) for text, tokens in zip(data, found, strict=True)}
    else:
        ids |= {(text, False): encoded(tokenizer, text) for text in data}
    return [[token for piece in text for token in ids[piece]] for text in texts]

"""Escapes: signs that a tokenizer loses are written as tokens that it has free.

The tokenizers of T5 and Flan-T5 drop line ends and braces and shorten spaces, so that no program would come
back. They have a hundred tokens `<extra_id_0>` and on, which no text uses (arXiv 1910.10683, section 3.1.4).
"""

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # reading this module must not import transformers
    from transformers import PreTrainedTokenizerBase

FREE = re.compile(r"<extra_id_(\d+)>")
SIGNS = "\n\t" + string.punctuation


@lru_cache(maxsize=8)
def escapes(tokenizer: "PreTrainedTokenizerBase") -> dict[str, int]:
    """Return the token for each sign that a tokenizer loses; empty for tokenizers that lose none.

    Where signs are lost, a space is escaped too if it is not between words.
    """
    free = sorted(
        (int(found[1]), id_) for name, id_ in tokenizer.get_vocab().items() if (found := FREE.fullmatch(name))
    )
    lost = [sign for sign in SIGNS if free and _plain(tokenizer, f"a{sign}b") != f"a{sign}b"]
    if free and (lost or _plain(tokenizer, "a  b") != "a  b"):
        lost.append(" ")
    return {sign: id_ for sign, (_, id_) in zip(lost, free, strict=False)}


def encoded(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return the tokens of a text that holds no special token of its own, with its lost signs escaped."""
    table = escapes(tokenizer)
    if not table:
        return _ids(tokenizer, text)
    ids: list[int] = []
    for at, piece in enumerate(_pieces("".join(table)).split(text)):
        if at % 2:
            ids.append(table[piece])
        elif piece:
            ids += _ids(tokenizer, piece)
    return ids


def decoded(tokenizer: "PreTrainedTokenizerBase", tokens: list[int]) -> str:
    """Return the text of tokens, with its escaped signs."""
    signs = {id_: sign for sign, id_ in escapes(tokenizer).items()}
    texts, piece = [], list[int]()
    for token in tokens:
        if token in signs:
            texts += [str(tokenizer.decode(piece)) if piece else "", signs[token]]
            piece = []
        else:
            piece.append(token)
    return "".join([*texts, str(tokenizer.decode(piece)) if piece else ""])


@lru_cache(maxsize=8)
def _pieces(signs: str) -> re.Pattern[str]:
    """Return what splits a text at lost signs, and at spaces that are not between words."""
    lost = re.escape(signs.replace(" ", ""))
    beside = f"[{lost} ]" if lost else "[ ]"
    other = f"[{lost}]|" if lost else ""
    return re.compile(rf"({other}\A | \Z| (?={beside})|(?<={beside}) )")


def _ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def _plain(tokenizer: "PreTrainedTokenizerBase", text: str) -> str:
    return str(tokenizer.decode(_ids(tokenizer, text)))

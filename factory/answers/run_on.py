r"""Run-ons: a model that does not stop after its answer continues with a question that it made up.

>>> own("3 * 6 = 18\n#### 18\n\nQuestion: Tom has 2 dogs ...\n#### 5")
'3 * 6 = 18\n#### 18'

A text is cut at the first of these places:

1. a token that ends a turn, such as `<|im_end|>` or `</s>`, where text precedes it;
2. a line that opens a question or a turn (`Question:`, `Q:`, `Problem 2:`, `User:`), after an answer;
3. the end of a line `#### 18`, where a line that asks `how many`, `what is` and the like follows, and then
   another line `####`.

A text that corrects itself has no question between its answers, and is not cut.
"""

import re
from itertools import pairwise

_TOKEN = re.compile(
    r"<\|(?:endoftext|im_end|im_start|eot_id|end_of_text|end|user|return|start_header_id)[^|<>]{0,20}\|>"
    r"|</s>|<eos>|<end_of_turn>|<start_of_turn>|\[/?INST\]"
)
_IN_TOKENS = ("<|", "</s>", "<eos>", "_of_turn>", "INST]")
_OPENS = re.compile(
    r"^[ \t>*#]*(?:(?:new |next )?(?:question|problem)|q|exercise|example|instructions?|human|user|prompt)\b"
    r"[ \t]*(?:#?[0-9]{1,4})?[ \t*]*[:.](?![0-9])",
    re.IGNORECASE | re.MULTILINE,
)
_ANSWERED = re.compile(
    r"####[ \t]*[-+$]*[ \t]*[0-9.]|\\(?:boxed|fbox)\b|^[ \t*]*A(?:nswer)?\b[* \t]*:[^\n]{0,200}[0-9]"
    r"|\banswer\b[^\n.:=]{0,60}?(?:\b(?:is|be)\b|[:=])[^\n]{0,60}[0-9]",
    re.IGNORECASE | re.MULTILINE,
)
_HASHES = re.compile(r"####[ \t]*[-+$]*[ \t]*[0-9][^\n]*")
_ASKED = re.compile(
    r"^[^\n]{10,}\b(?:how (?:many|much|long|far|old|tall|fast)"
    r"|wh(?:at|ich|o|en) (?:is|are|was|were|will|would|\w+ of))\b"
    r"[^\n]{0,300}\?",
    re.IGNORECASE | re.MULTILINE,
)


def own(text: str) -> str:
    """Return a text up to where it has answered and begins something new, without blanks around it."""
    if any(part in text for part in _IN_TOKENS):
        text = next(
            (text[: token.start()] for token in _TOKEN.finditer(text) if text[: token.start()].strip()), text
        )
    if _OPENS.search(text) and (answered := _ANSWERED.search(text)):
        opening = _OPENS.search(text, answered.end())
        text = text[: opening.start()] if opening else text
    if text.count("####") > 1:
        text = _until_asked(text)
    return text.strip()


def _until_asked(text: str) -> str:
    """Cut a text after the first `#### 18` that a question and another answer follow."""
    lines = list(_HASHES.finditer(text))
    for line, after in pairwise(lines):
        if _ASKED.search(text, line.end(), after.start()):
            return text[: line.end()]
    return text

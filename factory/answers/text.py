r"""Answers in words: `Tuesday`, `\text{even}`, `no solution`; case, marks and spaces do not count.

>>> canonical(r"\text{Tuesday}."), canonical("June 20"), canonical(r"\frac{x")
('Tuesday', 'June 20', None)
>>> compared("even", "Even"), compared("even", "odd")
(Comparison(equal=True, by='text'), Comparison(equal=False, by='text'))
"""

import re
import unicodedata

from thoughtmill.factory.answers import Comparison
from thoughtmill.factory.answers.mathematics.reading import MISSING, unwrapped

PATTERN = r"[^\\{}$^=<>*|]*[^\W\d_][^\\{}$^=<>*|]*"
"""The canonical texts: words without markup."""

MAX_LENGTH = 300
"""Characters of the longest answer in words."""

_MARKUP = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mbox|emph) ?\{([^{}]*)\}")
_SILENT = re.compile(r"\\[ ,;:!]|\\q?quad\b|[~$]|\*\*|__")
_BLANK = re.compile(r"(?<![0-9]) | (?![0-9])")
_ARTICLE = re.compile(r"^(?:the|an?) (?=\w\w)")


def canonical(text: str) -> str | None:
    """Return an answer in words without its markup, or None when it is not in words."""
    if len(text) > MAX_LENGTH:
        return None
    text = _SILENT.sub(" ", _MARKUP.sub(r" \1 ", unwrapped(text)))
    text = " ".join(text.split()).rstrip(".").strip()
    return text if re.fullmatch(PATTERN, text) and text.casefold() not in MISSING else None


def compared(left: str, right: str) -> Comparison:
    """Compare the words and figures of two answers."""
    return Comparison(letters(left) == letters(right), "text")


def letters(text: str) -> str:
    """Return the letters and figures of a text in lower case, without a leading article.

    >>> letters("The  Red-Ball!"), letters("June 20"), letters("1 or 2 5")
    ('redball', 'june20', '1or2 5')
    """
    plain = " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))
    return _BLANK.sub("", _ARTICLE.sub("", plain))

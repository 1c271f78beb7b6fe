"""The sentences of a problem, and the words by which a sentence refers to others.

>>> split("Dr. Lee has 2.5 kg. He eats 1 kg at 9 a.m. daily. How much is left?")
['Dr. Lee has 2.5 kg.', 'He eats 1 kg at 9 a.m. daily.', 'How much is left?']
"""

import re

_END = re.compile(
    r"(?<=[.!?])(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bJr\.)(?<!\bvs\.)(?<!\bNo\.)"
    r"(?<!\b[ap]\.m\.)(?<!\b[A-Z]\.)\s+(?=[A-Z0-9\"'$])"
)
REFERS = frozenset(
    "he she it they them him his her hers their theirs its we us our this that these those then after "
    "afterwards also another other others rest remaining remainder left leftover more less fewer than same "
    "twice half third quarter finally next later before both total altogether now still again last however "
    "but so therefore thus if when while since because each first second third fourth instead already too "
    "only there here such until once during as all every remains previous former latter".split()
)
"""Words of sentences that may lean on another sentence; a few too many rather than too few."""
PRONOUNS = frozenset("he she it they them him his her hers their theirs its this that these those".split())


def split(problem: str) -> list[str]:
    """Return the sentences of a problem."""
    return _END.split(problem.strip())


def words(sentence: str) -> list[str]:
    """Return the words of a sentence in lower case."""
    return re.findall(r"[a-z]+(?:['\u2019][a-z]+)?", sentence.lower())


def is_question(sentence: str) -> bool:
    """Return whether a sentence is a question, or a request to find something."""
    return sentence.endswith("?") or words(sentence)[:1] in (["calculate"], ["find"], ["determine"], ["what"])

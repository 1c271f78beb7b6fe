"""Extraction: the program in a completion, out of the markdown and prose around it."""

import ast
import re
import textwrap
import warnings
from functools import lru_cache

from thoughtmill.factory.solvers.program.screen import SOURCE_LENGTH

FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*([\w+.-]*)[^\n]*\n?", re.MULTILINE)
PYTHON = frozenset({"python", "python3", "py", "python2", "tool_code"})
PROMPT = re.compile(r"^(>>>|\.\.\.)(?: |$)")
CODE_LINE = re.compile(
    r"^(?:def|import|from|for|while|if|print|class|#|@)\b|^[A-Za-z_][\w, ]*+\s*+[-+*/]?=[^=]|^print\("
)
TRIES = 50
"""How many lines of prose are cut from the end of a text before it is given up."""

READ = 400_000
"""How many characters are parsed for that at most: a long text is given up earlier."""


def extract(completion: str) -> str | None:
    """Return the program in a completion, or None when nothing in it looks like one.

    Marked blocks win, all of them in their order; an unclosed block goes to the end. Otherwise it is the
    whole text, or what follows `>>>`, or the text from its first line of code on, without prose after it.
    A program that does not parse is returned as it is: why it does not is for the solver to say.

    >>> extract("Here you are:\\n```python\\nans = 3\\n```\\nSo it is 3.")
    'ans = 3'
    >>> extract("There are 3.") is None
    True
    """
    text = completion.replace("\r\n", "\n").replace("\r", "\n")
    blocks = _blocks(text)
    if blocks:
        return _tidy("\n".join(blocks))
    if any(line.startswith(">>> ") for line in text.splitlines()):
        return _tidy(text)
    whole = _tidy(text)
    if whole and (_parses(whole) or CODE_LINE.match(whole)):
        return whole if _parses(whole) else _without_prose(whole)
    return _from_first_code_line(text)


def _blocks(text: str) -> list[str]:
    """Return the blocks marked as Python, or without those the blocks marked as nothing."""
    marks = list(FENCE.finditer(text))
    found: list[tuple[str, str]] = []
    for opening, closing in zip(marks[::2], [*marks[1::2], None], strict=False):
        end = closing.start() if closing else len(text)
        found.append((opening[1].lower(), text[opening.end() : end].rstrip("\n")))
    python = [block for language, block in found if language in PYTHON]
    return [
        block for block in python or [block for language, block in found if not language] if block.strip()
    ]


def _tidy(text: str) -> str:
    """Take away interpreter prompts with the output between them, common indentation and mixed tabs."""
    lines = text.splitlines()
    if any(line.lstrip().startswith(">>> ") for line in lines):
        lines = [line.lstrip()[4:] for line in lines if PROMPT.match(line.lstrip())]
    program = textwrap.dedent("\n".join(lines)).strip("\n").rstrip()
    if "\t" in program and not _parses(program) and _parses(program.expandtabs(8)):
        return program.expandtabs(8)
    return program


def _from_first_code_line(text: str) -> str | None:
    """Return the text from its first line of code on, without prose after it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if CODE_LINE.match(line.strip()):
            return _without_prose(_tidy("\n".join(lines[number:])))
    return None


def _without_prose(program: str) -> str:
    """Cut lines from the end until the rest parses; a text of which nothing parses is returned whole."""
    lines = program.splitlines()
    tries = min(TRIES, 1 + READ // (1 + len(program)))
    for end in range(len(lines), max(0, len(lines) - tries), -1):
        kept = "\n".join(lines[:end]).rstrip()
        if kept and _parses(kept):
            dropped = [line for line in lines[end:] if line.strip()]
            return program if any(CODE_LINE.match(line.strip()) for line in dropped) else kept
    return program


@lru_cache(maxsize=4)
def _parses(program: str) -> bool:
    """Tell whether a text is a Python program that is not too long to be read."""
    if len(program) > SOURCE_LENGTH:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True

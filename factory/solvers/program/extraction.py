"""Extraction: the program in a completion, out of the markdown and prose around it."""

import ast
import re
import textwrap

from thoughtmill.factory.solvers.program.screen import SOURCE_LENGTH
from thoughtmill.factory.solvers.program.straight import assigned
from thoughtmill.factory.solvers.program.trees import tree_of

FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*([\w+.-]*)[^\n]*\n?", re.MULTILINE)
PYTHON = frozenset({"python", "python3", "py", "python2", "tool_code"})
PROMPT = re.compile(r"^(>>>|\.\.\.)(?: |$)")
CODE_LINE = re.compile(
    r"^(?:def|import|from|for|while|if|print|class|#|@)\b|^[A-Za-z_][\w, ]*+\s*+[-+*/]?=[^=]|^print\("
)
RESULT = re.compile(r"^([ \t]*[A-Za-z_]\w* *=[^=\n#]+?) *= *-?[\d.,]+[ \t]*$", re.MULTILINE)
ANSWER = re.compile(r"\b(?:ans|answer|result|print|def|class)\b")
TRIES = 50
"""How many lines of prose are cut from the end of a text before it is given up."""

READ = 400_000
"""How many characters are parsed for that at most: a long text is given up earlier."""


def extract(completion: str) -> str | None:
    """Return the program in a completion, or None when nothing in it looks like one.

    Marked blocks win, all of them in their order; an unclosed block goes to the end. Otherwise it is the
    whole text, or what follows `>>>`, or the text from its first line of code on, without prose after it.
    A program that does not parse is returned as it is: why it does not is for the solver to say. One that
    neither names nor prints an answer gets a line that takes it from the last assignment.

    >>> extract("Here you are:\\n```python\\nans = 3\\n```\\nSo it is 3.")
    'ans = 3'
    >>> extract("bags = 4\\ntotal = bags * 6 = 24")
    'bags = 4\\ntotal = bags * 6\\nans = total'
    >>> extract("There are 3.") is None
    True
    """
    program = _extracted(completion)
    return None if program is None else _with_answer(_without_results(program))


def _extracted(completion: str) -> str | None:
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


def _without_results(program: str) -> str:
    """Drop results that weak models write behind a calculation (`total = 4 * 6 = 24`), if it then parses."""
    if not RESULT.search(program) or _parses(program):
        return program
    shorter = RESULT.sub(r"\1", program)
    return shorter if _parses(shorter) else program


def _with_answer(program: str) -> str:
    """Add a line `ans = name` to a program that ends in an assignment, if nothing in it may be its answer."""
    tree = None if ANSWER.search(program) else tree_of(program, SOURCE_LENGTH)
    names = [target for statement in (tree.body[-1:] if tree else ()) for target in _targets(statement)]
    return (
        f"{program}\nans = {names[0].id}" if len(names) == 1 and isinstance(names[0], ast.Name) else program
    )


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AugAssign | ast.AnnAssign) else []


def _parses(program: str) -> bool:
    return assigned(program) is not None or tree_of(program, SOURCE_LENGTH) is not None

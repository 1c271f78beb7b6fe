"""LaTeX in a teacher's lines, written as plain mathematics: only the commands that word problems use.

Each pattern reads to the next brace at most, and nested braces are resolved from the inside in a fixed number
of rounds, so that the time is linear in the text.
"""

import re

MATHS = "\0"  # marks where inline mathematics begins or ends
_ROUNDS = 8

_WORDS = {
    "times": "*", "cdot": "*", "div": "/", "leq": "<=", "le": "<=", "geq": ">=", "ge": ">=",
    "neq": "!=", "ne": "!=", "approx": "~", "Rightarrow": "=>", "implies": "=>", "to": "=>",
    "lt": "<", "gt": ">", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
    "pi": " pi ", "lfloor": " floor(", "rfloor": ")", "lceil": " ceil(", "rceil": ")",
}  # fmt: skip
_SPACES = frozenset({"left", "right", "quad", "qquad", "displaystyle", "hspace", "nonumber", "limits"})
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_FRACTION = re.compile(r"\\[dt]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}")
_SHORT_FRACTION = re.compile(r"\\[dt]?frac\s?([0-9])\s?([0-9])")
_WRAPPED = re.compile(
    r"\\(text|textbf|textit|mathrm|mathbf|mathit|operatorname|boxed|mbox|tag|label)\*?\{([^{}]*)\}"
)
_ROOT = re.compile(r"\\sqrt\s?\{([^{}]*)\}")
_SUBSCRIPT = re.compile(r"_\s?\{([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[A-Za-z*]*\}(?:\{[lcr]*\})?")


def plain(text: str) -> str:
    """Return a text with its LaTeX as plain mathematics and `MATHS` around inline mathematics.

    >>> plain(r"\\frac{1}{2} \\times x_{\\text{all}} = \\sqrt{16}\\%")
    '((1)/(2)) * x_all = sqrt(16)%'
    """
    if "\\" not in text and "_{" not in text:
        return text
    text = text.replace("\\\\", "\n").replace("\\%", "%").replace("\\$", "$").replace("\\_", "_")
    text = re.sub(r"\\[(){}\[\]]", lambda found: found[0][1] if found[0][1] in "{}" else MATHS, text)
    text = re.sub(r"\\[,;:! ]", " ", _ENVIRONMENT.sub("\n", text))
    for _ in range(_ROUNDS):
        before = text
        text = _WRAPPED.sub(_unwrapped, text)
        text = _SUBSCRIPT.sub(lambda found: "_" + re.sub(r"\W+", "_", found[1].strip()), text)
        text = _FRACTION.sub(r"((\1)/(\2))", _SHORT_FRACTION.sub(r"(\1/\2)", _ROOT.sub(r"sqrt(\1)", text)))
        if text == before:
            break
    return _COMMAND.sub(_command, text).replace("&", " ")


def _unwrapped(found: re.Match[str]) -> str:
    return "" if found[1] in ("tag", "label") else found[2]


def _command(found: re.Match[str]) -> str:
    """Return a command's sign; an unknown command keeps its backslash, which no equation may have."""
    word = found[1]
    return " " if word in _SPACES else _WORDS.get(word, found[0])

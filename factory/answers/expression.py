r"""Expressions: algebra, roots, complex numbers, equations and inequalities, and anything else mathematical.

>>> canonical(r"2 \sqrt 5"), canonical("x**2 + 3*x"), canonical(r"x \geqslant 5"), canonical("import os")
('2\\sqrt{5}', 'x^2+3x', 'x \\geq 5', None)
>>> compared("x+y=49", "x^2+y^2=49"), compared("(x+1)^2", "x^2+2x+1")
(Comparison(equal=False, by='normal_form'), Comparison(equal=True, by='normal_form'))

This kind reads what the narrower kinds write too, so it compares answers of two kinds.
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r".+"
"""The canonical texts: any mathematics in one line of LaTeX."""


def canonical(text: str) -> str | None:
    """Return the canonical text of an expression, or None for any other text."""
    return None if kinds.operation(text) == "text" else kinds.canonical(text)


compared = kinds.compared

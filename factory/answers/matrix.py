r"""Matrices and vectors in columns; a row or column equals the tuple of its entries.

>>> canonical(r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}"), canonical("Matrix([[1], [2]])")
('\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}', '\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}')
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r"\\begin\{pmatrix\}.*\\end\{pmatrix\}"
"""The canonical texts: a `pmatrix`."""

_OPERATIONS = frozenset({"matrix"})


def canonical(text: str) -> str | None:
    """Return the canonical text of a matrix, or None for any other text."""
    return kinds.canonical(text, _OPERATIONS)


compared = kinds.compared

"""The error for a broken set-up, and suggestions for unknown words."""

import difflib
from collections.abc import Iterable


class ThoughtmillError(Exception):
    """A broken set-up: a wrong key, an unknown name, a missing file, a corrupt line, a full disk.

    The message is one clear line, or one for each fault, and says what to do. The commands print it without a
    traceback and leave with exit status 2. Broken *data* is never an error: it is a row.
    """


class NotInProject(ThoughtmillError):
    """The current folder is not inside a project; commands that do without one use their defaults."""


def nearest(word: object, known: Iterable[str]) -> str:
    """Return a suggestion to end an error about an unknown word; empty when no known word is near.

    >>> nearest("sede", ["seed", "verify"]), nearest("answer", ["ID", "ANSWER "])
    ('; did you mean `seed`?', '; did you mean `ANSWER `?')
    """
    folded = {name.strip().casefold(): name for name in reversed(list(known))}
    near = difflib.get_close_matches(str(word).strip().casefold(), folded, n=1)
    return f"; did you mean `{folded[near[0]]}`?" if near else ""

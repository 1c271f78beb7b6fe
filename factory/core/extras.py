"""Extras: say in one line which part of the installation brings a package that is missing.

`pip install thoughtmill` is enough to verify, prove and query. `thoughtmill[pipeline]` adds the packages that
make a corpus, `thoughtmill[train]` those that train students and run them.
"""

import re
import sys
from collections.abc import Sequence
from types import TracebackType

EXTRA = re.compile(r"""([\w.-]+)[^;]*;\s*extra\s*==\s*["']([\w-]+)["']""")


def install_hook() -> None:
    """Report a missing package as one line with exit status 2, where Thoughtmill is the running program.

    A stage imports its packages before its `main` runs, so only the interpreter's hook can catch a missing
    package, or Ctrl-C during the imports.
    A program that imports Thoughtmill as a library keeps its own hook.
    """
    if command(sys.orig_argv):
        sys.excepthook = _excepthook


def command(words: Sequence[str]) -> str | None:
    """Return the Thoughtmill command that a process runs, or None for another program.

    >>> command(["python", "-m", "thoughtmill.train.finetune", "ir"])
    'python -m thoughtmill.train.finetune'
    >>> command(["python", "/usr/bin/thoughtmill", "push", "me/corpus"])
    'thoughtmill push'
    >>> command(["python", "-m", "pytest"])
    """
    for before, word, after in zip(words, words[1:], [*words[2:], ""], strict=False):
        if before == "-m" and f"{word}.".startswith("thoughtmill."):
            return f"python -m {word}"
        if word.endswith("/thoughtmill"):
            return f"thoughtmill {after}".rstrip()
    return None


def remedy(error: ModuleNotFoundError, what: str) -> str | None:
    """Return a line that says how to install the missing package; None if no extra brings it."""
    needed = _normal((error.name or "").split(".")[0])
    extras = [extra for package, extra in _optional() if _normal(package) == needed]
    return f"`{what}` needs `pip install 'thoughtmill[{extras[0]}]'`" if extras else None


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if kind is KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # while packages are imported
        sys.exit(130)
    what = command(sys.orig_argv) or "thoughtmill"
    found = remedy(error, what) if isinstance(error, ModuleNotFoundError) else None
    if found is None:
        sys.__excepthook__(kind, error, trace)
    else:
        print(f"error: {found}", file=sys.stderr)
        sys.exit(2)


def _optional() -> list[tuple[str, str]]:
    """Return (package, extra) for every package of an extra; nothing if Thoughtmill is not installed."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        listed = requires("thoughtmill") or []
    except PackageNotFoundError:
        return []
    return [(found[1], found[2]) for line in listed if (found := EXTRA.match(line))]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

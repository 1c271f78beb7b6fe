"""Run a stage as a command: broken set-ups become one line and exit status 2, never a traceback."""

import inspect
import sys
from collections.abc import Callable
from typing import NoReturn

from factory.errors import ThoughtmillError


def run(main: Callable[..., None]) -> NoReturn:
    """Call `main` with the words of the command line and leave with its exit status.

    0 when it returns; 2 for a `ThoughtmillError`, a wrong call or an error of the operating system (a full
    disk, a folder that cannot be written); 130 when interrupted.
    """
    words = sys.argv[1:]
    try:
        wanted = list(inspect.signature(main).parameters)
        if len(words) != len(wanted):
            usage = " ".join(f"<{name}>" for name in wanted) or "no arguments"
            raise ThoughtmillError(f"usage: python -m {main.__module__} takes {usage}")
        main(*words)
    except ThoughtmillError as error:
        sys.exit(_say(str(error)))
    except OSError as error:
        sys.exit(_say(f"{error.filename}: {error.strerror}" if error.filename else str(error)))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _say(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2

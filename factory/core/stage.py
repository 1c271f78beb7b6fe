"""Run a stage as a command: a broken set-up is one line and exit status 2, never a traceback."""

import inspect
import sys
from collections.abc import Callable
from typing import NoReturn

from thoughtmill.factory.core.connections import interruptible
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.printable import for_terminal


def run(main: Callable[..., None]) -> NoReturn:
    """Call a stage's `main` with the arguments of the command line, and exit as `leave` does."""
    words, wanted = sys.argv[1:], list(inspect.signature(main).parameters)

    def called() -> None:
        if len(words) != len(wanted):
            usage = " ".join(f"<{name}>" for name in wanted) or "no arguments"
            raise ThoughtmillError(f"this stage takes {usage}, not {len(words)} arguments")
        main(*words)

    leave(called)


def leave(work: Callable[[], None]) -> NoReturn:
    """Do the work and exit with its status.

    The status is 0 when it returns; 2, with one line, for a `ThoughtmillError`, a broken table or an error of
    the operating system (a full disk, a read-only folder); 130 when interrupted.
    """
    try:
        with interruptible():
            work()
        sys.stdout.flush()
    except ThoughtmillError as error:
        sys.exit(_say(str(error)))
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(0)
    except _table_errors() as error:
        sys.exit(_say(f"a table cannot be read or written: {' '.join(str(error).split())}"))
    except OSError as error:
        sys.exit(_say(f"{error.filename}: {error.strerror}" if error.filename else str(error)))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _table_errors() -> tuple[type[Exception], ...]:
    """Return the error classes of the table libraries that are imported."""
    named = {"duckdb": "Error", "pyarrow": "ArrowInvalid"}
    return tuple(
        getattr(sys.modules[module], name) for module, name in named.items() if module in sys.modules
    )


def _say(message: str) -> int:
    print(for_terminal(f"error: {message}"), file=sys.stderr)
    return 2

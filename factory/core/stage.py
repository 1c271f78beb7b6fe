"""Run a stage as a command: a broken set-up is one line and exit status 2, never a traceback."""

import inspect
import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from io import TextIOWrapper
from typing import NoReturn

from thoughtmill.factory.core.connections import interruptible
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.printable import say, show


def run(main: Callable[..., None]) -> NoReturn:
    """Call a stage's `main` with the arguments of the command line, and exit as `leave` does.

    A keyword-only parameter of `main` is an option: `shard` is given as `--shard 2/3`. A parameter with a
    star takes all further words, at least one. `--help` prints the usage and what the docstrings of `main`
    and its module say.
    """
    imported = _imported(main)

    def called() -> None:
        known = inspect.signature(imported).parameters.values()
        if {"-h", "--help"} & {*sys.argv[1:]}:
            show(_help(imported, _usage(known)))
            return
        words, options = _called(sys.argv[1:], known)
        imported(*words, **options)

    leave(called)


def _imported(main: Callable[..., None]) -> Callable[..., None]:
    """Return `main` of the stage's module as others import it, which is not `__main__`.

    Worker processes then find by its name what the stage hands them. Python would else run the stage's file
    in each worker, with all that it imports; it runs none whose name ends with `__main__`.
    """
    spec = sys.modules["__main__"].__spec__
    if main.__module__ != "__main__" or spec is None:
        return main
    found: Callable[..., None] = getattr(import_module(spec.name), main.__name__)
    spec.name = f"{spec.name}.__main__"
    return found


def _help(main: Callable[..., None], usage: str) -> str:
    command = f"python -m {main.__module__.removesuffix('.__main__')} {usage}".rstrip()
    texts = (f"usage: {command}", sys.modules[main.__module__].__doc__, inspect.getdoc(main))
    return "\n\n".join(text.strip() for text in texts if text)


def _usage(known: Iterable[inspect.Parameter]) -> str:
    """Return what a stage takes, such as `<thought> [--shard ...]`."""
    return " ".join(_form(each).format(each.name) for each in known)


def _form(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.KEYWORD_ONLY:
        return "[--{} ...]"
    if parameter.kind is parameter.VAR_POSITIONAL:
        return "<{}> ..."
    return "<{}>" if parameter.default is parameter.empty else "[<{}>]"


def _called(words: list[str], parameters: Iterable[inspect.Parameter]) -> tuple[list[str], dict[str, str]]:
    """Return the arguments and the options of a command line, if they are those of a stage."""
    known = list(parameters)
    wanted = [each for each in known if each.kind is not each.KEYWORD_ONLY]
    least = sum(each.default is each.empty for each in wanted)
    optional = [each.name for each in known if each.kind is each.KEYWORD_ONLY]
    given, options = list(words), {}
    for name in optional:
        if (flag := f"--{name}") in given[:-1]:
            at = given.index(flag)
            options[name] = given[at + 1]
            del given[at : at + 2]
    many = any(each.kind is each.VAR_POSITIONAL for each in known)
    if len(given) < least or (len(given) > len(wanted) and not many):
        takes = _usage(known) or "no arguments"
        raise ThoughtmillError(f"this stage takes {takes}, not {len(given)} arguments")
    return given, options


def leave(work: Callable[[], None]) -> NoReturn:
    """Do the work and exit with its status.

    The status is 0 when it returns; 2, with one line, for a `ThoughtmillError`, a broken table or an error of
    the operating system (a full disk, a read-only folder); 130, with one line, when interrupted.
    """
    _open_streams()
    try:
        with interruptible():
            work()
        sys.stdout.flush()
    except ThoughtmillError as error:
        _exit(_say(str(error)))
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        _exit(0)
    except _table_errors() as error:
        from thoughtmill.factory.core.scratch import words_of  # imports pyarrow

        _exit(_say(f"a table cannot be read or written: {words_of(error)}"))
    except OSError as error:
        named = error.filename2 or error.filename  # where a file is copied to, or what cannot be opened
        _exit(_say(f"{named}: {error.strerror}" if named else str(error)))
    except KeyboardInterrupt:
        say("interrupted")
        _exit(130)
    _exit(0)


def _open_streams() -> None:
    """Put /dev/null in the place of a stream that was closed when Python began.

    Where the locale lacks a letter, stdout gets the code of the letter.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  to the end
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _exit(status: int) -> NoReturn:
    """Exit; what a closed pipe or a full disk does not take is dropped.

    Python would try once more, and end with an error and a status of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)


def _table_errors() -> tuple[type[Exception], ...]:
    """Return the error classes of the table libraries that are imported."""
    named = {"duckdb": "Error", "pyarrow": "ArrowInvalid"}
    return tuple(
        getattr(sys.modules[module], name) for module, name in named.items() if module in sys.modules
    )


def _say(message: str) -> int:
    say(f"error: {message}")
    return 2

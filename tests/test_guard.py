"""The guard refuses what a weak fence cannot, for good."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STDLIB = sysconfig.get_path("stdlib")


def guarded(program: str, readable: str = "/nowhere") -> str:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport os, gc, posix\n"
    code += "from thoughtmill.factory.solvers.program import guard\n"
    code += f"guard.prepare()\nguard.refuse(['{readable}'])\n"
    code += (
        f"try:\n    {program}\n    said = 'done'\nexcept PermissionError as error:\n    said = 'refused'\n"
    )
    code += "posix.write(1, said.encode())\nposix._exit(0)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=False
    )
    return done.stdout or done.stderr


@pytest.mark.parametrize(
    "program",
    [
        "open('/etc/hostname')",
        "os.open('/etc/hostname', os.O_RDONLY)",
        "os.listdir('/')",
        "os.system('true')",
        "os.fork()",
        "os.kill(os.getpid(), 0)",
        "import socket",
        "import ctypes",
        "import _posixsubprocess",
        "del sys.modules['posix']; import posix",
        "gc.get_objects()",
        "sys.settrace(None)",
        "open('/nowhere/../etc/hostname')",
        "open(type('S', (), {'__class__': str, '__fspath__': lambda self: '/etc/hostname'})())",
        "sys.audit('open', '/nowhere/file', 'a', 0)",
        "import _imp; _imp.create_dynamic(type(sys.__spec__)('x', None, origin='/bin/sh'))",
        "open(type('S', (str,), {'__add__': lambda a, b: '/nowhere/'})('/etc/hostname'))",
    ],
)
def test_what_reaches_out_is_refused(program: str) -> None:
    assert guarded(program) == "refused"


@pytest.mark.parametrize(
    "program",
    [
        "import importlib.util as u; u.module_from_spec(u.find_spec('_socket'))",
        "import importlib; importlib.import_module('_socket')",
    ],
)
def test_a_module_that_is_looked_up_by_hand_is_not_loaded(program: str) -> None:
    """Where Python was built with it, or has not yet read what looks modules up, another error says so."""
    said = guarded(program)
    other = ("AttributeError: module '_imp' has no attribute 'create_builtin'", "No module named 'importlib")
    assert said == "refused" or any(text in said.splitlines()[-1] for text in other)


def test_reading_what_was_shown_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert guarded(f"open({str(tmp_path / 'file')!r}).close()", str(tmp_path)) == "done"
    assert guarded(f"open({str(tmp_path / 'file')!r}, 'w')", str(tmp_path)) == "refused"


def test_packages_beside_those_that_were_shown_are_refused(tmp_path: Path) -> None:
    shown, other = (tmp_path / "python" / "site-packages" / name for name in ("shown", "other"))
    for folder in (shown, other):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
    readable = f"{tmp_path / 'python'}', '{shown}"
    assert guarded(f"open({str(shown / 'file')!r}).close()", readable) == "done"
    assert guarded(f"open({str(other / 'file')!r})", readable) == "refused"


def test_what_refuses_shows_nothing_that_could_be_changed() -> None:
    shown = "trace.tb_next.tb_frame.f_locals.values()"
    program = (
        "trace = None\n    try: os.listdir('/')\n"
        "    except PermissionError as error: trace = error.__traceback__\n"
        f"    assert not any(hasattr(value, '__closure__') for value in {shown})"
    )
    assert guarded(program) == "done"


def test_changed_builtins_do_not_open_it() -> None:
    change = "import builtins; builtins.isinstance = lambda *a: True; builtins.tuple = list"
    assert guarded(f"{change}; open('/etc/hostname')") == "refused"


def test_calls_that_no_hook_hears_of_are_taken_away() -> None:
    gone = "(os, 'mkfifo'), (posix, 'chroot'), (_imp, 'create_builtin'), (_thread, 'start_new_thread')"
    asked = f"assert not [name for module, name in ({gone}) if hasattr(module, name)]"
    assert guarded(f"import _imp, _thread; {asked}") == "done"


def test_modules_that_compute_are_still_there_when_they_know_of_threads_and_users() -> None:
    assert guarded("import dataclasses, logging, pathlib, pprint, zipfile, zoneinfo", STDLIB) == "done"

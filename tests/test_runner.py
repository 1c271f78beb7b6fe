"""The child says in one short line what its program came to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def line_of(body: str, tail: str = "", limit_bytes: int = 1000) -> str:
    """Run a program in a child and return what it wrote."""
    answers, answer = os.pipe()
    code = "import sys; sys.path.insert(0, sys.argv[1])\n"
    code += "from thoughtmill.factory.solvers.program.runner import run\n"
    code += "run(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))"
    arguments = [str(ROOT), body, tail, str(answer), str(limit_bytes)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], pass_fds=[answer], timeout=600, check=True
    )
    os.close(answer)
    with os.fdopen(answers, "rb") as pipe:
        written = pipe.read().decode()
    assert done.returncode == 0
    assert written.count("\n") == 1
    return written.rstrip("\n")


@pytest.mark.parametrize(
    ("body", "tail", "line"),
    [
        ("x = 2", "x * 3", "number 6"),
        ("print('first')\nprint('18 dollars')", "", "text 18 dollars"),
        ("x = 1", "", "text "),
        ("x = 1 / 0", "x", "raised ZeroDivisionError: division by zero"),
        ("x = (", "", "raised SyntaxError: '(' was never closed (<program>, line 1)"),
        ("raise MemoryError", "", "memory MemoryError"),
        ("raise PermissionError('door')", "", "forbidden PermissionError: door"),
        ("raise ValueError(object())", "", "raised ValueError: <object object at 0x>"),
        ("class E(Exception):\n    def __str__(self): raise self\nraise E", "", "raised E"),
        ("raise KeyboardInterrupt", "", "raised KeyboardInterrupt"),
        ("x = 3\nraise SystemExit", "x", "number 3"),
        ("raise SystemExit(2)", "1", "raised SystemExit: 2"),
        ("print('y' * 2000)", "", "output more was printed than may be"),
        ("x = 'a\\nnumber 5'", "x", "text number 5"),
        ("import atexit\natexit.register(lambda: print('late'))", "1", "number 1"),
    ],
)
def test_each_end_is_one_line(body: str, tail: str, line: str) -> None:
    assert line_of(body, tail).strip() == line.strip()


def test_a_program_that_swallows_everything_cannot_print_on() -> None:
    body = "while True:\n    try: print('y' * 2000)\n    except BaseException: pass"
    assert line_of(body).startswith("output")

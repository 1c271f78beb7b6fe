"""A program is pure when it only computes, by its text and by what its fence saw."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.checks.purity import pure
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.program.extraction import extract
from thoughtmill.factory.solvers.programs import Programs

SOLVED = Outcome(Answer("8"), None)


def why(program: str, outcome: Outcome = SOLVED) -> str | None:
    return pure(program, "", outcome).detail


@pytest.mark.parametrize(
    "program",
    [
        "bags = 4\nans = bags * 6",
        "from math import *\nans = sqrt(16)",
        "import numpy as np\nans = np.linalg.det(np.array([[1, 2], [3, 4]]))",
        "from sympy import symbols, solve\nx = symbols('x')\nans = solve(x**2 - 4, x)[1]",
        "from datetime import date\nans = (date(2024, 3, 1) - date(2024, 2, 1)).days",
        "from collections import namedtuple\nP = namedtuple('P', 'x')\nans = P(3)._replace(x=4).x",
        "class A:\n    def __init__(self, x): self.x = x\nans = A(3).x",
        "if __name__ == '__main__':\n    print('the system is open to import duty: 3')",
        "for _ in range(3): ans = _",
    ],
)
def test_a_program_that_computes_is_pure(program: str) -> None:
    assert why(program) is None
    assert pure(program, "", SOLVED).passed is True


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os\nos.system('date')\nans = 8", "import os"),
        ("try:\n    import subprocess\nexcept Exception: pass\nans = 8", "import subprocess"),
        ("from numpy import load\nans = 8", "import load"),
        ("import numpy.ctypeslib\nans = 8", "import numpy.ctypeslib"),
        ("from . import x\nans = 8", "import None"),
        ("import statistics\nstatistics.sys.exit()", "the attribute sys"),
        ("import random\nrandom._os.getcwd()", "the attribute _os"),
        ("ans = ().__class__", "the attribute __class__"),
        ("open('x')", "the name open"),
        ("run = eval\nans = run('1')", "the name eval"),
        ("ans = __builtins__", "the name __builtins__"),
        ("ans = '{0.__class__}'.format(1)", "the text '{0.__class__}'"),
        ("import sympy\nans = sympy.sympify('exec(1)')", "the text 'exec(1)'"),
        ("from datetime import date\nans = date.today().year", "the attribute today"),
        ("import math\nmath.sqrt = len\nans = 8", "a change of the module math"),
        ("import time\nans = 8", "import time"),
    ],
)
def test_what_reaches_beyond_computing_is_named(program: str, said: str) -> None:
    assert pure(program, "", SOLVED).passed is False
    assert why(program) == said


def test_what_the_fence_saw_is_impure_whatever_the_text_says() -> None:
    seen = Outcome(Answer("8"), None, checks=(Check("fence_saw", False, "os.system"),))
    assert why("ans = abs(8)", seen) == "the fence saw os.system"
    assert why("abs(8)", Outcome(None, "forbidden", "PermissionError")) == "the fence saw PermissionError"


def test_a_program_that_hides_its_deed_in_a_text_is_seen_by_the_fence() -> None:
    hidden = (
        "import sympy\nword = '_' * 2 + 'import' + '_' * 2\n"
        "try:\n    sympy.sympify(word + \"('o' + 's').\" + 'sys' + 'tem(chr(58))')\n"
        "except Exception: pass\nans = 8"
    )
    with Programs(Limits(cpu_s=20.0, long_wall_s=60.0)) as programs:
        outcome = programs.run(hidden)
    assert outcome.answer == Answer("8")
    assert why(hidden) is None
    assert pure(hidden, "", outcome).passed is False


def test_a_text_that_is_no_program_is_neither() -> None:
    assert pure("1 +", "", SOLVED).passed is None


def test_no_attack_on_the_system_is_pure() -> None:
    spec = spec_from_file_location("attacks", Path(__file__).with_name("attacks.py"))
    assert spec is not None
    assert spec.loader is not None
    attacks = module_from_spec(spec)
    spec.loader.exec_module(attacks)
    filled = {
        name: text.replace("@PORT@", "1").replace("@HOST@", "1") for name, text in attacks.ATTACKS.items()
    }
    reaching = (
        "import os",
        "import socket",
        "import sys",
        "import ctypes",
        "import subprocess",
        "open(",
        "gc",
    )
    named = {name: text for name, text in filled.items() if any(sign in text for sign in reaching)}
    assert len(named) > 50
    for name, text in named.items():
        assert pure(text.replace("@PRIZE@", "1"), "", SOLVED).passed is False, name


def test_real_programs_are_pure(shared_data: Path) -> None:
    rows = [json.loads(line) for line in (shared_data / "replay" / "pot.jsonl").open()]
    programs = [program for row in rows if (program := extract(row["completion"]))]
    assert all(pure(program, "", SOLVED).passed is not False for program in programs)

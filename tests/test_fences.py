"""The fences differ in strength, not in what an honest program comes to."""

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.fences import FENCES, STRICT
from thoughtmill.factory.solvers.program.processes import FenceMissing
from thoughtmill.factory.solvers.programs import Programs

HONEST = {
    "ans = round(2.675, 2)": "2.67",
    "import statistics\nans = statistics.median([1, 5, 9])": "5",
    "from fractions import Fraction\nans = Fraction(1, 3)": "1/3",
    "from collections import Counter\nans = Counter('aab')['a']": "2",
    "import datetime\nans = (datetime.date(2024, 3, 1) - datetime.date(2024, 2, 1)).days": "29",
    "class Cart:\n    total = 4\nans = Cart().total": "4",
    "import numpy as np\nans = np.linalg.solve([[2.0]], [6.0])": "3",
    "from sympy import *\nx = symbols('x')\nans = solve(Eq(3 * x, 12), x)": "4",
}


@pytest.mark.parametrize("name", FENCES)
def test_honest_programs_come_to_their_answer_in_every_fence(name: str) -> None:
    with Programs(Limits(wall_s=5.0), only=name) as programs:
        for program, answer in HONEST.items():
            try:
                outcome = programs.run(program)
            except FenceMissing as error:
                pytest.skip(f"this system does not offer the fence {name}: {error}")
            assert (outcome.answer, outcome.failure, outcome.fence) == (Answer(answer), None, name), program


def test_the_fences_are_named_from_the_strongest_to_the_weakest() -> None:
    assert list(FENCES) == ["namespaces", "landlock", "process"]
    assert set(STRICT) == set(FENCES) - {"process"}


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
    ],
)
def test_processor_time_is_limited_where_wall_time_is_not(program: str) -> None:
    with Programs(Limits(wall_s=20.0, long_wall_s=0.1, cpu_s=1.0), only="process") as programs:
        assert programs.run(program).failure == "timeout"


def test_the_weakest_fence_never_loads_what_reaches_machine_memory() -> None:
    program = (
        "import numpy, sympy\nkinds = [object]\nfor kind in kinds: kinds += type.__subclasses__(kind)\n"
        "ans = sum('ctypes' in kind.__module__.split('.')[0] for kind in kinds)"
    )
    with Programs(Limits(wall_s=5.0), only="process") as programs:
        assert programs.run(program).answer == Answer("0")


@pytest.mark.parametrize("name", FENCES)
def test_no_other_package_is_there_whatever_is_installed(name: str) -> None:
    with Programs(Limits(wall_s=5.0), only=name) as programs:
        try:
            outcome = programs.run("import pandas\nans = len(pandas.__name__)")
        except FenceMissing as error:
            pytest.skip(f"this system does not offer the fence {name}: {error}")
    assert outcome.failure == "raised"
    assert outcome.detail == "ModuleNotFoundError: No module named 'pandas'"

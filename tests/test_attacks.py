"""What a teacher writes is hostile: no attack reaches its goal, whatever the fence, and each is a row."""

import time
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tests.waiting import until
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.fences import FENCES
from thoughtmill.factory.solvers.program.monty import Monty
from thoughtmill.factory.solvers.program.processes import FenceMissing, Zygote
from thoughtmill.factory.solvers.program.screen import Screened, Unparsable, screen
from thoughtmill.factory.solvers.programs import Programs
from thoughtmill.schemas.fields import FAILURES

SPEC = spec_from_file_location("attacks", Path(__file__).with_name("attacks.py"))
assert SPEC is not None
assert SPEC.loader is not None
attacks = module_from_spec(SPEC)
SPEC.loader.exec_module(attacks)

LIMITS = Limits(wall_s=0.15, long_wall_s=0.35, memory_mb=256)
"""Short, so that an attack which only sleeps or spins is soon over; one that hangs is seen to hang."""
HANGING_S = 0.1
"""What an attack gets in a process that does nothing but compute for ever: no more of it is ever seen."""

HANGING = frozenset(
    (
        "loop loop_in_c power regular_expression swallowing ignored_signals alarm_off factorial sympy_power "
        "silent_loop endless_message endless_recursion huge_number more_room_in_the_host"
    ).split()
)
HONEST = "import math\nans = sum([math.floor(40.5), len([1, 2])])"


@pytest.fixture(scope="module", params=["monty", *FENCES])
def programs(request: pytest.FixtureRequest) -> Iterator[Programs]:
    name = request.param
    if name in FENCES:
        zygote = Zygote(name, LIMITS, heavy=False)
        try:
            zygote.run(Screened("", "1", plain=True, heavy=False), 5.0)
        except FenceMissing as error:
            pytest.skip(f"this system does not offer the fence {name}: {error}")
        finally:
            zygote.close()
    with Programs(LIMITS, name) as opened:
        yield opened


@pytest.mark.parametrize("name", list(attacks.ATTACKS))
def test_no_attack_reaches_its_goal(
    programs: Programs, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena = attacks.Arena(tmp_path)
    program = arena.program(name)
    with monkeypatch.context() as patch:
        if name in HANGING:
            patch.setattr(programs, "_limits", LIMITS.model_copy(update={"long_wall_s": HANGING_S}))
        outcome = programs.run(program)
    if name in ("daemon", "thread", "exit_handler"):
        time.sleep(0.4)
    harm = arena.harm(outcome.answer and outcome.answer.text)
    arena.close()
    assert harm is None, (harm, outcome)
    assert (outcome.answer is None) != (outcome.failure is None)
    assert outcome.failure is None or outcome.failure in FAILURES
    # On a busy machine an honest program may wait beyond these limits too.
    until(lambda: programs.run(HONEST).answer == Answer("42"))


@pytest.fixture(scope="module")
def monty() -> Iterator[Monty]:
    opened = Monty(LIMITS)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", list(attacks.ATTACKS))
def test_no_attack_reaches_the_programs_it_shares_a_session_with(
    monty: Monty, name: str, tmp_path: Path
) -> None:
    """Attacks are never plain, so that none shares a session; if one did, it would not get further."""
    arena = attacks.Arena(tmp_path)
    try:
        attack = screen(arena.program(name))
    except Unparsable:
        attack = Screened(arena.program(name), "ans", plain=True, heavy=False)
    honest = screen(HONEST)
    before, mine, after = monty.run_together([honest, attack, honest])
    harm = arena.harm(mine.text if mine else None)
    arena.close()
    assert harm is None
    assert {before, after} <= {None, ("number", "42")}

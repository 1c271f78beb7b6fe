"""A program that does not end costs its limit once, whoever meets it again."""

import threading
from pathlib import Path

from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.late import LATE, SPENT, LatePrograms
from thoughtmill.factory.solvers.programs import Programs

LOOP = "import itertools\nwhile True: pass"
LIMITS = Limits(wall_s=0.1, long_wall_s=60.0, cpu_s=1.0)  # processor time runs out first on any machine


def test_what_is_late_is_known_by_its_text_in_this_process() -> None:
    late = LatePrograms()
    late.note("a")
    assert (late.knows("a"), late.knows("b"), late.count()) == (True, False, 1)


def test_what_is_late_is_known_to_all_that_share_a_folder(tmp_path: Path) -> None:
    one, other = LatePrograms(tmp_path / "late"), LatePrograms(tmp_path / "late")
    with one.held("a") as known:
        assert not known
        one.note("a")
    with other.held("a") as known:
        assert known
    assert (other.knows("b"), other.count()) == (False, 1)


def test_a_program_that_another_worker_runs_is_waited_for(tmp_path: Path) -> None:
    one, other = LatePrograms(tmp_path), LatePrograms(tmp_path)
    found: list[bool] = []

    def ask() -> None:
        with other.held("a") as known:
            found.append(known)

    with one.held("a"):
        thread = threading.Thread(target=ask)
        thread.start()
        one.note("a")
    thread.join()
    assert found == [True]


def test_a_program_that_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    with LatePrograms(tmp_path).held("a"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_endless_loop_is_run_once_however_often_it_comes(tmp_path: Path) -> None:
    with Programs(LIMITS, late=tmp_path) as programs:
        runs: list[object] = []
        run = programs._zygotes[False].run
        programs._zygotes[False].run = lambda *given: runs.append(given) or run(*given)  # type: ignore[method-assign,func-returns-value]
        outcomes = {programs.run(LOOP) for _ in range(3)}
    with Programs(LIMITS, late=tmp_path) as programs:
        outcomes.add(programs.run(LOOP))
        assert programs._zygotes[False]._process is None
    assert len(runs) == 1
    assert {(outcome.failure, outcome.detail) for outcome in outcomes} == {("timeout", LATE)}


def test_a_program_that_a_busy_machine_kept_from_computing_is_run_again() -> None:
    with Programs(Limits(wall_s=5.0, long_wall_s=0.2)) as programs:
        assert programs.run(LOOP).failure == "timeout"
        assert not programs._late.knows(LOOP)


def test_without_a_budget_every_program_has_its_whole_time() -> None:
    assert Limits().budget_s == 0


def test_when_the_budget_is_spent_a_program_is_told_so_and_gets_the_short_limit_only() -> None:
    with Programs(LIMITS.model_copy(update={"budget_s": 0.5})) as programs:
        first, second = programs.run(LOOP), programs.run(LOOP + "  # again")
        honest = programs.run("import itertools\nans = sum(itertools.repeat(2, 4))")
    assert (first.detail, second.detail) == (LATE, SPENT)
    assert honest.answer is not None


def test_sleeping_takes_no_time_and_waiting_for_nothing_is_late() -> None:
    waiting = "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"
    with Programs(Limits(long_wall_s=1e6)) as programs:  # nobody would see the end of this limit
        slept = programs.run("import time\ntime.sleep(500_000)\nans = 7")
        waited = programs.run(waiting)
    assert slept.answer is not None
    assert (waited.answer, waited.failure) == (None, "timeout")

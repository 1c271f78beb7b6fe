"""Workers answer, and whatever happens to one, the next question is answered."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from thoughtmill.factory.core import worker
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.worker import ClosingContext, Worker, WorkerDied, WorkerTimeout

MODULE = f"""
import os

def reply(question):
    while question == "loop":
        pass
    if question == "die":
        os._exit(3)
    if question == "grow":
        return len("x" * {4 * worker.MEMORY_B})
    print("noise")
    return {{"asked": question, "environment": sorted(os.environ), "folder": os.getcwd()}}
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "answering.py").write_text(MODULE)
    found = f"sys.path.append({str(tmp_path)!r}); from {{module}}"
    monkeypatch.setattr(worker, "START", worker.START.replace("from {module}", found))


def asked(held: Worker, question: Any) -> Any:
    return held.ask(question)["asked"]


def test_questions_are_answered_by_one_process() -> None:
    with Worker("answering", 5.0) as held:
        assert held.process is None
        assert asked(held, [1, "two"]) == [1, "two"]
        first = held.process
        assert asked(held, "x" * 10**6) == "x" * 10**6
        assert held.process is first
    assert first is not None
    assert first.returncode is not None


def test_a_worker_has_no_environment_and_no_folder_of_ours() -> None:
    with Worker("answering", 5.0) as held:
        found = held.ask("")
    assert found["folder"] == "/"
    assert set(found["environment"]) <= {"PYTHONHASHSEED", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}


@pytest.mark.parametrize(
    ("question", "error"), [("loop", WorkerTimeout), ("die", WorkerDied), ("grow", WorkerDied)]
)
def test_a_question_that_ends_its_worker_says_how_and_the_next_is_answered(
    question: str, error: type[Exception]
) -> None:
    with Worker("answering", 0.5) as held:
        with pytest.raises(error):
            held.ask(question)
        assert held.process is None
        assert asked(held, 1) == 1


@pytest.mark.parametrize("length", [1, 10**6])
@pytest.mark.parametrize(("number", "error"), [(signal.SIGKILL, WorkerDied), (signal.SIGSTOP, WorkerTimeout)])
def test_a_worker_that_is_killed_or_stopped_costs_one_question_of_any_length(
    number: int, error: type[Exception], length: int
) -> None:
    with Worker("answering", 0.2) as held:
        asked(held, 1)
        assert held.process is not None
        os.kill(held.process.pid, number)
        with pytest.raises(error):
            held.ask("x" * length)
        assert asked(held, 2) == 2


def test_a_worker_that_cannot_start_says_how_to_see_why() -> None:
    with (
        pytest.raises(ThoughtmillError, match="import no_such_module"),
        Worker("no_such_module", 1.0) as held,
    ):
        held.ask(1)


def test_what_is_held_is_closed_whatever_is_raised() -> None:
    class Noted(ClosingContext):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    noted = Noted()
    with pytest.raises(ValueError, match="of ours"), noted:
        raise ValueError("of ours")
    assert noted.closed == 1

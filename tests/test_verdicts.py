"""Verdicts are the same whoever gives them: one process or several, one at a time or many together."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.executors import local as workers
from thoughtmill.factory.solvers import programs
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import solving as verdicts
from thoughtmill.factory.thoughts.solving import Job, Solved, VerifySettings, executor, solve, solving

PROBLEM = "How many are 6 rows of 7?"
SETTINGS = VerifySettings(limits=Limits(wall_s=0.3, long_wall_s=0.6))
JOBS = [
    Job("pot", PROBLEM, "number", "rows = 6\nans = rows * 7"),
    Job("pot", PROBLEM, "number", "```python\nrows = 6\nans = rows * 7\n```"),
    Job("pot", PROBLEM, "number", "ans = 1 / 0"),
    Job("pot", PROBLEM, "number", "import fractions\nans = fractions.Fraction(42)"),
    Job("pot", PROBLEM, "number", "print(6 * 7)"),
    Job("pot", PROBLEM, "number", ""),
    Job("cot", PROBLEM, "number", "6 * 7 = 42\n#### 42"),
    Job("eot", PROBLEM, "number", "ans / 7 = 6"),
    Job("eot", PROBLEM, "number", "ans^2 = 42^2"),
    Job("knowledge", PROBLEM, "number", "rules, I think"),
    Job("pot", PROBLEM, "number", None, "refused", "no"),
    Job("pot", PROBLEM, "number", "ans = 1", "truncated", "cut off"),
] * 5
JOBS[7:7] = [
    Job("pot", PROBLEM, "number", "while True: pass"),
    Job("pot", PROBLEM, "number", "ans = 9 ** 9 ** 9"),
]
"""Some dozens of rows of every kind; two of them do not end."""


def bare(found: Iterator[Solved] | list[Solved]) -> list[Solved]:
    """Without their times, which alone may differ."""
    return [solved._replace(elapsed_s=0.0) for solved in found]


@pytest.fixture(scope="module")
def alone() -> list[Solved]:
    with Solvers(SETTINGS.limits, SETTINGS.equations_timeout_s) as solvers:
        distinct = {job: solve([job], solvers)[0] for job in JOBS}
        return bare([distinct[job] for job in JOBS])


def test_what_is_solved_together_comes_to_what_it_comes_to_alone(alone: list[Solved]) -> None:
    with Solvers(SETTINGS.limits, SETTINGS.equations_timeout_s) as solvers:
        assert bare(solve(JOBS, solvers)) == alone
        assert solve([], solvers) == []


@pytest.mark.parametrize(("count", "chunk"), [(1, 64), (2, 5)])
def test_neither_the_number_of_workers_nor_their_chunks_change_a_verdict(
    alone: list[Solved], count: int, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CHUNK", chunk)
    settings = SETTINGS.model_copy(update={"workers": count})
    assert bare(solving(settings, tmp_path / "journal")(JOBS)) == alone


def test_straight_programs_are_run_together(monkeypatch: pytest.MonkeyPatch) -> None:
    with Solvers(SETTINGS.limits, SETTINGS.equations_timeout_s) as solvers:
        ahead: list[list[str]] = []
        monkeypatch.setattr(solvers.programs, "ahead", ahead.append)
        solve([*JOBS[:3], *JOBS[9:]], solvers)
    assert [program for program in ahead[0] if "rows" in program][:2] == ["rows = 6\nans = rows * 7"] * 2
    assert not any("####" in program for program in ahead[0])


def _answer(job: Job, solvers: Solvers) -> Answer | None:
    return solve([job], solvers)[0].outcome.answer


def test_other_work_has_solvers_too() -> None:
    settings = SETTINGS.model_copy(update={"workers": 1})
    assert list(executor(settings, _answer, lambda _: None).spread(JOBS[:2])) == [Answer("42")] * 2


def test_an_unknown_executor_is_named_with_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "params.yaml").write_text("executor: slurm")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ThoughtmillError, match=r"params\.yaml: executor: unknown executor `slurm`; there are: local, ray"
    ):
        solving(SETTINGS, Path("journal"))


def test_strict_refuses_a_system_without_protections_before_any_worker_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "strongest_fence", lambda: "process")
    strict = VerifySettings(limits=Limits(fence="strict"))
    with pytest.raises(ThoughtmillError, match=r"set verify\.limits\.fence to auto"):
        solving(strict, Path("journal"))
    with pytest.raises(ThoughtmillError, match=r"set verify\.limits\.fence to auto"):
        executor(strict, _answer, lambda _: None)


def test_a_worker_is_told_its_fence_and_does_not_look_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "strongest_fence", lambda: pytest.fail("it looked"))
    with Solvers(SETTINGS.limits, 5.0, "process") as solvers:
        assert solve([JOBS[2]], solvers)[0].outcome.fence == "process"


def test_a_digest_of_the_sources_names_what_made_a_verdict() -> None:
    assert verdicts.source_digest() == verdicts.source_digest()
    assert len(verdicts.source_digest()) == 64

"""Whole problems per second and core: `python -m bench.solvers_problems`. Figures are ratios, not promises.

The chain, the program and the equations of each problem are parsed, solved, checked and compared with the
gold answer. Chains and programs are the real ones of `replay` beside the repository; equations are made of
the marks of GSM8K's own solutions. Problems whose program loops are left out: a loop costs its time limit
in any executor. `as XoT` is the least that the published pipeline of XoT (Liu et al., arXiv 2310.14628)
does for a problem: the last number of the chain, `exec` of the program in this process under an alarm, and
sympy for the equations; no checks.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from bench.executors import pal, ready
from bench.solvers import processor_s
from bench.solvers_equations import marked, with_sympy
from thoughtmill.factory.answers.number import equal
from thoughtmill.factory.core.executors.local import CHUNK
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.programs import extract
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts.solving import Job, solve

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SOLVED = ("cot", "pot", "eot")
XOT_PROBLEMS = 150
"""How many problems are solved as XoT does, for it is slow."""

_LAST_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]+)?(?=[^0-9]*$)")


class Whole(NamedTuple):
    """A problem, its gold answer and a completion for each thought of `SOLVED`."""

    problem: str
    answer: str
    completions: tuple[str, str, str]


def main() -> None:
    """Print the figure."""
    if not DATA.exists():
        print("whole problems: their thoughts are not beside the repository")
        return
    problems = _ending(read_problems(DATA))
    began = processor_s()
    right = verify(problems)
    per_s = len(problems) / (processor_s() - began)
    print(f"{len(problems)} problems of three thoughts: {per_s:.0f} problems/s/core, {right} thoughts right")
    some = problems[:XOT_PROBLEMS]
    began = processor_s()
    right = as_xot(some)
    theirs = len(some) / (processor_s() - began)
    print(f"{len(some)} as XoT: {theirs:.1f} problems/s/core, {right} thoughts right, 1/{per_s / theirs:.0f}")


def verify(problems: list[Whole]) -> int:
    """Parse, solve and compare everything, some problems at a time; return how many thoughts are right."""
    right = 0
    with Solvers(Limits(), equations_timeout_s=5.0) as solvers:
        for at in range(0, len(problems), CHUNK):
            asked = [
                (Job(thought, whole.problem, "number", completion), whole.answer)
                for whole in problems[at : at + CHUNK]
                for thought, completion in zip(SOLVED, whole.completions, strict=True)
            ]
            for solved, (_, gold) in zip(solve([job for job, _ in asked], solvers), asked, strict=True):
                answer = solved.outcome.answer and solved.outcome.answer.text
                right += answer is not None and equal(answer, gold)
    return right


def as_xot(problems: list[Whole]) -> int:
    """Solve three thoughts of each problem as XoT does; return how many thoughts are right."""
    programs = [ready(extract(whole.completions[1]) or "") for whole in problems]
    right = sum(_near(answer, whole) for answer, whole in zip(pal(programs), problems, strict=True))
    for whole in problems:
        number = _LAST_NUMBER.search(whole.completions[0])
        right += number is not None and _near(number[0].replace(",", ""), whole)
        right += _near(with_sympy(whole.completions[2]), whole)
    return right


def _near(answer: Any, whole: Whole) -> bool:
    """Compare two numbers as XoT does: as floats, to a thousandth."""
    try:
        return abs(float(answer) - float(whole.answer)) < 1e-3
    except (TypeError, ValueError):
        return False


def read_problems(data: Path) -> list[Whole]:
    """Return the problems that have all three."""
    chains, programs = (_by_problem(data / "replay" / f"{name}.jsonl") for name in ("cot", "pot"))
    found = []
    for at, line in enumerate((data / "gsm8k" / "test.jsonl").read_text(encoding="utf-8").splitlines()):
        key, equations = f"gsm8k-test-{at}", marked(json.loads(line)["answer"])
        if equations and key in chains and key in programs:
            row = chains[key]
            texts = row["completion"], programs[key]["completion"], equations.text
            found.append(Whole(row["problem"], row["answer"], texts))
    return found


def _by_problem(path: Path) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["problem_id"]: row for row in rows}


def _ending(problems: list[Whole]) -> list[Whole]:
    with Solvers(Limits(long_wall_s=0.5), equations_timeout_s=5.0) as solvers:
        return [each for each in problems if solvers.programs.run(each.completions[1]).failure != "timeout"]


if __name__ == "__main__":
    main()

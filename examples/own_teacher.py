"""Write a teacher of your own, and take its thoughts through `generate` and `verify`, in memory.

    python examples/own_teacher.py

A package makes such a teacher choosable in `params.yaml` through an entry point: see docs/extend.md.
"""

import re
from collections.abc import Iterable, Iterator

from thoughtmill.factory.generate import generate
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.teachers import Reply, Request, Teacher
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.factory.teachers.thought_requests import ThoughtRequests
from thoughtmill.factory.thoughts.prompts import Prompt
from thoughtmill.factory.thoughts.solving import solve
from thoughtmill.factory.verify import verify

PROBLEMS = [
    {
        "problem_id": "p-1",
        "split": "train",
        "problem": "Mo has 3 bags of 4 nuts. How many nuts?",
        "answer": "12",
        "answer_kind": "number",
    },
    {
        "problem_id": "p-2",
        "split": "train",
        "problem": "Ida has 7 nuts and eats 2. How many are left?",
        "answer": "5",
        "answer_kind": "number",
    },
]


class Multiplier(Teacher):
    """A teacher that knows a single trick: it multiplies the numbers of a problem."""

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a program for every request."""
        for request in requests:
            numbers = re.findall(r"\d+", request.problem["problem"])
            yield Reply(request, "0" * 64, "multiplier-1", f"ans = {' * '.join(numbers)}", "stop")


def main() -> None:
    """Print the verdict on each program."""
    prompt = Prompt("Write a Python program that computes ans.", ("problem",), ())
    requests = ThoughtRequests(PROBLEMS, "pot", prompt, GenerateSettings())
    completions = generate(requests, Multiplier(), "multiplier")
    with Solvers(Limits(), equations_timeout_s=5.0) as solvers:
        for record, _ in verify(completions, PROBLEMS, lambda jobs: iter(solve(list(jobs), solvers))):
            print(record["record_id"], record["rationale"], record["predicted_answer"], record["correct"])


if __name__ == "__main__":
    main()

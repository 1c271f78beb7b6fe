"""The clients that `bench.teacher` compares: one module each, which asks as its users would.

Every module has `ask(job)`, which returns how many answers it got, and may have `prepare(variant)`, which is
not measured. It imports its own package and no other's: each runs in an environment of its own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

STORY = "A farmer has 12 sheep, buys 7 more and sells a third of them at 45 dollars each. " * 6
TASK = "Solve it in steps."
SAMPLING: dict[str, Any] = {"temperature": 0.7, "max_tokens": 512, "seed": 0}


@dataclass(frozen=True)
class Job:
    """What a client is to do: ask for all `problems` at `url`, so many at once.

    What it keeps is in `folder`. `variant` is its own business, such as which of its transports it takes.
    """

    url: str
    problems: list[str]
    concurrency: int
    folder: Path
    variant: str

    @property
    def chats(self) -> list[list[dict[str, str]]]:
        """The problems as chats of two messages."""
        return [
            [{"role": "system", "content": TASK}, {"role": "user", "content": text}] for text in self.problems
        ]


def problems(requests: int, changed: bool = False) -> list[str]:
    """Return so many problems; `changed`: the first one edited, and one more at the end."""
    texts = [f"Problem {number}. {STORY}" for number in range(requests + changed)]
    return [texts[0].replace("12", "13"), *texts[1:]] if changed else texts

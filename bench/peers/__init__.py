"""The clients that `bench.teacher` compares: one module each, which uses the client as its users do.

Every module has `ask(job)`, which returns the number of answers, and may have `prepare(variant)`, which is
not measured. Each client runs in a separate environment, so its module imports no other client.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

STORY = "A farmer has 12 sheep, buys 7 more and sells a third of them at 45 dollars each. " * 6
TASK = "Solve it in steps."
SAMPLING: dict[str, Any] = {"temperature": 0.7, "max_tokens": 512, "seed": 0}


@dataclass(frozen=True)
class PeerJob:
    """The task of a client: ask `url` about all `problems`, with `concurrency` requests at once.

    The client keeps its files in `folder`. `variant` chooses among its variants, such as transports.
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
    """Return so many problems; with `changed` the first is edited, and another is added at the end."""
    texts = [f"Problem {number}. {STORY}" for number in range(requests + changed)]
    return [texts[0].replace("12", "13"), *texts[1:]] if changed else texts

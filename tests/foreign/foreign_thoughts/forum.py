"""The problem set `forum`: multiplications, told in Roman numerals."""

from collections.abc import Iterator

from pydantic import BaseModel

from foreign_thoughts.roman import numeral
from thoughtmill.factory.problems import Fields, ProblemSet


class ForumSettings(BaseModel, extra="forbid", frozen=True):
    """The section `seed.forum` of `params.yaml`."""

    problems: int = 10


def rows(split: str, options: ForumSettings) -> Iterator[Fields]:
    """Yield the rows of a split as they would lie in a file or on the Hub."""
    size = {"train": 7, "test": 13}[split]
    for bags in range(2, 2 + options.problems):
        text = f"Marcus has {numeral(bags)} bags of {numeral(size)} nuts. How many nuts has he?"
        yield {"text": text, "gold": numeral(bags * size), "how": f"{bags} * {size}"}


def read(row: Fields) -> Fields:
    """Return the problem, the answer and the worked solution of a row."""
    return {"problem": row["text"], "answer": row["gold"], "solution": row["how"]}


FORUM = ProblemSet(
    read=read,
    splits=(("train", "train"), ("test", "test")),
    license="CC0-1.0",
    answer_kinds=("roman",),
    options=ForumSettings,
    rows=rows,
)

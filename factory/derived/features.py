"""Derive `features`: what makes a problem easy or hard, as its text and its worked solution show.

>>> steps("Half is <<half=48/2=24>>24, and all <<48+24=72>>72.")
(2, '+/')
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

import pyarrow as pa

from thoughtmill.factory.core import tables
from thoughtmill.factory.core.families import find_roots, named
from thoughtmill.factory.core.scratch import fill, scratch, stream
from thoughtmill.factory.problems import stories
from thoughtmill.factory.problems.kept_out import digest, words

MARK = re.compile(r"<<([^<>]*)=[^<>=]*>>")
OPERATIONS = "+-*/"


PROBLEMS = pa.schema(
    {
        "position": pa.int64(),
        "problem_id": pa.string(),
        "parent_id": pa.string(),
        "name": pa.string(),
        "text": pa.uint64(),
    }
)
TOLD = pa.schema(
    {"number": pa.int64(), "text": pa.uint64(), "template": pa.string(), "composition": pa.string()}
)
OF_ROOTS = """
select arg_max(told.template, told.number), arg_max(told.composition, told.number)
from problem left join walk using (position)
left join problem original on original.problem_id = coalesce(walk.root, problem.problem_id)
left join told on told.text = original.text
group by problem.position order by problem.position
"""


def features(
    problems: Iterable[tables.Row], embedded: stories.StoriesSettings | None
) -> Iterator[tables.Row]:
    """Yield a row for every problem; `problems` is read twice.

    `embedded` are the settings of the embedded stories, if the corpus has any: they are told again. A problem
    that was made from another one has the template and the composition of its original.
    """
    facts = ({**named(*each), "text": digest(each[1]["problem"].split())} for each in enumerate(problems))
    with scratch() as con:
        fill(con, "told", TOLD, () if embedded is None else _told(embedded))
        fill(con, "problem", PROBLEMS, facts)
        find_roots(con)
        for problem, (template, composition) in zip(problems, stream(con, OF_ROOTS), strict=True):
            text = words(problem["problem"])
            count, operations = steps(problem["solution"] or "")
            yield {
                "problem_id": problem["problem_id"],
                "template": template,
                "composition": composition,
                "steps": count or None,
                "operations": operations or None,
                "numbers": sum(word[0].isdigit() for word in text),
                "words": sum(word[0].isalpha() for word in text),
            }


def steps(solution: str) -> tuple[int, str]:
    """Return how many calculations a worked solution marks, and the kinds of operations among them."""
    marks = [mark[1].rpartition("=")[2] for mark in MARK.finditer(solution)]
    return len(marks), "".join(sign for sign in OPERATIONS if any(sign in mark for mark in marks))


def _told(settings: stories.StoriesSettings) -> Iterator[tables.Row]:
    """Yield the template and the composition of the stories of all splits, with the digest of their text."""
    told = chain.from_iterable(
        stories.tell(split, getattr(settings, split), settings.seed) for split in stories.SPLITS
    )
    for number, story in enumerate(told):
        yield {
            "number": number,
            "text": digest(story.problem.split()),
            "template": story.template,
            "composition": story.composition,
        }

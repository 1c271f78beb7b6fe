"""Derive `features`: what makes a problem easy or hard, as its text and its worked solution show.

>>> steps("Half is <<half=48/2=24>>24, and all <<48+24=72>>72.")
(2, '+/')
"""

import re
from collections.abc import Iterable, Iterator

from thoughtmill.factory.core import tables
from thoughtmill.factory.core.families import parents_of, root_of
from thoughtmill.factory.problems import stories
from thoughtmill.factory.problems.kept_out import digest, words

MARK = re.compile(r"<<([^<>]*)=[^<>=]*>>")
OPERATIONS = "+-*/"


UNKNOWN = None, None


def features(
    problems: Iterable[tables.Row], embedded: stories.StoriesSettings | None
) -> Iterator[tables.Row]:
    """Yield a row for every problem; `problems` is read several times.

    `embedded` are the settings of the embedded stories, if the corpus has any: they are told again. A problem
    that was made from another one has the template and the composition of its original.
    """
    told = {} if embedded is None else _told(embedded)
    found = {
        problem["problem_id"]: told[story]
        for problem in (problems if told else ())
        if (story := digest(problem["problem"].split())) in told
    }
    parents = parents_of(problems)
    for problem in problems:
        text = words(problem["problem"])
        count, operations = steps(problem["solution"] or "")
        template, composition = found.get(root_of(problem["problem_id"], parents), UNKNOWN)
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


def _told(settings: stories.StoriesSettings) -> dict[bytes, tuple[str, str]]:
    """Return the template and the composition of the stories of all splits, by the digest of their text."""
    return {
        digest(story.problem.split()): (story.template, story.composition)
        for split in stories.SPLITS
        for story in stories.tell(split, getattr(settings, split), settings.seed)
    }

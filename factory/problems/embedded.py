"""The set `embedded`: problems that Thoughtmill writes itself, as many as `seed.embedded` says."""

from collections.abc import Iterator

from thoughtmill.factory.problems import stories
from thoughtmill.factory.problems.sources import Fields, ProblemSet


def rows(split: str, options: stories.StoriesSettings) -> Iterator[Fields]:
    """Yield the stories of one split as problems.

    >>> next(rows("train", stories.StoriesSettings(train=1)))["answer"]
    '2'
    """
    for story in stories.tell(split, getattr(options, split), options.seed):
        yield {"problem": story.problem, "answer": story.answer, "solution": story.solution}


EMBEDDED = ProblemSet(
    read=dict,
    splits=tuple((split, split) for split in stories.SPLITS),
    license="MIT",
    options=stories.StoriesSettings,
    rows=rows,
)

"""The texts that the embedded base is pretrained on, all made from embedded training problems."""

import re
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from thoughtmill.factory.problems.stories import tell
from thoughtmill.train.embedded.settings import StudentSettings

LINES = 8
WINDOW = 16
MARK = re.compile(r"<<(\w+)=([^=>]*)=([^>]*)>>")
SHOWN = re.compile(MARK.pattern + r"\3")
GIVEN = re.compile(r"^Given: (\w+) = (.*)$", re.MULTILINE)
SIGN = re.compile(r"(//|[-+*/%])")
WORD = re.compile(r"[A-Za-z_]\w*")


class PretrainingText(NamedTuple):
    """A text: a problem, or nothing, and the continuation to learn."""

    problem: str
    continuation: str


class PretrainingTexts:
    """Draws texts from training problems and the calculations of their solutions."""

    def __init__(self, settings: StudentSettings) -> None:
        self.stories = list(tell("train", settings.stories, settings.seed))
        self.sums = [line for story in self.stories for line in bare_sums(story.solution)]

    def some_sums(self, rng: Random) -> PretrainingText:
        """Return unrelated calculations."""
        return PretrainingText("", "\n".join(rng.choices(self.sums, k=LINES)))

    def some_lines(self, rng: Random) -> PretrainingText:
        """Return lines of three worked solutions, shuffled."""
        lines = [line for story in rng.sample(self.stories, 3) for line in fragments(story.solution)]
        return PretrainingText("", "\n".join(rng.sample(lines, min(LINES, len(lines)))))

    def a_problem(self, rng: Random, closed: bool = False) -> PretrainingText:
        """Return a problem with a view of its solution under a heading: sums, words, steps or plan."""
        story = rng.choice(self.stories)
        heading, view = rng.choice(CLOSED_VIEWS if closed else VIEWS)
        return PretrainingText(story.problem + "\n", "\n".join([heading, *view(story.solution)]))

    def steps(self, settings: StudentSettings, cycle: int) -> Iterator[list[list[PretrainingText]]]:
        """Yield the texts of each step in two groups, problems and others; the first steps hold sums alone.

        The problems of a step have similar lengths: they are sorted within windows of steps.
        """
        begin = sum(earlier.steps for earlier in settings.cycles[:cycle])
        end = begin + settings.cycles[cycle].steps
        early = int(settings.sums_first * settings.cycles[0].steps)
        for step in range(begin, early):
            rng = Random(f"{settings.seed}/early/{step}")
            yield [[self.some_sums(rng) for _ in range(4 * settings.sums)]]
        for first in range(max(begin, early), end, WINDOW):
            rng = Random(f"{settings.seed}/window/{first}")
            read = (
                self.a_problem(rng, settings.cycles[cycle].closed) for _ in range(WINDOW * settings.problems)
            )
            stories = sorted(read, key=lambda text: len(text.problem) + len(text.continuation))
            dealt = [stories[at : at + settings.problems] for at in range(0, len(stories), settings.problems)]
            rng.shuffle(dealt)
            for group in dealt[: end - first]:
                others = [self.some_sums(rng) for _ in range(settings.sums)]
                yield [group, others + [self.some_lines(rng) for _ in range(settings.fragments)]]


def bare_sums(solution: str) -> list[str]:
    """Return the calculations of a worked solution, with numbers in place of names.

    >>> bare_sums("Given: bags = 4\\n4 bags hold <<all=bags*6=24>>24.\\n<<left=all-9=15>>15 stay.\\n#### 15")
    ['4 * 6 = 24', '24 - 9 = 15']
    """
    values = dict(GIVEN.findall(solution))
    lines = []
    for name, expression, value in MARK.findall(solution):
        values[name] = value
        numbers = WORD.sub(lambda word: values[word[0]], expression)
        lines.append(f"{spaced(numbers)} = {value}")
    return lines


def spaced(expression: str) -> str:
    """Return an expression with blanks around its operators."""
    return SIGN.sub(r" \1 ", expression)


def in_words(solution: str) -> list[str]:
    """Return the sentences of a worked solution, each with its calculation.

    >>> in_words("Given: bags = 4\\nThey hold <<all=bags*6=24>>24 buns.\\n#### 24")
    ['They hold 4 * 6 = 24 buns.']
    """
    sums = iter(bare_sums(solution))
    return [SHOWN.sub(lambda _: next(sums), line) for line in solution.splitlines() if MARK.search(line)]


def with_answer(solution: str) -> list[str]:
    """Return the sentences of a worked solution and the line of its answer.

    >>> with_answer("Given: bags = 4\\nThey hold <<all=bags*6=24>>24 buns.\\n#### 24")
    ['They hold 4 * 6 = 24 buns.', '#### 24']
    """
    return [*in_words(solution), solution.splitlines()[-1]]


def by_name(solution: str) -> list[str]:
    """Return the numbers and the calculations of a worked solution by name.

    >>> by_name("Given: bags = 4\\nThey hold <<all=bags*6=24>>24 buns.\\n#### 24")
    ['bags = 4', 'all = bags * 6']
    """
    given = [f"{name} = {value}" for name, value in GIVEN.findall(solution)]
    return given + [f"{name} = {spaced(expression)}" for name, expression, _ in MARK.findall(solution)]


def with_numbers(solution: str) -> list[str]:
    """Return the calculations of a worked solution by name, with the numbers of the problem filled in.

    >>> with_numbers("Given: bags = 4\\n<<all=bags*6=24>>24 buns.\\n<<left=all-9=15>>15 stay.\\n#### 15")
    ['all = 4 * 6', 'left = all - 9']
    """
    given = dict(GIVEN.findall(solution))
    marks = MARK.findall(solution)
    return [
        f"{name} = {spaced(WORD.sub(lambda word: given.get(word[0], word[0]), expression))}"
        for name, expression, _ in marks
    ]


def fragments(solution: str) -> list[str]:
    """Return the sentences of a worked solution, then its numbers and calculations by name.

    >>> fragments("Given: bags = 4\\nRule: A rule.\\nThey hold <<all=bags*6=24>>24.\\n#### 24")
    ['A rule.', 'They hold 24.', 'bags = 4', 'all = bags * 6']
    """
    lines = [line for line in MARK.sub("", solution).splitlines()[:-1] if not GIVEN.match(line)]
    return [re.sub(r"^\w+: ", "", line) for line in lines] + by_name(solution)


VIEWS = (("Sums:", bare_sums), ("Solution:", in_words), ("Steps:", by_name), ("Plan:", with_numbers))
# In the last cycles, solutions end with the line of the answer. Adapters do not change embeddings, so they
# could not teach a base to write a sign that it has never read.
CLOSED_VIEWS = tuple((heading, with_answer if view is in_words else view) for heading, view in VIEWS)

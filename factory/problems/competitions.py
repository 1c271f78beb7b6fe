r"""Competition mathematics: MATH, MATH-500, AIME and AMC, whose answers are any mathematics.

The worked solutions of MATH close with the answer in a box: `\boxed{\frac{3}{4}}`.
"""

import re

from thoughtmill.factory.answers import ANY, reading
from thoughtmill.factory.problems.sources import Fields, ProblemSet, UnusableRow, first_of

SUBJECTS = (
    "algebra", "counting_and_probability", "geometry", "intermediate_algebra", "number_theory", "prealgebra",
    "precalculus",
)  # fmt: skip
"""The configs of MATH on the Hub."""


def read_math(row: Fields) -> Fields:
    r"""Read MATH (Hendrycks et al., arXiv 2103.03874), or a subset of it such as MATH-500.

    An id is unique in its subject only, so that the subject is part of it.

    >>> row = {"problem": "Simplify $(x+1)(x-1)$.", "level": "Level 2", "type": "Algebra", "idx": 7,
    ...        "solution": r"It is $x^2+x-x-1 = \boxed{x^2-1}$."}
    >>> found = read_math(row)
    >>> found["answer"], found["subject"], found["level"], found["id"]
    ('x^2-1', 'Algebra', 'Level 2', 'algebra-7')
    >>> read_math({**row, "answer": "x^2-1", "level": 2, "unique_id": "test/algebra/7.json"})["id"]
    'algebra-7'
    """
    solution = row["solution"]
    subject, level = first_of(row, "type", "subject"), row.get("level")
    answer = row.get("answer") or boxed(solution)
    found = {
        "problem": row["problem"],
        "answer": answer,
        "solution": solution,
        "subject": subject,
        "level": f"Level {level}" if isinstance(level, int) else level,
    }
    number = _number(row)
    return found if number is None else found | {"id": f"{_slug(str(subject))}-{number}"}


def read_contest(row: Fields) -> Fields:
    """Read AIME and AMC; the copies on the Hub name their columns in several ways.

    >>> row = {"ID": "2031-I-3", "Problem": "Find $2+3$.", "Answer": 5, "Solution": "It is 5."}
    >>> read_contest(row)["answer"], read_contest(row)["id"], read_contest({"problem": "", "answer": "033"})
    (5, '2031-I-3', {'problem': '', 'answer': '033'})
    """
    found = {
        "problem": first_of(row, "problem", "Problem", "question", "Question"),
        "answer": first_of(row, "answer", "Answer", "expected_answer"),
    }
    for ours, theirs in (("solution", ("solution", "Solution")), ("id", ("id", "ID", "problem_idx"))):
        named = [name for name in theirs if row.get(name) is not None]
        if named:
            found[ours] = row[named[0]]
    return found


def boxed(solution: str) -> str:
    r"""Return the last box of a worked solution, its answer; a solution without one is unusable.

    >>> boxed(r"First $\boxed{2}$. No: $\boxed{\frac{1}{2}}$.")
    '\\frac{1}{2}'
    """
    boxes = reading.boxes(solution) if isinstance(solution, str) else []
    if not boxes:
        raise UnusableRow("the solution has no answer in a box")
    return boxes[-1].strip()


def _number(row: Fields) -> str | None:
    """Return the number of a row in its subject: `807` of `test/precalculus/807.json`, or its index."""
    named = [row[name] for name in ("unique_id", "idx", "id") if row.get(name) is not None]
    found = re.search(r"(\d+)(?:\.json)?$", str(named[0])) if named else None
    return found[1] if found else None


def _slug(subject: str) -> str:
    """Return a subject as the Hub's configs write it.

    >>> _slug("Counting & Probability")
    'counting_and_probability'
    """
    return re.sub(r"\W+", "_", subject.replace("&", "and").lower()).strip("_")


MATH = ProblemSet(
    read_math,
    (("train", "train"), ("test", "test")),
    "MIT",
    "EleutherAI/hendrycks_math",
    config=SUBJECTS,
    answer_kinds=ANY,
)
MATH500 = ProblemSet(read_math, (("test", "test"),), "MIT", "HuggingFaceH4/MATH-500", answer_kinds=ANY)
AIME = ProblemSet(read_contest, (("test", "train"),), "Apache-2.0", "AI-MO/aimo-validation-aime")
AMC = ProblemSet(
    read_contest, (("test", "train"),), "Apache-2.0", "AI-MO/aimo-validation-amc", answer_kinds=ANY
)

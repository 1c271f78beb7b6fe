"""Sets with choices and other kinds of questions: AQuA and NumGLUE. The problem's text shows its choices."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from thoughtmill.factory.problems.sources import Fields, ProblemSet, UnusableRow, first_of

LABEL = re.compile(r"\(?([A-Z])[).:]\s*")


def read_aqua(row: Fields) -> Fields:
    r"""Read AQuA (Ling et al., arXiv 1705.04146): the answer is the letter of one of five choices.

    >>> row = {"question": "What is half of 12?", "options": ["A)6", "B)24"], "rationale": "12 / 2 = 6.",
    ...        "correct": "A"}
    >>> print(read_aqua(row)["problem"])
    What is half of 12?
    Answer choices: (A) 6 (B) 24
    >>> read_aqua(row)["answer"], read_aqua(row)["solution"]
    ('A', '12 / 2 = 6.\n#### A')
    """
    solution = row.get("rationale")
    return {
        "problem": with_choices(row["question"], row["options"]),
        "answer": row["correct"],
        "solution": f"{solution}\n#### {row['correct']}" if solution else None,
    }


def with_choices(question: Any, choices: Any) -> str:
    """Return a question with its choices under letters."""
    if not isinstance(question, str) or isinstance(choices, str) or not isinstance(choices, Sequence):
        raise UnusableRow("the question is no text, or its choices are no list")
    texts = [
        LABEL.sub("", str(choice), count=1) if LABEL.match(str(choice)) else choice for choice in choices
    ]
    listed = " ".join(f"({chr(ord('A') + place)}) {text}" for place, text in enumerate(texts))
    return f"{question.strip()}\nAnswer choices: {listed}"


def read_numglue(row: Fields) -> Fields:
    r"""Read NumGLUE (Mishra et al., arXiv 2204.05660): eight tasks, recognised by the columns of a row.

    >>> read_numglue({"question": "A car has ____ wheels.", "answer": 4})["answer"]
    4
    >>> row = {"question": "Which is heavier?", "Option1": "a cup", "Option2": "a car", "answer": "Option 2"}
    >>> read_numglue(row)["answer"], read_numglue(row)["problem"].partition("\n")[2]
    ('B', 'Answer choices: (A) a cup (B) a car')
    >>> row = {"passage": "Bo won 3 games, then 2.", "question": "How many did he win?",
    ...        "answer": {"number": "5", "spans": [], "date": {"day": "", "month": "", "year": ""}}}
    >>> read_numglue(row)
    {'problem': 'Bo won 3 games, then 2.\nHow many did he win?', 'answer': '5'}
    >>> row = {"statement1": "Ann has 3 cats.", "statement2": "Ann has 2 cats.", "answer": "contradiction",
    ...        "options": "Entailment or contradiction or neutral?"}
    >>> print(read_numglue(row)["problem"])
    Statement 1: Ann has 3 cats.
    Statement 2: Ann has 2 cats.
    Entailment or contradiction or neutral?
    """
    if row.get("statement1"):
        parts = [f"Statement 1: {row['statement1']}", f"Statement 2: {row['statement2']}", row["options"]]
        return {"problem": "\n".join(str(part).strip() for part in parts), "answer": row["answer"]}
    question, option = row["question"], row.get("Option1") or row.get("option1")
    if option:
        choices = [option, first_of(row, "Option2", "option2")]
        letter = "B" if str(row["answer"]).strip().endswith("2") else "A"
        return {"problem": with_choices(question, choices), "answer": letter}
    passage = row.get("passage")
    return {"problem": f"{passage}\n{question}" if passage else question, "answer": _single(row["answer"])}


def _single(answer: Any) -> Any:
    """Return an answer of a passage, which may come as a number, a list of spans or a date."""
    if not isinstance(answer, Mapping):
        return answer
    spans, date = list(answer.get("spans") or ()), answer.get("date") or {}
    written = " ".join(str(date[part]) for part in ("day", "month", "year") if date.get(part))
    found = [answer["number"]] if answer.get("number") not in (None, "") else spans or [written]
    if len(found) != 1:
        raise UnusableRow("the answer is several spans")
    return found[0]


SPLITS = (("train", "train"), ("validation", "validation"), ("test", "test"))

AQUA = ProblemSet(
    read_aqua, SPLITS, "Apache-2.0", "deepmind/aqua_rat", config="raw", answer_kinds=("choice",)
)
NUMGLUE = ProblemSet(
    read_numglue, SPLITS, "Apache-2.0", "tasksource/num-glue", config="all",
    answer_kinds=("number", "choice", "text"),
)  # fmt: skip

"""Problem sets that descend from others: a row names its original, so that families keep one split."""

import json

from thoughtmill.factory.answers import ANY
from thoughtmill.factory.problems.competitions import boxed
from thoughtmill.factory.problems.sources import Fields, ProblemSet, SourceCompletion, UnusableRow

SAID = "The answer is:"


def read_metamath(row: Fields) -> Fields:
    """Read MetaMathQA (Yu et al., arXiv 2309.12284): problems rewritten by a model from GSM8K and MATH.

    Its only gold answer is that of the response.

    >>> row = {"query": "What is 2 times 4?", "response": "2 * 4 = 8.\\n#### 8\\nThe answer is: 8",
    ...        "type": "GSM_Rephrased", "original_question": "2 cats eat 4 fish each. How many fish is that?"}
    >>> read_metamath(row)["answer"], read_metamath(row)["parent"][:6]
    ('8', '2 cats')
    """
    response = str(row["response"])
    if SAID not in response:
        raise UnusableRow(f"the response does not say `{SAID}`")
    return {
        "problem": row["query"],
        "answer": response.rpartition(SAID)[2].strip(),
        "solution": response,
        "parent": row["original_question"],
        "completions": [SourceCompletion("cot", response, model="gpt-3.5-turbo")],
    }


def read_lorid(row: Fields) -> Fields:
    """Read LoRID's data (arXiv 2508.13037): MetaMathQA's problems, with the rules of each seed problem.

    `id` is that of the seed problem, unique within its `type`. Where rows have none, those with the same
    rules are of one seed problem, for which the rules were written.

    >>> row = {"id": 17, "question": "What is 2 times 4?", "rationale": "It is 2 * 4 = 8.", "answer": "8",
    ...        "knowledge": ["Multiply."]}
    >>> read_lorid(row)["parent"], [each.completion for each in read_lorid(row)["completions"]]
    ('lorid  17', ['It is 2 * 4 = 8.\\n#### 8', '["Multiply."]'])
    """
    rationale = str(row["rationale"])
    answer = row.get("answer") or _said(rationale) or boxed(rationale)
    closed = rationale if SAID in rationale or "####" in rationale else f"{rationale}\n#### {answer}"
    said = row["knowledge"]
    rules = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return {
        "problem": row["question"],
        "answer": answer,
        "solution": rationale,
        "subject": row.get("type"),
        "level": row.get("level"),
        "parent": f"lorid {row.get('type', '')} {row.get('id', rules)}",
        "completions": [
            SourceCompletion("cot", closed, model="gpt-3.5-turbo"),
            SourceCompletion("knowledge", rules, model="gpt-4o"),
        ],
    }


def _said(rationale: str) -> str:
    """Return the answer that a chain of MetaMathQA closes with, or nothing."""
    return rationale.rpartition(SAID)[2].strip() if SAID in rationale else ""


TRAIN = (("train", "train"),)

METAMATH = ProblemSet(read_metamath, TRAIN, "MIT", "meta-math/MetaMathQA", answer_kinds=ANY)
LORID = ProblemSet(read_lorid, TRAIN, "Apache-2.0", "LoRID-Math/GSM8K", answer_kinds=ANY)
"""The licence is that of the files beside its code; on the Hub, `LoRID-Math/MATH` is its other half."""

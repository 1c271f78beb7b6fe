"""Problem sets that descend from others: a row names its original, so that families keep one split."""

from thoughtmill.factory.answers import ANY
from thoughtmill.factory.problems.competitions import boxed
from thoughtmill.factory.problems.sources import Fields, ProblemSet, UnusableRow

SAID = "The answer is:"


def read_metamath(row: Fields) -> Fields:
    """Read MetaMathQA (Yu et al., arXiv 2309.12284): problems rewritten by a model from GSM8K and MATH.

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
    }


def read_lorid(row: Fields) -> Fields:
    """Read LoRID's data (arXiv 2508.13037): MetaMathQA's problems, with the id of the seed problem of each.

    >>> row = {"id": 17, "question": "What is 2 times 4?", "rationale": "2 * 4 = 8 --> 8 END", "answer": "8"}
    >>> read_lorid(row)["parent"]
    'lorid  17'
    """
    return {
        "problem": row["question"],
        "answer": row.get("answer") or boxed(row["rationale"]),
        "solution": row["rationale"],
        "parent": f"lorid {row.get('type', '')} {row['id']}",
    }


METAMATH = ProblemSet(read_metamath, (("train", "train"),), "MIT", "meta-math/MetaMathQA", answer_kinds=ANY)
LORID = ProblemSet(read_lorid, (("train", "train"),), "Apache-2.0", "LoRID-Math/GSM8K", answer_kinds=ANY)

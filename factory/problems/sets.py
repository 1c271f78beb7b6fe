"""Published problem sets: where the Hub has each, and how to read one of its rows."""

from thoughtmill.factory.problems.sources import Fields, ProblemSet, UnusableRow

TRAIN_AND_TEST = (("train", "train"), ("test", "test"))


def read_gsm8k(row: Fields) -> Fields:
    """Read GSM8K (Cobbe et al., arXiv 2110.14168): the gold answer follows `####` in the solution.

    >>> read_gsm8k({"question": "How many?", "answer": "1000 + 250 = 1250\\n#### 1,250"})["answer"]
    '1,250'
    """
    return {
        "problem": row["question"],
        "answer": str(row["answer"]).rpartition("####")[2].strip(),
        "solution": row["answer"],
    }


def read_svamp(row: Fields) -> Fields:
    """Read SVAMP (Patel et al., arXiv 2103.07191): story, then question; the equation is the solution.

    >>> row = {"ID": "chal-9", "Body": "If 3 cats eat 2 fish each", "Question": "How many fish is that?",
    ...        "Equation": "( 3.0 * 2.0 )", "Answer": 6.0}
    >>> read_svamp(row)["problem"]
    'If 3 cats eat 2 fish each, how many fish is that?'
    """
    body, question = str(row["Body"]).strip(), str(row["Question"]).strip()
    if body.endswith((".", "?", "!", ",")):
        problem = f"{body} {question}"
    elif body.rpartition(". ")[2].startswith("If "):
        problem = f"{body}, {question[:1].lower()}{question[1:]}"
    else:
        problem = f"{body}. {question}"
    mark = "".join(str(row["Equation"]).split())
    solution = f"<<{mark}={row['Answer']}>>\n#### {row['Answer']}"
    return {"problem": problem, "answer": row["Answer"], "solution": solution, "id": row["ID"]}


def read_plain(row: Fields) -> Fields:
    """Read MultiArith and ASDiv: the plain copies have `input` and `target`, the Hub's have their own names.

    >>> read_plain({"body": "Ann has 2 cats.", "question": "How many cats?", "answer": "2 (cats)"})["answer"]
    '2'
    """
    if "input" in row:
        return {"problem": row["input"], "answer": row["target"]}
    if "final_ans" in row:
        return {"problem": row["question"], "answer": row["final_ans"]}
    return {
        "problem": f"{row['body']} {row['question']}",
        "answer": str(row["answer"]).partition("(")[0].strip(),
    }


def read_gsm_plus(row: Fields) -> Fields:
    """Read GSM-Plus (Li et al., arXiv 2402.19255): GSM8K, changed in eight ways.

    In one of them the question lacks a number on purpose, so that it has no answer: such a row is unusable.

    >>> row = {"question": "2 cats eat 4 fish each. How many fish is that?", "solution": "2 * 4 = 8 fish.",
    ...        "answer": "8", "perturbation_type": "numerical substitution"}
    >>> read_gsm_plus(row)["solution"]
    '2 * 4 = 8 fish.\\n#### 8'
    """
    answer, solution = row["answer"], row.get("solution")
    if answer is None or str(answer).strip() == "None":
        raise UnusableRow(f"the question has no answer ({row.get('perturbation_type', 'by intention')})")
    if isinstance(solution, str) and "####" not in solution:
        solution = f"{solution}\n#### {answer}"
    return {"problem": row["question"], "answer": answer, "solution": solution}


def read_gsm_symbolic(row: Fields) -> Fields:
    """Read GSM-Symbolic (Mirzadeh et al., arXiv 2410.05229): templates of GSM8K, each with many instances.

    >>> row = {"id": 3, "instance": 12, "question": "What is 2 times 4?", "answer": "2 * 4 = 8\\n#### 8"}
    >>> read_gsm_symbolic(row)["id"], read_gsm_symbolic(row)["answer"]
    ('3-12', '8')
    """
    return {**read_gsm8k(row), "id": f"{row['id']}-{row['instance']}"}


GSM8K = ProblemSet(read_gsm8k, TRAIN_AND_TEST, "MIT", "openai/gsm8k", config="main")
SVAMP = ProblemSet(read_svamp, TRAIN_AND_TEST, "MIT", "ChilleD/SVAMP")
ASDIV = ProblemSet(
    read_plain, (("test", "validation"),), "CC-BY-NC-4.0", "EleutherAI/asdiv", revision="refs/convert/parquet"
)
MULTIARITH = ProblemSet(read_plain, TRAIN_AND_TEST, "unstated", "ChilleD/MultiArith")
GSM_PLUS = ProblemSet(read_gsm_plus, (("test", "test"),), "CC-BY-SA-4.0", "qintongli/GSM-Plus")
GSM_SYMBOLIC = ProblemSet(
    read_gsm_symbolic, (("test", "test"),), "CC-BY-NC-ND-4.0", "apple/GSM-Symbolic", config="main"
)

"""Published problem sets: where the Hub has each, and how to read one of its rows."""

from thoughtmill.factory.problems.sources import Fields, ProblemSet

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


GSM8K = ProblemSet(read_gsm8k, TRAIN_AND_TEST, "MIT", "openai/gsm8k", config="main")
SVAMP = ProblemSet(read_svamp, TRAIN_AND_TEST, "MIT", "ChilleD/SVAMP")
ASDIV = ProblemSet(
    read_plain, (("test", "validation"),), "CC-BY-NC-4.0", "EleutherAI/asdiv", revision="refs/convert/parquet"
)
MULTIARITH = ProblemSet(read_plain, TRAIN_AND_TEST, "unstated", "ChilleD/MultiArith")

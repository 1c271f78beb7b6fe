"""Sets of instructions that others made: a problem with what a model wrote about it, for `replay` to verify.

Several rows of a problem are its samples. A set without a gold answer has that of its completion: there, only
other samples and wrong calculations can show a fault.
"""

from collections.abc import Mapping
from typing import Any

from thoughtmill.factory.answers import ANY
from thoughtmill.factory.problems.competitions import boxed
from thoughtmill.factory.problems.sources import Fields, ProblemSet, SourceCompletion, UnusableRow, first_of

BOX_PLEASE = "Return your final response within \\boxed{}."
"""How OpenThoughts opens each problem of mathematics."""


def read_openmath(row: Fields) -> Fields:
    r"""Read OpenMathInstruct-1 and -2 (Toshniwal et al., arXiv 2402.10176, 2410.01560).

    >>> row = {"problem": "What is 2 + 2?", "generated_solution": r"It is \boxed{4}.", "expected_answer": "4",
    ...        "problem_source": "augmented_math"}
    >>> read_openmath(row)["answer"], read_openmath(row)["completions"][0].model
    ('4', 'Llama-3.1-405B-Instruct')
    """
    of_the_first = "question" in row
    model = "Mixtral-8x7B" if of_the_first else "Llama-3.1-405B-Instruct"
    return {
        "problem": row["question" if of_the_first else "problem"],
        "answer": row["expected_answer"],
        "subject": row.get("dataset") or row.get("problem_source"),
        "completions": _chains(model, row["generated_solution"]),
    }


def read_numina(row: Fields) -> Fields:
    r"""Read NuminaMath-CoT and NuminaMath-1.5 (Li et al., 2024): the answer is in the solution's box.

    A proof has nothing to compare, and is refused; so is an answer that was not found.

    >>> read_numina({"source": "olympiads", "problem": "Find $2+3$.", "solution": r"$\boxed{5}$"})["answer"]
    '5'
    """
    solution = row["solution"]
    return {
        "problem": row["problem"],
        "answer": _comparable(row.get("answer")) or boxed(solution),
        "solution": solution,
        "subject": row.get("problem_type") or row.get("source"),
        "completions": _chains(None, solution),
    }


def read_openr1(row: Fields) -> Fields:
    """Read OpenR1-Math-220k (Hugging Face, 2025): some generations of DeepSeek-R1 for each problem.

    >>> row = {"problem": "2 + 3?", "answer": "5", "solution": "5", "problem_type": "Algebra",
    ...        "generations": ["<think>Two and three.</think>It is 5.", "<think>Hm"]}
    >>> len(read_openr1(row)["completions"])
    4
    """
    generations = [text for text in row["generations"] or () if text]
    return {
        "problem": row["problem"],
        "answer": _comparable(row["answer"]),
        "solution": row.get("solution"),
        "subject": row.get("problem_type"),
        "completions": [each for text in generations for each in _thought_over("DeepSeek-R1", text, None)],
    }


def read_openthoughts(row: Fields) -> Fields:
    r"""Read OpenThoughts (Guha et al., arXiv 2506.04178): its problems of mathematics, with R1's thinking.

    The config `metadata` has the solution that the gold answer is in; conversations have none.

    >>> row = {"domain": "math", "problem": "2 + 3?", "ground_truth_solution": r"$\boxed{5}$",
    ...        "deepseek_reasoning": "Two and three.", "deepseek_solution": "It is 5."}
    >>> read_openthoughts(row)["answer"], read_openthoughts(row)["completions"][1].thought
    ('5', 'long_cot')
    """
    if "conversations" in row:
        problem, answer = (_value(turn) for turn in row["conversations"][:2])
        gold, reasoning = None, None
    else:
        if row["domain"] not in (None, "math"):
            raise UnusableRow(f"its domain is `{row['domain']}`, not math")
        problem, answer, reasoning = row["problem"], row["deepseek_solution"], row["deepseek_reasoning"]
        gold = boxed(row["ground_truth_solution"])
    return {
        "problem": str(problem).removeprefix(BOX_PLEASE).strip(),
        "answer": gold,
        "completions": _thought_over("DeepSeek-R1", answer, reasoning),
    }


def read_dart(row: Fields) -> Fields:
    r"""Read DART-Math (Tong et al., arXiv 2407.13690), or the pools that it is drawn from.

    >>> read_dart({"query": "What is 2 + 3?", "response": r"It is $\boxed{5}$."})["answer"]
    '5'
    """
    response = first_of(row, "response", "resp")
    return {
        "problem": row["query"],
        "answer": row.get("gt_ans") or boxed(response),
        "completions": _chains(row.get("resp_src_agent") or "DeepSeekMath-7B-RL", response),
    }


def _comparable(answer: Any) -> Any:
    """Return an answer; an `UnusableRow` where it is one of NuminaMath's words for none."""
    if answer in ("proof", "notfound"):
        raise UnusableRow(f"the answer is `{answer}`: there is nothing to compare")
    return answer


def _chains(model: str | None, *texts: Any) -> list[SourceCompletion]:
    return [SourceCompletion("cot", text, model=model) for text in texts if isinstance(text, str)]


def _thought_over(model: str, text: Any, reasoning: Any) -> list[SourceCompletion]:
    """Return a completion with its thinking as both thoughts that can read it; the corpus lists its own."""
    return [SourceCompletion(thought, text, reasoning, model) for thought in ("cot", "long_cot")]


def _value(turn: Mapping[str, Any]) -> Any:
    return first_of(turn, "value", "content")


TRAIN = (("train", "train"),)

OPENMATH = ProblemSet(read_openmath, TRAIN, "CC-BY-4.0", "nvidia/OpenMathInstruct-2", answer_kinds=ANY)
NUMINA = ProblemSet(
    read_numina, (*TRAIN, ("test", "test")), "Apache-2.0", "AI-MO/NuminaMath-CoT", answer_kinds=ANY
)
OPENR1 = ProblemSet(read_openr1, TRAIN, "Apache-2.0", "open-r1/OpenR1-Math-220k", answer_kinds=ANY)
OPENTHOUGHTS = ProblemSet(
    read_openthoughts, TRAIN, "Apache-2.0", "open-thoughts/OpenThoughts-114k", "metadata", answer_kinds=ANY
)
DART = ProblemSet(read_dart, TRAIN, "MIT", "hkust-nlp/dart-math-hard", answer_kinds=ANY)

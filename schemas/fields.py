"""What columns are made of: Arrow types, so that pandera, Parquet and DuckDB agree, and the enums."""

from typing import Annotated, TypeAlias

import pandas as pd
import pyarrow as pa

Text: TypeAlias = Annotated[pd.ArrowDtype, pa.string()]
Whole: TypeAlias = Annotated[pd.ArrowDtype, pa.int64()]
Real: TypeAlias = Annotated[pd.ArrowDtype, pa.float64()]
Truth: TypeAlias = Annotated[pd.ArrowDtype, pa.bool_()]

SPLITS: dict[str, str] = {
    "train": "what students learn from",
    "validation": "held out of training, for choosing between settings",
    "validation_compositions": "embedded: the same, with steps put together as train never puts them",
    "test": "a set's own test split",
    "test_numbers": "embedded: known templates and compositions, new numbers",
    "test_compositions": "embedded: known steps, put together as neither train nor validation puts them",
    "test_templates": "embedded: whole templates that train never shows",
}

FAILURES: dict[str, str] = {
    "uncompilable": "the embedded teacher found no way to write this thought",
    "unanswered": "the teacher gave no completion for this request",
    "refused_by_endpoint": "the endpoint refused this request, but not others",
    "too_long": "the prompt, or prompt and completion together, do not fit the model",
    "moderated": "a filter of the endpoint refused the request",
    "refused": "the teacher declined, or a content filter stopped it",
    "empty": "the completion has no text",
    "truncated": "the completion was cut off by a limit of length or time, or because it repeated itself",
    "unparsable": "no rationale of this thought can be read from the completion",
    "not_general": "the rules name numbers of their own problem",
    "no_answer": "the rationale gives no answer",
    "not_a_number": "the result of the rationale is not a finite number",
    "raised": "the program raised an exception",
    "timeout": "the time limit was reached",
    "memory": "the memory limit was reached",
    "output": "the output limit was reached",
    "forbidden": "the program tried something that the fence refuses",
    "killed": "the worker that ran it died",
    "underdetermined": "the equations leave the answer open",
    "inconsistent": "the equations contradict each other",
    "ambiguous": "the equations have several solutions that nothing tells apart",
    "nonreal": "the equations have no real solution",
}

DROP_REASONS: dict[str, str] = {
    "failed": "it has a failure",
    "incorrect": "its answer is not the gold answer",
    "unverified": "whether its answer is right is unknown: no gold answer and no agreement, or time ran out",
    "impure": "the program reaches beyond computing: a file, the system, the clock",
    "leaks_answer": "the rules state the gold answer",
    "names": "the rules name people, places or things of their problem",
    "right_by_chance": "its answer is the gold answer, but comes from a wrong step",
    "unsupported": "it has no answer to compare, and no other thought of its problem is verified",
    "duplicate_problem": "an earlier problem has the same text",
    "contaminated": "its problem overlaps a held-out problem",
    "duplicate_rationale": "an earlier sample of this problem and thought has the same rationale",
    "same_calculations": "an earlier right chain of this problem has the same calculations",
    "held_out": "good, but its split is not train",
}

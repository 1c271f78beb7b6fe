"""The table `contamination`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Real, Text


class Contamination(pa.DataFrameModel):
    """One row per problem of train that repeats a problem of a benchmark which is kept out."""

    problem_id: Text = pa.Field(unique=True, description="the problem; its records are not kept")
    benchmark: Text = pa.Field(description="the benchmark, by the name in `curate.benchmarks`")
    benchmark_problem: Text = pa.Field(description="the text of the benchmark's problem")
    how: Text = pa.Field(
        isin=["exact", "masked", "ngram", "near", "numbers"],
        description="the same words, with other numbers, most n-grams, near by MinHash, or the same numbers",
    )
    score: Real = pa.Field(ge=0, le=1, description="how similar the two texts are, from 0 to 1")

    class Config:
        name = "contamination"
        strict = True
        ordered = True
        unique = ["problem_id"]  # noqa: RUF012  pandera reads a plain class attribute

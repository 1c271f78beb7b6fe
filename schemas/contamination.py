"""The table `contamination`."""

from thoughtmill.schemas.fields import Model, Real, Text


class Contamination(Model, name="contamination", key=("problem_id",)):
    """One row per problem of train that repeats a problem of a benchmark which is kept out."""

    problem_id = Text(description="the problem; its records are not kept")
    benchmark = Text(description="the benchmark, by the name in `curate.benchmarks`")
    benchmark_problem = Text(description="the text of the benchmark's problem")
    how = Text(
        isin=["exact", "masked", "ngram", "near", "numbers"],
        description="the same words, with other numbers, most n-grams, near by MinHash, or the same numbers",
    )
    score = Real(ge=0, le=1, description="how similar the two texts are, from 0 to 1")

"""Ask a release in SQL: what each thought yielded, why records were dropped, and what a student would read.

python examples/query_release.py [FOLDER]      a release; default: data/release
"""

import sys
from pathlib import Path

import duckdb

QUESTIONS = {
    "What did each thought yield?": """
        select thought, count(*) as records, count(*) filter (correct) as correct,
            count(*) filter (kept) as kept
        from records group by thought order by thought
    """,
    "Why is a record not kept?": """
        select drop_reason, failure, count(*) as records
        from records where not kept group by all order by records desc, drop_reason, failure
    """,
    "What does a student of programs read first?": """
        select problem, rationale from records join problems using (problem_id)
        where kept and thought = 'pot' order by record_id limit 1
    """,
}


def main(folder: Path) -> None:
    """Print the answer to each question."""
    con = duckdb.connect()
    for name in ("problems", "records"):
        con.from_parquet(str(folder / "tables" / f"{name}.parquet")).create_view(name)
    for question, query in QUESTIONS.items():
        print(question)
        print(con.sql(query))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "data/release"))

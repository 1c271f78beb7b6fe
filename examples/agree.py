"""Find problems whose thoughts disagree, and gold answers that no thought confirms.

python examples/agree.py [FOLDER]      a release; default: data/release
"""

import sys
from pathlib import Path

import duckdb

ANSWERS = """
    select problem_id, problem, answer as gold,
        list(distinct predicted_answer order by predicted_answer) as answers,
        list({'thought': thought, 'says': predicted_answer} order by thought) as said
    from records join problems using (problem_id)
    where predicted_answer is not null
    group by all
    having count(distinct thought) > 1
"""


def main(folder: Path) -> None:
    """Print how many problems are in dispute, and the doubtful gold answers."""
    con = duckdb.connect()
    for name in ("problems", "records"):
        con.from_parquet(str(folder / "tables" / f"{name}.parquet")).create_view(name)
    con.execute(f"create view disputed as {ANSWERS}")
    (problems,) = con.execute("select count(*) from disputed where len(answers) > 1").fetchone() or (0,)
    print(f"{problems} problems have thoughts that disagree with each other")
    doubtful = (
        "select problem_id, gold, answers[1] from disputed where len(answers) = 1 and answers[1] <> gold"
    )
    for problem_id, gold, answer in con.execute(f"{doubtful} order by all").fetchall():
        print(f"{problem_id}: all thoughts say {answer}, the gold answer is {gold}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "data/release"))

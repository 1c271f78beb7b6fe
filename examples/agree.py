"""Find problems whose thoughts disagree, and gold answers in doubt, with the reason.

python examples/agree.py [FOLDER]      a corpus or a release; default: data/release
"""

import sys

import thoughtmill

DISAGREEING = "select count(*) from agreement where agreeing < answers"
DOUBTFUL = "select problem_id, answer, detail from doubtful_golds order by problem_id"


def main(source: str) -> None:
    """Print how many problems are in dispute, and the doubtful gold answers."""
    con = thoughtmill.open_corpus(source)
    (problems,) = con.execute(DISAGREEING).fetchone() or (0,)
    print(f"{problems} problems have thoughts that disagree with each other")
    for problem_id, gold, why in con.execute(DOUBTFUL).fetchall():
        print(f"{problem_id}: the gold answer is {gold}, but {why}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "data/release")

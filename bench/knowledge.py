"""Whether knowledge helps DR, by the knowledge that it learnt with.

    python -m thoughtmill.train.own_knowledge    # after `make students`: KG writes about training problems
    python -m bench.knowledge                    # 200 problems of each split; or a number, then variants

The variant `gold` is the trained `dr`. The others train it as `params.yaml` says but with another
`finetune.knowledge`. Each answers at temperature 0 with the rules of the trained `kg`, those of another
problem, and none.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

from bench.roles import PROBLEMS, answered
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.files import root
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.roles.knowledge import own_knowledge
from thoughtmill.train.students.settings import section, trained
from thoughtmill.train.training.settings import FinetuneSettings

VARIANTS: dict[str, dict[str, float]] = {
    "gold": {},
    "shuffled": {"shuffled": 1},
    "mixed": {"gold": 0.4, "partial": 0.3, "other": 0.15, "none": 0.15},
    "own": {"own": 0.4, "gold": 0.2, "other": 0.2, "none": 0.2},
}
WRITTEN = """
select count(*), avg((own.text = gold.rationale)::int)
from read_parquet($path) own join records gold using (problem_id)
where own.role = 'kg' and own.sample = 0 and gold.thought = 'knowledge' and gold.sample = 0 and gold.kept
"""
"""How many lists KG wrote about training problems, and what share is exactly the corpus's."""
ASKED = ("dr", "dr_bare", "dr_other")
SPLITS = ("validation", "validation_compositions", "test_numbers", "test_compositions")


def main(limit: str = str(PROBLEMS), *names: str) -> None:
    """Train each variant, and print a row of per cent right for each split."""
    settings = section("finetune", FinetuneSettings).of("dr")
    corpus = open_corpus(settings.corpus, settings.corpus_revision)
    rows = []
    if "own" in (names or VARIANTS):
        found = corpus.con.execute(WRITTEN, {"path": str(own_knowledge(settings.base.name))}).fetchall()
        print("{:,} lists of KG itself, {:.1%} of them exactly the corpus's".format(*found[0]), flush=True)
    for name in names or VARIANTS:
        chosen = settings.model_copy(update={"knowledge": VARIANTS[name]})
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            shutil.copytree(root() / trained() / "kg", folder / "kg")
            if VARIANTS[name]:
                finetune(TrainingJob("dr", corpus, chosen, folder / "dr", folder / "state"))
            else:
                shutil.copytree(root() / trained() / "dr", folder / "dr")
            shown, exact = answered(folder, ("kg", "dr"), ASKED, corpus, limit=int(limit), splits=SPLITS)
        right = {(row["policy"], row["test_set"]): row["accuracy"] for row in shown["policies"]}
        gains = {row["test_set"]: row for row in shown["claims"] if row["against"] == "greedy/dr_bare"}
        for test_set, gain in gains.items():
            shares = [f"{100 * right[f'greedy/{role}', test_set]:.1f}" for role in ASKED]
            interval = " to ".join(f"{100 * gain[end]:+.1f}" for end in ("low", "high"))
            over = f"{100 * gain['gain']:+.1f} ({interval})"
            rows.append([name, test_set, f"{100 * exact['kg', test_set]:.0f}", *shares, over])
            print(*rows[-1], sep=", ", flush=True)
    heads = ["learnt with", "problems", "kg exact", "dr", "no rules", "another's rules", "dr over no rules"]
    print(tabulate(rows, heads, "pipe", disable_numparse=True))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Let KG write about the training problems, so that DR can learn with knowledge of KG's own.

`python -m thoughtmill.train.own_knowledge` asks the trained `kg` as `infer` says, in a first sampled round,
and writes rows of `predictions` to `data/own_knowledge/BASE.parquet`. `finetune.knowledge: {own: 0.3, ...}`
reads them.
"""

import os
from pathlib import Path

from thoughtmill.factory.core import params, stage, tables
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.files import root
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import Predictions
from thoughtmill.train.infer import infer, open_writer
from thoughtmill.train.policies.plans import Decision, Plan, SampleRequest, each
from thoughtmill.train.policies.problems import problems_of
from thoughtmill.train.roles.knowledge import own_knowledge
from thoughtmill.train.students.settings import section
from thoughtmill.train.writers.settings import InferSettings

GIVER = "kg"


def main() -> None:
    """Read training problems and the adapter of KG, and write what it says about them."""
    settings = section("infer", InferSettings)
    settings = settings.model_copy(update={"seeds": settings.seeds[:1]})
    verify = params.section("verify", VerifySettings)
    os.chdir(root())
    corpus = open_corpus(settings.corpus, settings.corpus_revision)
    problems = problems_of(corpus, ["train"], None)
    students = open_writer(settings, settings.base.adapters, [GIVER], corpus)
    with Solvers(verify.limits, verify.equations_timeout_s) as solvers:
        journals = Path(".dvc/tmp/thoughtmill")
        rows = infer(settings, problems, *students, solvers, journals, policies={GIVER: each(_asked)})
        tables.write(own_knowledge(settings.base.name), Predictions, rows)


def _asked(problem_id: str) -> Plan[Decision]:
    """Ask KG about a problem, and decide nothing."""
    yield [SampleRequest(problem_id, GIVER, 1)]
    return Decision((), False, 1)


if __name__ == "__main__":
    stage.run(main)

"""Ask students a problem: their texts, the solvers' answers, and the decision of a policy."""

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from thoughtmill.factory.answers import KINDS
from thoughtmill.factory.core.errors import NotInProject, ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.train.infer import asked, local, solved
from thoughtmill.train.policies import policy, roles_of
from thoughtmill.train.policies.answering import SampleJournal, answer
from thoughtmill.train.policies.plans import Decision, Sample, SampleKey
from thoughtmill.train.roles import ROLES, parts_of
from thoughtmill.train.students.origins import CONFIG, ORIGIN, origin_of
from thoughtmill.train.students.settings import section, trained
from thoughtmill.train.writers.loading import load_students
from thoughtmill.train.writers.settings import InferSettings

ASKED = "asked"
"""The id of the problem."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the role, the problem and the options."""
    parser.add_argument("role", help="the role that answers, without a policy at temperature 0")
    parser.add_argument("problem", help="the text of the problem")
    parser.add_argument("--policy", help="a policy that decides instead, such as lorid or majority@5/ir")
    parser.add_argument(
        "--adapters", type=Path, help="the folder of the adapters; default: data/adapters/BASE"
    )
    parser.add_argument("--style", help="how adapters of others are asked, such as lorid or etd")
    parser.add_argument(
        "--kind", default="number", choices=KINDS.names(), metavar="KIND",
        help=f"the kind of answer: {', '.join(KINDS.names())}; default: number",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="the seed of sampled texts")


def call(words: argparse.Namespace) -> str:
    """Ask the problem."""
    adapters = words.adapters and words.adapters.resolve()
    settings = InferSettings()
    try:
        settings = section("infer", InferSettings)
        adapters = adapters or trained()
        os.chdir(root())  # a base that is a folder is named from there
    except NotInProject:
        if adapters is None:
            raise
    if words.style is not None:
        settings = settings.model_copy(update={"style": words.style})
    name = words.policy or f"greedy/{words.role}"
    return ask(name, words.problem, adapters, settings, words.kind, words.seed)


def ask(
    name: str, problem: str, adapters: Path, settings: InferSettings, kind: str = "number", seed: int = 1
) -> str:
    """Return the samples that students write about a problem for a policy, and its decision."""
    chosen = policy(name, settings.policy)
    trained = adapters_of(adapters, roles_of(name, settings.policy))
    origin = origin_of(adapters / trained[0], settings.style)
    found = load_students(
        adapters,
        trained,
        origin.base,
        origin.base_revision,
        settings.precision,
        mixed_versions=True,
        style=settings.style,
    )
    texts, kinds = {ASKED: problem}, {ASKED: kind}
    with tempfile.TemporaryDirectory() as scratch, Solvers(Limits(), 5.0) as solvers:
        journal = SampleJournal(Path(scratch, "samples.jsonl"))
        outcome = answer(
            {name: chosen},
            [ASKED],
            journal,
            local(found, settings),
            partial(asked, problems=texts, settings=settings, seed=seed),
            partial(solved, problems=texts, kinds=kinds, solvers=solvers),
            "ask",
        )[name]
        journal.remove()
    return "\n".join([*_samples(journal.stored), _decision(name, outcome.decisions[ASKED])])


def adapters_of(folder: Path, asked_roles: tuple[str, ...]) -> list[str]:
    """Return the adapters in a folder that answer for some roles; a role without an adapter is an error."""
    files = [path for name in (ORIGIN, CONFIG) for path in folder.glob(f"*/{name}")]
    there = sorted({path.parent.name for path in files})
    trained = [role for role in there if role in ROLES]
    needed = {ROLES.named(role).variant_of or role for role in asked_roles}
    own = {role for role in needed if role in trained}
    others = needed - own
    found = [role for role in trained if role in own or others.intersection(parts_of(role))]
    if lacking := sorted(others - {part for role in found for part in parts_of(role)}):
        raise ThoughtmillError(
            f"{folder}: no adapter answers for {', '.join(lacking)}; there are: {', '.join(there) or 'none'}"
        )
    return found


def _samples(stored: Mapping[SampleKey, Sample]) -> Iterator[str]:
    """Yield every sample in the order of rounds: the role, the text, and the solvers' answer."""
    for (_, role, round_, _), sample in sorted(stored.items(), key=lambda item: (item[0][2], item[0][3])):
        yield f"{role}, round {round_}:" if round_ else f"{role}:"
        yield sample.text
        if sample.failure is not None:
            yield f"= no answer: {sample.failure}"
        elif sample.predicted_answer is not None:
            yield f"= {sample.predicted_answer.text}"
        yield ""


def _decision(name: str, made: Decision) -> str:
    """Return the decision of a policy in words, and whether it found the agreement that it looks for."""
    answers = ", ".join(str(one) for one in made.answers) or "no answer"
    rounds = f"{made.rounds} round" + ("s" if made.rounds != 1 else "")
    return f"{name}: {answers}, {'resolved' if made.resolved else 'not resolved'} after {rounds}"

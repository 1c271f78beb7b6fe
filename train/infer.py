"""Stage `infer`: students answer test problems until every policy has decided."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from thoughtmill.factory.answers import Answer, compared
from thoughtmill.factory.core import executors, params, sharding, stage, tables
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import Predictions
from thoughtmill.train.devices.usage import used
from thoughtmill.train.policies import policy
from thoughtmill.train.policies.answering import (
    GeneratedText,
    GenerationRequest,
    SampleJournal,
    Writer,
    answer,
)
from thoughtmill.train.policies.plans import Policy, Sample, SampleKey, SampleRequest
from thoughtmill.train.policies.problems import problems_of
from thoughtmill.train.roles import ROLES
from thoughtmill.train.roles.knowledge import read
from thoughtmill.train.roles.solving import solve
from thoughtmill.train.students.settings import section
from thoughtmill.train.writers.loading import LoadedStudents, adapter_map, load_students, seeds_of
from thoughtmill.train.writers.local import local_writer
from thoughtmill.train.writers.routed import RoutedWriter
from thoughtmill.train.writers.sampling import StudentWriter
from thoughtmill.train.writers.settings import InferSettings

NO_MATTER: dict[str, Any] = dict.fromkeys(("seeds", "rows", "policies", "preset", "shards"), True)
NO_MATTER["policy"] = {"least_gain", "verifier"}
"""The settings that change no sample."""

AGAIN = "thoughtmill ledger retry && dvc repro -f -s train/dvc.yaml:infer"


@dataclass
class InferRun:
    """What the current project answers: its problems, and the students of each training run."""

    settings: InferSettings
    verify: VerifySettings
    trained: list[str]
    corpus: Corpus
    problems: list[tables.Row]
    opened: tuple[int, tuple[Writer, str, str]] | None = None

    @classmethod
    def of_project(cls) -> "InferRun":
        """Read the settings and the problems of the project in the current folder."""
        settings = section("infer", InferSettings)
        corpus = open_corpus(settings.corpus, settings.corpus_revision)
        problems = problems_of(corpus, settings.splits, settings.limit)
        trained = [str(role) for role in params.load().get("roles") or ()]
        return cls(settings, params.section("verify", VerifySettings), trained, corpus, problems)

    @property
    def seeds(self) -> dict[int, int | None]:
        """The training runs whose students answer, as `seeds_of` names them."""
        if self.settings.backend == "openai":
            return {0: None}
        return seeds_of(self.settings.base.adapters, self.trained)

    def words(self, training_seed: int) -> str:
        """Return how progress names the students of a training run, if there are several runs."""
        return "infer" if len(self.seeds) == 1 else f"infer, students of seed {training_seed}"

    def rows(self, shard: Shard | None = None) -> Iterator[tables.Row]:
        """Yield the rows of `predictions`, or those of a shard."""
        journals = Path(".dvc/tmp/thoughtmill")
        with Solvers(self.verify.limits, self.verify.equations_timeout_s) as solvers:
            for seed, at in self.seeds.items():
                if self.opened is None or self.opened[0] != seed:
                    self.opened = None  # their memory goes before the next are loaded
                    self.opened = seed, self.students(at)
                how, students = self.settings, self.opened[1]
                words = self.words(seed)
                yield from infer(
                    how, self.problems, *students, solvers, journals, seed, shard=shard, words=words
                )

    def students(self, seed: int | None) -> tuple[Writer, str, str]:
        """Load the students of a training run, as `open_writer` does."""
        return open_writer(self.settings, self.settings.base.adapters, self.trained, self.corpus, seed)


def main(*, shard: str | None = None) -> None:
    """Read problems and adapters, write the file of the base in `data/predictions`.

    A shard, such as `2/3`, answers its share of the problems and writes its part for `thoughtmill merge`.
    """
    from thoughtmill.train import infer_shards  # imports this module

    os.chdir(root())
    run = InferRun.of_project()
    if shard is not None:
        infer_shards.write(run, sharding.shard(shard))
    elif executors.is_spread() and run.settings.backend != "openai":
        infer_shards.spread(run)
    else:
        tables.write(Path("data/predictions", f"{run.settings.base.name}.parquet"), Predictions, run.rows())


def open_writer(
    settings: InferSettings, folder: Path, trained: Sequence[str], corpus: Corpus, seed: int | None = None
) -> tuple[Writer, str, str]:
    """Return a writer, the data version of its students' corpus, and a digest of their weights.

    `seed` names the training run of the adapters; None is the first. For an endpoint, whose training data are
    unknown, it is the version of the corpus being answered.
    """
    if settings.backend == "openai":
        from thoughtmill.train.writers.endpoint import EndpointWriter  # aiohttp, which students do not need

        writer = EndpointWriter(settings.openai, max_new_tokens=settings.max_new_tokens, top_p=settings.top_p)
        return writer, corpus.data_version, ""
    if settings.backend == "vllm":
        from thoughtmill.train.writers.vllm import VllmWriter

        adapters = adapter_map(folder, trained, settings.mixed_versions, seed, settings.style)
        sampling = {"max_tokens": settings.max_new_tokens, "top_k": settings.top_k, "top_p": settings.top_p}
        engine = VllmWriter(settings.vllm, adapters, settings.base.model, settings.precision, **sampling)
        return engine, adapters.data_version, adapters.sha
    found = load_students(
        folder,
        trained,
        settings.base.model,
        settings.base.revision,
        settings.precision,
        settings.mixed_versions,
        seed,
        settings.style,
    )
    return local(found, settings), found.data_version, found.sha


def local(found: LoadedStudents, settings: InferSettings) -> Writer:
    """Return a writer over students in memory."""
    how = {name: getattr(settings, name) for name in ("rows", "max_new_tokens", "top_k", "top_p")}
    groups = [
        (one.adapter_of, local_writer(one.base, one.adapter_of, styles=one.styles, **how))
        for one in (found, *found.others)
    ]
    return groups[0][1] if len(groups) == 1 else RoutedWriter(groups)


def infer(
    settings: InferSettings,
    problems: Sequence[tables.Row],
    writer: Writer,
    version: str,
    sha: str,
    solvers: Solvers,
    journals: Path,
    training_seed: int = 0,
    policies: Mapping[str, Policy] | None = None,
    shard: Shard | None = None,
    words: str = "infer",
) -> Iterator[tables.Row]:
    """Yield a row of `predictions` for every sample that any policy asked for, seed after seed.

    A killed run goes on from its journal. Journal and run are named by a digest of everything that the
    samples depend on. Samples at temperature 0 are the same for every seed, and are written once. `policies`
    take the place of those that the settings name. A `shard` answers the problems that it holds. Lines of
    progress begin with `words`.
    """
    policies = policies or {name: policy(name, settings.policy) for name in settings.policies}
    texts = {row["problem_id"]: row["problem"] for row in problems}
    gold = {row["problem_id"]: Answer(row["answer"], row["answer_kind"]) for row in problems}
    kinds = {problem_id: answer.kind for problem_id, answer in gold.items()}
    mine = [name for name in sorted(texts) if shard is None or shard.holds(texts[name])]
    part = ("", "") if shard is None else (f"-{shard.name}", f", {shard.words}")
    chosen = settings.model_dump_json(exclude=NO_MATTER)
    wider = sorted(item for item in kinds.items() if item[1] != "number")
    shown = f"{chosen} {sha} {sorted(texts.items())}" + (f" {wider}" if wider else "")
    name = hashlib.sha256(shown.encode()).hexdigest()[:12]
    greedy: dict[SampleKey, Sample] = {}
    for seed in settings.seeds:
        journal = SampleJournal(journals / f"infer-{name}-{seed}{part[0]}.jsonl")
        journal.stored |= greedy
        answer(
            policies,
            mine,
            journal,
            writer,
            partial(asked, problems=texts, settings=settings, seed=seed),
            partial(solved, problems=texts, kinds=kinds, solvers=solvers),
            f"{words}, seed {seed}{part[1]}",
            rows=0 if settings.backend == "openai" else settings.rows,  # paid samples are not written ahead
            solver_thread=torch.cuda.is_available(),  # on a CPU both compete for the same cores
            **_speed(writer),
        )
        for key, sample in sorted(journal.stored.items()):
            named = {"run": f"{name}-{seed}", "base": settings.base.name, "training_seed": training_seed}
            yield named | {"data_version": version} | _row(key, sample, gold[key[0]])
        if lost := sum(sample.failure == "unanswered" for sample in journal.stored.values()):
            print(f"{words}, seed {seed}: {lost} unanswered; ask again with: {AGAIN}", file=sys.stderr)
        greedy = {key: sample for key, sample in journal.stored.items() if key[2] == 0}
        journal.remove()


def _speed(writer: Writer) -> dict[str, Callable[[float], str]]:
    """Return how `answer` is to say the speed of students in memory: with the share of the GPU's peak."""
    if not isinstance(writer, StudentWriter) or not torch.cuda.is_available():
        return {}
    return {"speed": partial(used, writer.base, device=writer.base.model.device, operations=2)}


def asked(
    wanted: SampleRequest,
    given: Sample | None,
    problems: Mapping[str, str],
    settings: InferSettings,
    seed: int,
) -> GenerationRequest:
    """Return the generation request for a sample, with its own temperature and random numbers."""
    role = ROLES.named(wanted.role).variant_of or wanted.role
    entry = ROLES.named(role)
    temperature = settings.temperature
    if entry.in_pair:
        temperature = settings.pair_temperatures[wanted.sample % len(settings.pair_temperatures)]
    text = None if given is None else hint(given) if entry.peer else knowledge(given)
    return GenerationRequest(
        wanted,
        role,
        problems[wanted.problem_id],
        text,
        temperature if wanted.round else 0.0,
        seed="/".join(map(str, (seed, *wanted.key))),
    )


def hint(given: Sample) -> str:
    """Return a peer's work as a hint, in the form used in training: its answer, then its steps."""
    return f"Answer: {given.predicted_answer}\n{given.text}"


def knowledge(given: Sample) -> str | None:
    """Return the rules that KG wrote as DR reads them, None where no rule is left."""
    return read(given.text, given.failure == "truncated")


def solved(
    written: GeneratedText, problems: Mapping[str, str], kinds: Mapping[str, str], solvers: Solvers
) -> Sample:
    """Solve a text; a truncated or missing text has no answer."""
    wanted, text, new_tokens, failure = written
    if failure is not None:
        return Sample(text, None, failure, new_tokens)
    problem_id = wanted.problem_id
    found = solve(wanted.role, text, problems[problem_id], kinds[problem_id], solvers)
    return Sample(text, *found, new_tokens)


def _row(key: SampleKey, sample: Sample, gold: Answer) -> tables.Row:
    problem_id, role, round_, number = key
    predicted = sample.predicted_answer
    return {
        "problem_id": problem_id,
        "role": role,
        "round": round_,
        "sample": number,
        "text": sample.text,
        "predicted_answer": predicted and predicted.text,
        "predicted_kind": predicted and predicted.kind,
        "failure": sample.failure,
        "correct": None if predicted is None else compared(predicted, gold).equal,
        "new_tokens": sample.new_tokens,
    }


if __name__ == "__main__":
    stage.run(main)

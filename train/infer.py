"""Stage `infer`: students answer test problems until every policy has decided."""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from thoughtmill.factory.answers import equal
from thoughtmill.factory.core import params, stage, tables
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import Predictions
from thoughtmill.train.answering import GeneratedText, GenerationRequest, SampleJournal, Writer, answer
from thoughtmill.train.policies import PolicySettings, policy
from thoughtmill.train.policies.plans import Sample, SampleKey, SampleRequest
from thoughtmill.train.stored import VARIANTS, solve
from thoughtmill.train.writers.endpoint import EndpointWriter, EndpointWriterSettings
from thoughtmill.train.writers.loading import LoadedStudents, adapter_map, load_students
from thoughtmill.train.writers.local import LocalWriter
from thoughtmill.train.writers.vllm import VllmSettings, VllmWriter

AGAIN = "thoughtmill ledger retry && dvc repro -f -s train/dvc.yaml:infer"


class InferSettings(Section):
    """The section `infer` of `params.yaml`."""

    backend: Literal["students", "vllm", "openai"] = "students"
    base: str = "train/embedded/base"
    revision: str | None = None
    precision: Literal["auto", "float32", "bfloat16", "4bit"] = "auto"
    corpus: str = "data"
    corpus_revision: str | None = None
    splits: tuple[str, ...] = ("test", "test_numbers", "test_compositions", "test_templates")
    limit: int | None = Field(
        None, gt=0, description="problems of each set and split, drawn once and for all"
    )
    seeds: tuple[int, ...] = Field((1,), min_length=1, description="one run each")
    policies: tuple[str, ...] = Field(("greedy/ir", "lorid"), min_length=1)
    policy: PolicySettings = PolicySettings()
    temperature: float = Field(1.5, gt=0, description="of sampled rounds; LoRID's")
    pair_temperatures: tuple[float, ...] = Field((0.3, 0.7, 1.0), min_length=1, description="pair after pair")
    top_k: int = Field(50, gt=0, description="LoRID's")
    top_p: float = Field(0.9, gt=0, le=1, description="LoRID's")
    max_new_tokens: int = Field(256, gt=0)
    rows: int = Field(128, gt=0, description="samples that are written at a time")
    mixed_versions: bool = Field(False, description="take adapters of different data versions")
    openai: EndpointWriterSettings = EndpointWriterSettings()
    vllm: VllmSettings = VllmSettings()


def main() -> None:
    """Read problems and adapters, write `data/predictions.parquet`."""
    settings = params.section("infer", InferSettings)
    verify = params.section("verify", VerifySettings)
    trained = [str(role) for role in params.load().get("roles") or ()]
    os.chdir(root())
    corpus = open_corpus(settings.corpus, settings.corpus_revision)
    problems = problems_of(corpus, settings.splits, settings.limit)
    writer, version, sha = open_writer(settings, Path("data/adapters"), trained, corpus)
    with Solvers(verify.limits, verify.equations_timeout_s) as solvers:
        rows = infer(settings, problems, writer, version, sha, solvers, Path(".dvc/tmp/thoughtmill"))
        tables.write(Path("data/predictions.parquet"), Predictions, rows)


def open_writer(
    settings: InferSettings, folder: Path, trained: Sequence[str], corpus: Corpus
) -> tuple[Writer, str, str]:
    """Return who writes, the data version they learnt from, and what stands for their weights.

    What an endpoint's models learnt from is unknown: theirs is the version of the corpus they answer.
    """
    if settings.backend == "openai":
        served = EndpointWriter(settings.openai, max_new_tokens=settings.max_new_tokens, top_p=settings.top_p)
        return served, corpus.data_version, ""
    if settings.backend == "vllm":
        cast = adapter_map(folder, trained, settings.mixed_versions)
        sampling = {"max_tokens": settings.max_new_tokens, "top_k": settings.top_k, "top_p": settings.top_p}
        writer = VllmWriter(settings.vllm, cast, settings.base, settings.precision, **sampling)
        return writer, cast.data_version, cast.sha
    found = load_students(
        folder, trained, settings.base, settings.revision, settings.precision, settings.mixed_versions
    )
    return students(found, settings), found.data_version, found.sha


def students(found: LoadedStudents, settings: InferSettings) -> LocalWriter:
    """Let students that are open write, as the settings say."""
    return LocalWriter(
        found.base,
        found.adapter_of,
        rows=settings.rows,
        max_new_tokens=settings.max_new_tokens,
        top_k=settings.top_k,
        top_p=settings.top_p,
    )


def problems_of(corpus: Corpus, splits: Sequence[str], limit: int | None) -> list[tables.Row]:
    """Return the problems of some splits by their ids; `limit` draws as many of each set and split."""
    found = corpus.con.execute(
        """
        select problem_id, problem, answer, source || ', ' || split as test_set from problems
        where list_contains($splits, split)
        qualify row_number() over (partition by source, split order by md5(problem_id)) <= $limit
        order by problem_id
        """,
        {"splits": list(splits), "limit": limit or 2**62},
    ).fetchall()
    if not found:
        raise ThoughtmillError(f"infer.splits: the corpus has no problem in {', '.join(splits)}")
    names = ("problem_id", "problem", "answer", "test_set")
    return [dict(zip(names, row, strict=True)) for row in found]


def infer(
    settings: InferSettings,
    problems: Sequence[tables.Row],
    writer: Writer,
    version: str,
    sha: str,
    solvers: Solvers,
    journals: Path,
) -> Iterator[tables.Row]:
    """Yield a row of `predictions` for every sample that any policy asked for, seed after seed.

    A killed run goes on from its journal, whose name stands for all that its samples depend on; so does the
    name of the run. What is written at temperature 0 is the same for every seed, and written once.
    """
    policies = {name: policy(name, settings.policy) for name in settings.policies}
    texts = {row["problem_id"]: row["problem"] for row in problems}
    gold = {row["problem_id"]: row["answer"] for row in problems}
    told = f"{settings.model_dump_json(exclude={'seeds', 'rows', 'policies'})} {sha} {sorted(texts.items())}"
    name = hashlib.sha256(told.encode()).hexdigest()[:12]
    greedy: dict[SampleKey, Sample] = {}
    for seed in dict.fromkeys(settings.seeds):
        journal = SampleJournal(journals / f"infer-{name}-{seed}.jsonl")
        journal.stored |= greedy
        answer(
            policies,
            sorted(texts),
            journal,
            writer,
            partial(asked, problems=texts, settings=settings, seed=seed),
            partial(solved, problems=texts, solvers=solvers),
            f"infer, seed {seed}",
            rows=0 if settings.backend == "openai" else settings.rows,  # who pays writes nothing ahead
        )
        for key, sample in sorted(journal.stored.items()):
            yield _row(f"{name}-{seed}", version, key, sample, gold[key[0]])
        if lost := sum(sample.failure == "unanswered" for sample in journal.stored.values()):
            print(f"infer, seed {seed}: {lost} unanswered; ask again with: {AGAIN}", file=sys.stderr)
        greedy = {key: sample for key, sample in journal.stored.items() if key[2] == 0}
        journal.remove()


def asked(
    request: SampleRequest,
    given: Sample | None,
    problems: Mapping[str, str],
    settings: InferSettings,
    seed: int,
) -> GenerationRequest:
    """Return what a request is asked, with the words it is given and random numbers of its own."""
    role = VARIANTS.get(request.role, request.role)
    in_pair = role.removesuffix("_hint") in ("gp", "eq")
    heats = settings.pair_temperatures
    heat = heats[request.sample % len(heats)] if in_pair else settings.temperature
    words = None if given is None else hint(given) if role.endswith("_hint") else given.text
    random = "/".join(map(str, (seed, *request.key)))
    return GenerationRequest(
        request, role, problems[request.problem_id], words, heat if request.round else 0.0, random
    )


def hint(given: Sample) -> str:
    """Return a peer's work as hints are in training: its answer, then its steps."""
    return f"Answer: {given.predicted_answer}\n{given.text}"


def solved(written: GeneratedText, problems: Mapping[str, str], solvers: Solvers) -> Sample:
    """Solve what was written; what was cut off, or never came, comes to nothing."""
    request, text, new_tokens, failure = written
    if failure is not None:
        return Sample(text, None, failure, new_tokens)
    return Sample(text, *solve(request.role, text, problems[request.problem_id], solvers), new_tokens)


def _row(run: str, version: str, key: tuple[str, str, int, int], sample: Sample, gold: str) -> tables.Row:
    problem_id, role, round_, number = key
    predicted = sample.predicted_answer
    return {
        "run": run,
        "data_version": version,
        "problem_id": problem_id,
        "role": role,
        "round": round_,
        "sample": number,
        "text": sample.text,
        "predicted_answer": predicted,
        "failure": sample.failure,
        "correct": None if predicted is None else equal(predicted, gold),
        "new_tokens": sample.new_tokens,
    }


if __name__ == "__main__":
    stage.run(main)

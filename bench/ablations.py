"""What a corpus teaches when part of it is missing: one command each, small enough for two cores.

Run `python -m bench.ablations NAME [CORPUS]` after `make repro`, with NAME one of

    verified     verified against unverified records, equally many of them
    paths        1, 2 and 4 paths per problem (needs a corpus with `generate.samples: 4`)
    thoughts     each thought alone, each pair, all three on one student
    duplicates   with and without the records that curate dropped as duplicates

Every variant trains as `finetune` in `params.yaml` says (its base and steps included; CORPUS stands for its
corpus) and then answers, greedily and otherwise as `infer` says, 100 problems of each set and test split.
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from bench.roles import greedy
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.train import roles
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.roles import ROLES, Role
from thoughtmill.train.students.settings import section
from thoughtmill.train.training.settings import FinetuneSettings

PROBLEMS = 100
THOUGHTS = ("cot", "pot", "eot")
TRAIN = "r.split = 'train' and r.failure is distinct from 'truncated'"

Variant = tuple[str, str, dict[str, object]]
"""The name of a variant, the role it trains, and its settings."""


def main(name: str, corpus: str | None = None) -> None:
    """Train every variant of one ablation and print what it answers right."""
    settings = section("finetune", FinetuneSettings)
    opened = open_corpus(corpus or settings.corpus, None if corpus else settings.corpus_revision)
    with tempfile.TemporaryDirectory() as scratch:
        for label, role, given in variants(name, opened):
            folder = Path(scratch, label)
            chosen = FinetuneSettings.model_validate(settings.model_dump() | given)
            finetune(TrainingJob(role, opened, chosen, folder / role, folder / "state"))
            like = {"base": chosen.base, "limit": PROBLEMS}
            for (part, split), share in greedy(folder, [role], roles.parts_of(role), opened, **like).items():
                print(f"{name}: {label:24} {split:28} {part} {share:.0%}", flush=True)


def variants(name: str, corpus: Corpus) -> Iterator[Variant]:
    """Yield the variants of an ablation."""
    if name == "verified":
        for thought in THOUGHTS:
            count = len(roles.examples(corpus, thought))
            yield f"{thought} verified", thought, {"where": "kept", "limit": count}
            yield f"{thought} unverified", thought, {"where": TRAIN, "limit": count}
    elif name == "paths":
        for paths in (1, 2, 4):
            yield f"{paths} paths", "etd", {"where": f"kept and sample < {paths}"}
    elif name == "thoughts":
        for size in (1, 2, 3):
            for parts in combinations(THOUGHTS, size):
                role = "+".join(parts)
                if role not in ROLES:  # a thought alone is a role as it stands
                    ROLES.loaded[role] = Role(parts=parts)
                yield role, role, {}
    elif name == "duplicates":
        yield "without duplicates", "etd", {"where": "kept"}
        yield "with duplicates", "etd", {"where": "kept or starts_with(drop_reason, 'duplicate')"}
    else:
        sys.exit(f"unknown ablation {name}; there are: verified, paths, thoughts, duplicates")


if __name__ == "__main__":
    main(*sys.argv[1:])

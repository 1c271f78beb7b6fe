"""What a corpus teaches when part of it is missing: one command each, small enough for two cores.

Run `python -m bench.ablations NAME [CORPUS] [BASE]` after `make repro`, with NAME one of

    verified     verified against unverified records, equally many of them
    paths        1, 2 and 4 paths per problem (needs a corpus with `generate.samples: 4`)
    thoughts     each thought alone, each pair, all three on one student
    duplicates   with and without the records that curate dropped as duplicates

Every variant trains as `params.yaml` says (its steps included) and then answers 100 problems of each embedded
test split greedily, or, in a corpus without the embedded set, 100 of `test`.
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import torch
from peft import PeftModel

from factory import params
from factory.solvers import answers
from factory.solvers.limits import Limits
from factory.solvers.solvers import Solvers
from factory.thoughts import named
from train import adapters, roles
from train.bases import Base, load_base
from train.finetune import finetune
from train.pinned import Corpus, open_corpus
from train.roles import ROLES, Role
from train.settings import FinetuneSettings

PROBLEMS, NEW_TOKENS, BATCH = 100, 256, 50
THOUGHTS = ("cot", "pot", "eot")
TRAIN = "r.split = 'train' and r.failure is distinct from 'truncated'"

Variant = tuple[str, str, dict[str, object]]
"""The name of a variant, the role it trains, and its settings."""


def main(name: str, corpus: str = "data", base: str = "train/base") -> None:
    """Train every variant of one ablation and print what it answers right."""
    opened = open_corpus(corpus)
    settings = params.section("finetune", FinetuneSettings).model_dump() | {"base": base, "corpus": corpus}
    with Solvers(Limits(), equations_timeout_s=5.0) as solvers, tempfile.TemporaryDirectory() as folder:
        for label, role, given in variants(name, opened):
            chosen = FinetuneSettings.model_validate(settings | given)
            finetune(role, opened, chosen, Path(folder, label), Path(folder, "state"))
            student_base = load_base(base)
            student = adapters.load(student_base, Path(folder, label), role).eval()
            for split in splits(opened):
                told = [f"{part} {right(student_base, student, part, rows, solvers):.0%}"
                        for part in roles.spoken(role) for rows in [problems(opened, split)]]  # fmt: skip
                print(f"{name}: {label:24} {split:18} {', '.join(told)}", flush=True)


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
                ROLES.setdefault(role, Role(parts=parts))  # a thought alone is a role as it stands
                yield role, role, {}
    elif name == "duplicates":
        yield "without duplicates", "etd", {"where": "kept"}
        yield "with duplicates", "etd", {"where": "kept or starts_with(drop_reason, 'duplicate')"}
    else:
        sys.exit(f"unknown ablation {name}; there are: verified, paths, thoughts, duplicates")


def splits(corpus: Corpus) -> list[str]:
    """Return the names of the test splits there are."""
    rows = corpus.con.execute(
        "select distinct split from problems where starts_with(split, 'test') order by 1"
    )
    return [str(row[0]) for row in rows.fetchall()]


def problems(corpus: Corpus, split: str) -> list[tuple[str, str]]:
    """Return problems of a split with their gold answers, drawn the same way every time."""
    sql = "select problem, answer from problems where split = ? order by md5(problem_id) limit ?"
    return [(str(row[0]), str(row[1])) for row in corpus.con.execute(sql, [split, PROBLEMS]).fetchall()]


def right(base: Base, student: PeftModel, role: str, rows: list[tuple[str, str]], solvers: Solvers) -> float:
    """Return the share of problems that a role of a student answers right, greedily."""
    thought = named(ROLES[role].thought)
    total = 0
    for at in range(0, len(rows), BATCH):
        some = rows[at : at + BATCH]
        for text, (problem, answer) in zip(greedy(base, student, role, some), some, strict=True):
            found = thought.solve(text, problem, solvers).answer
            total += found is not None and answers.equal(found, answer)
    return total / len(rows)


@torch.no_grad()
def greedy(base: Base, student: PeftModel, role: str, rows: list[tuple[str, str]]) -> list[str]:
    """Return the likeliest text for each problem, one batch, padded on the left."""
    asked = [roles.render(base.tokenizer, role, problem) for problem, _ in rows]
    width = max(map(len, asked))
    tokens_BT = torch.tensor([[base.pad] * (width - len(one)) + one for one in asked])
    mask_BT = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in asked])
    wrote_BT = student.generate(
        input_ids=tokens_BT,
        attention_mask=mask_BT,
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        pad_token_id=base.pad,
    )
    new_BT = wrote_BT if base.start is not None else wrote_BT[:, width:]
    return [str(one) for one in base.tokenizer.batch_decode(new_BT, skip_special_tokens=True)]


if __name__ == "__main__":
    main(*sys.argv[1:])

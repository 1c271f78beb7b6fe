"""Asking: a trained role, or a policy, answers a problem; an adapter can be asked by who has only peft."""

import argparse
import re
import subprocess
from pathlib import Path

import pytest

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import validated
from thoughtmill.train import ask as asking
from thoughtmill.train.ask import adapters_of, ask
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.train.students.origins import origin_of
from thoughtmill.train.writers.settings import InferSettings

PROBLEM = "3 bags of 4 nuts. How many nuts?"
HOW = validated({"policy": {"max_rounds": 2}, "max_new_tokens": 60}, InferSettings, "infer")


def adapters_on(base: Path, folder: Path, *roles: str, steps: int = 20) -> Path:
    corpus = open_corpus(str(tiny.write_corpus(folder / "corpus")))
    for role in roles:
        chosen = settings(base=str(base), steps=steps, learning_rate=0.015)
        finetune(TrainingJob(role, corpus, chosen, folder / "adapters" / role, folder / f"{role}.pt"))
    return folder / "adapters"


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("students")
    return adapters_on(tiny.write_causal(folder / "base"), folder, "ir", "kg", "dr", "etd")


def test_a_role_answers_with_its_steps_and_what_the_solvers_find(adapters: Path) -> None:
    told = ask("greedy/ir", PROBLEM, adapters, HOW).splitlines()
    assert told[0] == "ir:"
    assert told[1]
    assert re.match(r"= (\d+|no answer: \w+)$", told[-3])
    assert re.match(r"greedy/ir: (\d+, resolved|no answer, not resolved) after 1 round$", told[-1])


def test_a_policy_shows_its_rounds(adapters: Path) -> None:
    told = ask("lorid", PROBLEM, adapters, HOW)
    first = [line for line in told.splitlines() if ", round 1:" in line]
    assert sorted(first) == [f"{role}, round 1:" for role in ("dr", "ir", "kg")]
    assert first.index("kg, round 1:") < first.index("dr, round 1:")
    assert re.search(r"^lorid: .* after \d rounds?$", told.splitlines()[-1])
    assert ask("lorid", PROBLEM, adapters, HOW) == told


def test_an_adapter_of_several_roles_answers_for_its_parts(adapters: Path) -> None:
    assert adapters_of(adapters, ("pot", "cot")) == ["etd"]
    assert adapters_of(adapters, ("dr_bare", "ir")) == ["dr", "ir"]
    assert ask("greedy/pot", PROBLEM, adapters, HOW).startswith("pot:\n")


def test_a_role_without_an_adapter_is_named_with_those_there_are(adapters: Path) -> None:
    with pytest.raises(ThoughtmillError, match="no adapter answers for gp; there are: dr, etd, ir, kg"):
        ask("greedy/gp", PROBLEM, adapters, HOW)


def test_outside_of_a_project_the_folder_of_adapters_is_enough(
    adapters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = argparse.Namespace(
        role="ir", problem=PROBLEM, policy=None, adapters=adapters, kind="number", seed=1, style=None
    )
    assert asking.call(words).startswith("ir:\n")
    with pytest.raises(ThoughtmillError, match="not inside a Thoughtmill project"):
        asking.call(argparse.Namespace(**vars(words) | {"adapters": None}))


ALL = "import sys\nfor code in sys.argv[1:]: exec(code, {}); print('END')"
PLACE = "the folder or the repository of this"


def code_of(card: str) -> str:
    """Return the first Python code of a card."""
    return card.split("```python\n")[1].split("```", maxsplit=1)[0]


def assert_codes_ask_as_we_do(python: str, codes: list[tuple[str, Path]]) -> None:
    """Run the codes of cards, in one process; each prints what its student `ir` writes."""
    each = [code.replace("3 bags hold 4 nuts each. How many nuts are there?", PROBLEM) for code, _ in codes]
    words = [python, "-c", ALL, *each]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    for said, (_, adapters) in zip(done.stdout.split("END\n"), codes, strict=False):
        longest = origin_of(adapters / "ir").asking["max_new_tokens"]
        told = ask("greedy/ir", PROBLEM, adapters, HOW.model_copy(update={"max_new_tokens": longest}))
        written = told.removeprefix("ir:\n").rpartition("\n\n")[0]
        assert said.removesuffix("\n") in (written, written.rpartition("\n= ")[0])
    assert done.stdout.count("END\n") == len(codes)


def test_who_has_only_peft_asks_an_adapter_as_its_card_says(tmp_path: Path, python: str) -> None:
    codes = []
    for kind in ("plain", "chat", "t5"):
        write = tiny.write_t5 if kind == "t5" else tiny.write_causal
        base = write(tmp_path / kind / "base", **({"chat": True} if kind == "chat" else {}))
        adapters = adapters_on(base, tmp_path / kind, "ir", steps=10)
        card = (adapters / "ir" / "README.md").read_text()
        assert "- `ir` is read as `cot`: `'{problem}\\nSolve the problem step by step.'`" in card
        assert "A text ends with `<end>`." in card
        code = code_of(card)
        assert "thoughtmill" not in code
        codes.append((code.replace(f"{PLACE} adapter", str(adapters / "ir")), adapters))
    assert_codes_ask_as_we_do(python, codes)

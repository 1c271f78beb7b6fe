from itertools import islice
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from factory.stories import tell
from tests import tiny
from train.bases import load_base, packs
from train.student import (
    StudentSettings,
    bare_sums,
    build_model,
    build_tokenizer,
    cooled,
    fragments,
    optimizers,
    reading,
    train_base,
)

assert tiny  # one thread per test process

SMALL = StudentSettings.model_validate(
    {
        "width": 32,
        "layers": 1,
        "heads": 2,
        "hidden": 64,
        "vocabulary": 400,
        "steps": 100,
        "stories": 2,
        "sums": 4,
        "fragments": 1,
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base of a few thousand weights, trained for seconds."""
    made = tmp_path_factory.mktemp("student") / "base"
    train_base(SMALL, made)
    return made


def test_what_the_base_reads_depends_on_the_seed_alone() -> None:
    first, again = (list(islice(reading(SMALL), 3)) for _ in range(2))
    other = list(islice(reading(SMALL.model_copy(update={"seed": 1})), 3))
    assert first == again != other


def test_every_problem_the_base_reads_is_a_training_problem() -> None:
    read = {text.split("\n")[0] for texts in reading(SMALL) for text in texts[: SMALL.stories]}
    assert read == {story.problem for story in tell("train", SMALL.steps * SMALL.stories, SMALL.seed)}


@pytest.mark.parametrize("split", ["test_numbers", "test_compositions", "test_templates", "validation"])
def test_the_base_reads_no_held_out_problem(split: str) -> None:
    read = {one for texts in reading(SMALL) for text in texts for one in text.split("\n")}
    assert not read & {story.problem for story in tell(split, 200, 1)}


def test_a_problem_is_followed_by_its_sums_and_nothing_else_of_its_solution() -> None:
    for texts in islice(reading(SMALL), 20):
        for text in texts[: SMALL.stories]:
            _, *sums = text.split("\n")
            assert sums
            assert all(right(one) for one in sums)


def test_sums_by_themselves_are_right() -> None:
    for texts in islice(reading(SMALL), 5):
        for text in texts[SMALL.stories : SMALL.stories + SMALL.sums]:
            assert all(right(one) for one in text.split("\n"))


def right(text: str) -> bool:
    """Tell whether a line is a calculation of numbers with its result, and nothing else."""
    calculation, _, value = text.partition(" = ")
    return not any(letter.isalpha() for letter in text) and eval(calculation) == pytest.approx(float(value))


def test_torn_lines_stand_without_their_problem_and_out_of_order() -> None:
    orders = set()
    for texts in islice(reading(SMALL), 20):
        assert "?" not in texts[-1]
        assert "####" not in texts[-1]
        orders.add(tuple("=" in one for one in texts[-1].split("\n")))
    assert len(orders) > 5


def test_a_relation_and_a_rule_are_torn_from_their_headings() -> None:
    text = "Given: a = 4\nRule: Twice is two times.\nRelation: b + a = 9\nIt is <<b=9-a=5>>5 bags.\n#### 5"
    assert fragments(text) == ["a = 4", "Twice is two times.", "b + a = 9", "It is 5 bags.", "b = 9 - a"]
    assert bare_sums(text) == ["9 - 4 = 5"]


def test_every_digit_is_a_token_of_its_own() -> None:
    tokenizer = build_tokenizer(["12345 and 12345 apples = 12345"] * 50, 300)
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("apples = 12345")["input_ids"])
    assert pieces[-5:] == list("12345")


def test_any_text_survives_the_tokenizer() -> None:
    tokenizer = build_tokenizer(["plain words"], 300)
    text = "naïve café — 3½ × 7\n\tans = x_1 ** 2  # 好"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_muon_takes_the_matrices_of_the_layers_and_adamw_all_else() -> None:
    model = build_model(SMALL, 400, 0)
    muon, adam = optimizers(model, SMALL)
    taken = [
        weight for optimizer in (muon, adam) for group in optimizer.param_groups for weight in group["params"]
    ]
    assert len(taken) == len({id(weight) for weight in taken}) == len(list(model.parameters()))
    assert isinstance(muon, torch.optim.Muon)
    assert all(weight.ndim == 2 for group in muon.param_groups for weight in group["params"])
    assert any(weight is model.get_input_embeddings().weight for weight in adam.param_groups[0]["params"])


def test_the_rates_hold_and_then_fall_to_nothing() -> None:
    chosen = SMALL.model_copy(update={"steps": 100, "cooldown": 0.4})
    shares = [cooled(step, chosen) for step in range(100)]
    assert shares[:61] == [1.0] * 61
    assert shares[60:] == sorted(shares[60:], reverse=True)
    assert 0 < shares[-1] < 0.05


def test_a_trained_base_prefers_what_it_read_to_what_it_did_not(folder: Path) -> None:
    base = load_base(str(folder))
    read = ["10 - 4 = ", "20 + 5 = "]
    logits = [
        base.model(input_ids=torch.tensor([base.tokenizer(text)["input_ids"]])).logits[0, -1] for text in read
    ]
    digits = {base.tokenizer.convert_tokens_to_ids(digit) for digit in "0123456789"}
    assert all(int(each.argmax()) in digits for each in logits)


def test_the_base_stands_alone_in_the_formats_of_transformers(folder: Path) -> None:
    plain = AutoModelForCausalLM.from_pretrained(folder)
    base = load_base(str(folder))
    ids = torch.tensor([[5, 6, 7, 8]])
    assert torch.equal(plain(input_ids=ids).logits, base.model(input_ids=ids).logits)
    assert base.tokenizer.eos_token_id == plain.config.eos_token_id
    assert packs(base)


def test_the_base_is_trained_to_the_same_bytes_again(folder: Path, tmp_path: Path) -> None:
    train_base(SMALL, tmp_path / "again")
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests import tiny
from tests.test_texts import SMALL as READ
from thoughtmill.train.embedded.settings import Cycle
from thoughtmill.train.embedded.student import (
    build_model,
    build_tokenizer,
    cooled,
    encoded,
    optimizers,
    train_base,
    train_cycle,
)
from thoughtmill.train.embedded.texts import PretrainingText
from thoughtmill.train.students.bases import load_base, packs
from thoughtmill.train.training.batches import IGNORED

assert tiny  # one thread per test process

SMALL = READ.model_copy(
    update={
        "width": 32, "layers": 1, "heads": 2, "hidden": 64, "vocabulary": 400,
        "cycles": (Cycle(steps=25), Cycle(steps=15, share=0.5, closed=True)),
        "muon_rate": 0.08, "adam_rate": 0.016,
    }
)  # fmt: skip
SHORT = SMALL.model_copy(update={"cycles": (Cycle(steps=6), Cycle(steps=4, share=0.5, closed=True))})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base of a few thousand weights, trained for seconds."""
    made = tmp_path_factory.mktemp("student") / "base"
    train_base(SMALL, made, made.parent / "state.pt")
    return made


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a base that learned for a few steps."""
    made = tmp_path_factory.mktemp("student") / "short"
    train_base(SHORT, made, made.parent / "short.pt")
    return contents(made)


def test_every_token_is_taught_the_next_one_and_the_last_one_the_end() -> None:
    tokenizer = build_tokenizer(["two words"], 300)
    ids_BT, next_BT, weight_BT = encoded([PretrainingText("", "12"), PretrainingText("", "3")], tokenizer)
    one, two, three = tokenizer("123")["input_ids"]
    end = tokenizer.eos_token_id
    assert ids_BT.tolist() == [[one, two], [three, tokenizer.pad_token_id]]
    assert next_BT.tolist() == [[two, end], [end, IGNORED]]
    assert weight_BT.tolist() == [[1, 1], [1, 0]]


def test_what_follows_within_a_problem_has_a_weight_of_its_own() -> None:
    tokenizer = build_tokenizer(["two words"], 300)
    _, next_BT, weight_BT = encoded(
        [PretrainingText("12", "34"), PretrainingText("", "1")], tokenizer, problem_weight=0.25
    )
    assert next_BT[0].tolist() == [*tokenizer("234")["input_ids"], tokenizer.eos_token_id]
    assert weight_BT.tolist() == [[0.25, 1, 1, 1], [1, 0, 0, 0]]


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
    shares = [cooled(step / 100, 0.4) for step in range(100)]
    assert shares[:61] == pytest.approx([1.0] * 61)
    assert shares[60:] == sorted(shares[60:], reverse=True)
    assert 0 < shares[-1] < 0.05


def test_a_share_of_the_rates_is_a_share_of_both() -> None:
    model = build_model(SMALL, 400, 0)
    whole, half = (
        [one.param_groups[0]["lr"] for one in optimizers(model, SMALL, share)] for share in (1.0, 0.5)
    )
    assert [rate / 2 for rate in whole] == half


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


def test_a_killed_run_goes_on_after_its_last_cycle_and_ends_in_the_same_bytes(
    short: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def killed_in_the_second(*given: Any) -> None:
        if given[-1] == 1 and done == [0]:
            raise KeyboardInterrupt
        train_cycle(*given)
        done.append(given[-1])

    monkeypatch.setattr("thoughtmill.train.embedded.student.train_cycle", killed_in_the_second)
    state = tmp_path / "state.pt"
    with pytest.raises(KeyboardInterrupt):
        train_base(SHORT, tmp_path / "again", state)
    assert not (tmp_path / "again").exists()
    done.append("killed")
    train_base(SHORT, tmp_path / "again", state)
    assert done == [0, "killed", 1]
    assert not state.exists()
    assert contents(tmp_path / "again") == short


def test_the_state_of_another_run_is_not_taken_up(short: dict[str, bytes], tmp_path: Path) -> None:
    torch.save({"origin": {"settings": {}}, "cycles": 1, "weights": {}}, tmp_path / "state.pt")
    train_base(SHORT, tmp_path / "again", tmp_path / "state.pt")
    assert contents(tmp_path / "again") == short


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}

"""Proof before training: what could spoil a run is told in seconds, or refused in one sentence."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from tokenizers import normalizers

from tests import tiny
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.finetune import TrainingJob, finetune, prepare
from thoughtmill.train.students.bases import Base, packs
from thoughtmill.train.training.plan import TrainingPlan, training_plan
from thoughtmill.train.training.proof import findings, proof
from thoughtmill.train.training.states import LossPoint

Prepared = tuple[Base, PeftModel, TrainingPlan]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    return prepared_on(tiny.write_causal(tmp_path / "base"), tmp_path)


def prepared_on(base: Path, tmp_path: Path, role: str = "pot") -> Prepared:
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))
    return prepare(role, corpus, settings(base=str(base)))


def test_a_base_that_can_do_all_has_a_page_of_ticks(prepared: Prepared) -> None:
    base, model, plan = prepared
    lines = proof(base, plan, model).splitlines()
    assert all(line.startswith("  \u2713 ") for line in lines)
    assert [line[4:].partition(":")[0] for line in lines] == [
        "targets", "tokens", "special tokens in data", "prompts", "ends of text", "rows", "answers",
    ]  # fmt: skip
    assert "24 come back from the tokenizer as they were" in lines[0]
    assert "ends of text: <end>" in lines[4]
    assert "answers: logits in slots are" in lines[6]


def test_trying_leaves_the_student_as_it_was(prepared: Prepared) -> None:
    base, model, plan = prepared
    names, weights = [name for name, _ in model.named_modules()], dict(model.named_parameters())
    before = {name: weight.clone() for name, weight in weights.items()}
    proof(base, plan, model)
    assert [name for name, _ in model.named_modules()] == names
    for name, weight in model.named_parameters():
        assert weight is weights[name]
        assert torch.equal(weight, before[name])
        assert weight.requires_grad == ("lora_" in name)


def test_an_encoder_decoder_is_told_that_generate_will_write(tmp_path: Path) -> None:
    base, model, plan = prepared_on(tiny.write_t5(tmp_path / "base"), tmp_path)
    page = proof(base, plan, model)
    assert "`generate` of transformers will write" in page
    assert "rows: each example has its own" in page


def test_a_whole_model_is_tried_with_an_adapter_of_zeros_that_is_gone_after(tmp_path: Path) -> None:
    folder = tiny.write_causal(tmp_path / "base")
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))
    base, model, plan = prepare("pot", corpus, settings(base=str(folder), weights="all"))
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    assert "answers: logits in slots are" in proof(base, plan, model)
    assert not hasattr(model, "peft_config")
    assert {name for name, _ in model.named_parameters()} == before.keys()
    for name, weight in model.named_parameters():
        assert weight.requires_grad
        assert torch.equal(weight, before[name])


def test_a_tokenizer_that_drops_line_ends_is_refused_with_their_name(tmp_path: Path) -> None:
    folder = tiny.write_causal(tmp_path / "base")
    tokenizer = tiny.tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("\n", " ")
    tokenizer.save_pretrained(folder)
    refused = r"tokenizer changes targets of `pot` \(tiny-2-2: it loses '\\n'\): choose a base"
    with pytest.raises(ThoughtmillError, match=refused):
        base, model, plan = prepared_on(folder, tmp_path)
        proof(base, plan, model)


def test_a_token_beyond_the_embedding_is_refused_with_its_number(prepared: Prepared) -> None:
    base, model, plan = prepared
    base.model.get_input_embeddings().num_embeddings = 50
    with pytest.raises(ThoughtmillError, match=r"token 9\d of its tokenizer .* beyond the 50 rows"):
        proof(base, plan, model)


def test_data_with_special_tokens_are_counted(prepared: Prepared) -> None:
    base, model, plan = prepared
    examples = [replace(plan.examples[0], problem="a <pad> b"), *plan.examples[1:]]
    again = training_plan(base, examples, settings())
    assert "special tokens in data: 1 examples hold some" in proof(base, again, model)


def test_an_end_within_a_target_that_no_tokenizer_splits_is_refused(prepared: Prepared) -> None:
    base, model, plan = prepared
    base.model.generation_config.eos_token_id = [1, base.tokenizer.convert_tokens_to_ids("=")]
    with pytest.raises(ThoughtmillError, match=r"'=' within a target of `pot` \(tiny-2-2\) ends the text"):
        proof(base, plan, model)


def test_tokens_are_in_the_fingerprint_of_a_run(prepared: Prepared) -> None:
    base, _, plan = prepared
    base.tokenizer.chat_template = tiny.CHAT
    again = training_plan(base, plan.examples, settings())
    assert again.sha == plan.sha
    assert again.tokens_sha != plan.tokens_sha


def test_a_base_whose_examples_see_where_they_stand_is_not_packed(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = prepared[0]
    assert packs(base)
    forward = base.model.forward

    def by_place(input_ids, position_ids, **given):  # type: ignore[no-untyped-def] # as models are
        found = forward(input_ids=input_ids, position_ids=position_ids, **given)
        found.logits = found.logits + torch.arange(input_ids.shape[1])[:, None]
        return found

    monkeypatch.setattr(base.model, "forward", by_place)
    assert not packs(base)


def test_a_loss_that_never_fell_and_an_end_that_is_never_written_are_told(prepared: Prepared) -> None:
    base, model, plan = prepared
    base.model.get_output_embeddings().weight.data[1] = 0.0
    flat, fell = (
        [LossPoint(step, loss, 1, 1.0) for step, loss in enumerate(losses)]
        for losses in ((2.0, 2.0, 2.0, 2.0), (2.0, 1.5, 1.0, 0.5))
    )
    endless = "none of 8 targets would be ended: texts will be cut at infer.max_new_tokens"
    lost = "the loss never fell: 2.000 at first, 2.000 at the end"
    assert list(findings(base, model, plan, flat)) == [lost, endless]
    assert list(findings(base, model, plan, fell)) == [endless]


def test_training_prints_the_page_before_and_the_findings_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), open_corpus(str(tiny.write_corpus(tmp_path / "c")))
    chosen = settings(base=str(base), steps=8, learning_rate=5.0)
    finetune(TrainingJob("ir", corpus, chosen, tmp_path / "ir", tmp_path / "ir.pt"))
    told = capsys.readouterr()
    assert "\u2713 targets: 24 come back" in told.out
    assert "\u2713 answers: logits in slots are" in told.out
    assert "ir: none of 8 targets would be ended" in told.err

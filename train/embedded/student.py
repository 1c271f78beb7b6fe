"""Train the embedded student's base from scratch and write it to `train/embedded/base`.

Run it as `python -m thoughtmill.train.embedded.student` (`make student`).

A Llama of about a million parameters whose numbers are single digits. All that it reads is made from embedded
training problems, never from a test number, composition or template: problems with their sums, with their
solution in words, or with their steps by name (numbers named first, or in their places); sums by themselves;
and lines torn from worked solutions, shuffled and without their problem. It has read no whole program, no
equation to solve, no list of rules about a problem, and no role's instruction: what a role adds is measured
against it.
"""

import hashlib
import json
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from thoughtmill.factory.core import params, stage
from thoughtmill.factory.core.files import aside, root
from thoughtmill.factory.core.progress import LINE_EVERY_S, line
from thoughtmill.train.embedded.settings import StudentSettings
from thoughtmill.train.embedded.texts import PretrainingText, PretrainingTexts
from thoughtmill.train.training.batches import IGNORED, padded

END = "<end>"
WORDS = 8000


def main() -> None:
    """Train the base and write it to `train/embedded/base`."""
    settings = params.section("student", StudentSettings)
    train_base(settings, root() / "train" / "embedded" / "base", root() / "data" / ".training" / "student.pt")


def encoded(
    texts: Sequence[PretrainingText], tokenizer: PreTrainedTokenizerFast, problem_weight: float = 1.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the tokens of some texts, a row each; for each the one to follow (-100: none), and its weight.

    What follows within a problem weighs `problem_weight`, all else 1.
    """
    problems = [tokenizer(text.problem)["input_ids"] for text in texts]
    told = [[*tokenizer(text.told)["input_ids"], tokenizer.eos_token_id] for text in texts]
    rows = [asked + answered for asked, answered in zip(problems, told, strict=True)]
    ids_BT = padded([row[:-1] for row in rows], tokenizer.pad_token_id)
    next_BT = padded([row[1:] for row in rows], IGNORED)
    within_BT = torch.arange(1, ids_BT.shape[1] + 1) < torch.tensor([[len(asked)] for asked in problems])
    weight_BT = torch.where(within_BT, problem_weight, 1.0) * (next_BT != IGNORED)
    return ids_BT, next_BT, weight_BT


def build_tokenizer(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Learn byte pairs from texts; every digit is a token of its own, so that places line up in sums."""
    pairs = Tokenizer(models.BPE())
    pairs.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    pairs.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    pairs.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=pairs, eos_token=END, pad_token=END)


def build_model(settings: StudentSettings, vocabulary: int, end: int) -> LlamaForCausalLM:
    """Return the untrained base."""
    torch.manual_seed(settings.seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=settings.width,
            intermediate_size=settings.hidden,
            num_hidden_layers=settings.layers,
            num_attention_heads=settings.heads,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=end,
            pad_token_id=end,
        )
    )
    model.set_attn_implementation("eager")  # on a CPU, learning from short rows takes half the time of sdpa
    return model


def optimizers(model: nn.Module, settings: StudentSettings, share: float = 1.0) -> list[Optimizer]:
    """Return Muon for the matrices of the layers and AdamW for the rest, at a share of their rates.

    At equal tokens it is far ahead of AdamW alone: after a million tokens, 94 % of products came out right
    against 56 %.
    """
    matrices = [w for name, w in model.named_parameters() if w.ndim == 2 and ".layers." in name]
    chosen = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=share * settings.muon_rate, weight_decay=0.01),
        torch.optim.AdamW(others, lr=share * settings.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train_base(settings: StudentSettings, folder: Path, state: Path) -> None:
    """Train the base through every cycle and write it to `folder`, with what it was made from and how.

    After each cycle the weights are saved to `state`, from where a killed run goes on.
    """
    library = PretrainingTexts(settings)
    later = library.steps(settings.model_copy(update={"sums_first": 0.0}), cycle=0)
    words = ("".join(text) for step in later for group in step for text in group)
    tokenizer = build_tokenizer(islice(words, WORDS), settings.vocabulary)
    model = build_model(settings, len(tokenizer), tokenizer.eos_token_id)
    stories = "".join(story.problem + story.solution for story in library.stories)
    origin = {
        "command": "python -m thoughtmill.train.embedded.student",
        "settings": settings.model_dump(mode="json"),
        "stories_sha": hashlib.sha256(stories.encode()).hexdigest(),
    }
    for cycle in range(_resume(state, origin, model), len(settings.cycles)):
        train_cycle(model, tokenizer, library, settings, cycle)
        with aside(state) as part:
            torch.save({"origin": origin, "cycles": cycle + 1, "weights": model.state_dict()}, part)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "origin.json").write_text(json.dumps(origin, indent=2) + "\n", "utf-8")
    state.unlink()


def _resume(state: Path, origin: dict[str, Any], model: LlamaForCausalLM) -> int:
    """Take up the weights that a run of the same origin saved and return how many cycles it had done."""
    if not state.is_file():
        return 0
    held = torch.load(state, weights_only=True)
    if held["origin"] != origin:
        return 0
    model.load_state_dict(held["weights"])
    return int(held["cycles"])


def train_cycle(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    library: PretrainingTexts,
    settings: StudentSettings,
    cycle: int,
) -> None:
    """Train through the steps of one cycle, with optimizers of its own; bfloat16 in the forward pass."""
    steppers = optimizers(model, settings, settings.cycles[cycle].share)
    steps = settings.cycles[cycle].steps
    begun, said, read = time.monotonic(), 0.0, 0
    for step, groups in enumerate(library.steps(settings, cycle)):
        for optimizer in steppers:
            for group in optimizer.param_groups:
                group["lr"] = group.setdefault("top", group["lr"]) * cooled(step / steps, settings.cooldown)
        parts = [encoded(texts, tokenizer, settings.problem_weight) for texts in groups]
        weight = sum(float(weight_BT.sum()) for _, _, weight_BT in parts)
        loss = 0.0
        for ids_BT, next_BT, weight_BT in parts:
            with torch.autocast("cpu", torch.bfloat16):
                logits_BTV = model(input_ids=ids_BT, use_cache=False).logits
            loss_N = functional.cross_entropy(
                logits_BTV.float().flatten(0, 1), next_BT.flatten(), ignore_index=IGNORED, reduction="none"
            )
            weighed = loss_N @ weight_BT.flatten() / weight
            weighed.backward()
            loss += weighed.item()
            read += ids_BT.numel()
        for optimizer in steppers:
            optimizer.step()
            optimizer.zero_grad()
        elapsed_s = time.monotonic() - begun
        if elapsed_s - said >= LINE_EVERY_S or step + 1 == steps:
            said = elapsed_s
            what = f"student, cycle {cycle}: loss {loss:.3f}, {read / elapsed_s:,.0f} tokens a second"
            print(line(what, step + 1, steps, elapsed_s), file=sys.stderr, flush=True)


def cooled(done: float, cooldown: float) -> float:
    """Return the share of the full rate when so much of a cycle is done: full, then in a line to nothing."""
    return min(1.0, (1 - done) / cooldown)


if __name__ == "__main__":
    stage.run(main)

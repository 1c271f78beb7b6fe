"""Train the embedded base from scratch and write it to `train/embedded/base`.

Run it as `python -m thoughtmill.train.embedded.student` (`make student`).

The base is a Llama of about a million parameters; every digit is a token. Its texts come from embedded
training problems, never from numbers, compositions or templates of the test splits: problems with their
calculations, with their solution in words or with their steps by name; calculations alone; and shuffled lines
of worked solutions without their problem. It has never read a whole program, a system of equations, a list of
rules about a problem, or the instruction of a role. So the gain of a role can be measured against it.
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
    """Return tokens, targets and weights of texts, a row each; the target follows its token (-100: none).

    Targets within a problem weigh `problem_weight`, all others 1.
    """
    problems = [tokenizer(text.problem)["input_ids"] for text in texts]
    continuations = [[*tokenizer(text.continuation)["input_ids"], tokenizer.eos_token_id] for text in texts]
    rows = [asked + answered for asked, answered in zip(problems, continuations, strict=True)]
    ids_BT = padded([row[:-1] for row in rows], tokenizer.pad_token_id)
    next_BT = padded([row[1:] for row in rows], IGNORED)
    within_BT = torch.arange(1, ids_BT.shape[1] + 1) < torch.tensor([[len(asked)] for asked in problems])
    weight_BT = torch.where(within_BT, problem_weight, 1.0) * (next_BT != IGNORED)
    return ids_BT, next_BT, weight_BT


def build_tokenizer(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Learn byte pairs from texts; every digit is a token, so that the digits of numbers line up."""
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
    model.set_attn_implementation("eager")  # on a CPU and short rows, twice as fast as sdpa
    return model


def optimizers(model: nn.Module, settings: StudentSettings, share: float = 1.0) -> list[Optimizer]:
    """Return Muon for the matrices of the layers and AdamW for all other weights, at a share of their rates.

    This is far better than AdamW alone: after a million tokens, 94 % of products were right against 56 %.
    """
    matrices = [w for name, w in model.named_parameters() if w.ndim == 2 and ".layers." in name]
    chosen = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=share * settings.muon_rate, weight_decay=0.01),
        torch.optim.AdamW(others, lr=share * settings.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train_base(settings: StudentSettings, folder: Path, state: Path) -> None:
    """Train the base through every cycle and write it to `folder`, with a record of how it was made.

    After each cycle the weights are saved to `state`, from which a killed run resumes.
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
    """Load the weights that a run with the same origin saved, and return its number of finished cycles."""
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
    """Train through the steps of a cycle with new optimizers, in bfloat16 in the forward pass."""
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
    """Return the share of the full rate after a part of a cycle: 1 at first, then linearly down to 0."""
    return min(1.0, (1 - done) / cooldown)


if __name__ == "__main__":
    stage.run(main)

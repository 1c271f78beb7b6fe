"""Train the embedded student's base from scratch: `python -m train.student` writes `train/base`.

A Llama of about a million parameters whose numbers are single digits. All that it reads is made from embedded
training problems, never from a test number, composition or template: problems with their bare sums, sums by
themselves, and lines torn from worked solutions, shuffled and without their problem. So it can plan, add, and
spell every word; but it has read no chain, program, system or list of rules about a problem, and what a role
adds can be measured against it.
"""

import re
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random

import torch
from pydantic import Field
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from factory import params, stage
from factory.files import root
from factory.progress import LINE_EVERY_S, line
from factory.stories import tell
from train import batches

END = "<end>"
LINES = 8
MARK = re.compile(r"<<(\w+)=([^=>]*)=([^>]*)>>")
GIVEN = re.compile(r"^Given: (\w+) = (.*)$", re.MULTILINE)
SIGN = re.compile(r"(//|[-+*/%])")
WORD = re.compile(r"[A-Za-z_]\w*")


class StudentSettings(params.Settings):
    """The size of the base, what a step reads, and how fast it learns."""

    width: int = Field(128, gt=0)
    layers: int = Field(5, gt=0)
    heads: int = Field(4, gt=0)
    hidden: int = Field(384, gt=0, description="the width between the two halves of a layer's MLP")
    vocabulary: int = Field(1024, gt=0)
    steps: int = Field(3000, gt=0)
    stories: int = Field(10, gt=0, description="problems with their bare sums, per step")
    sums: int = Field(8, gt=0, description="texts of sums by themselves, per step")
    fragments: int = Field(4, gt=0, description="texts of shuffled lines, per step")
    muon_rate: float = Field(0.02, gt=0)
    adam_rate: float = Field(0.004, gt=0)
    cooldown: float = Field(0.5, gt=0, le=1, description="share of steps in which the rates fall to nothing")
    seed: int = 0


def main() -> None:
    """Train the base and write it to `train/base`."""
    train_base(params.section("student", StudentSettings), root() / "train" / "base")


def reading(settings: StudentSettings) -> Iterator[list[str]]:
    """Yield the texts of each step; they depend on the seed and the step alone."""
    told = list(tell("train", settings.steps * settings.stories, settings.seed))
    sums = sorted({one for story in told for one in bare_sums(story.solution)})
    for step in range(settings.steps):
        rng = Random(f"{settings.seed}/reading/{step}")
        stories = told[step * settings.stories : (step + 1) * settings.stories]
        texts = ["\n".join([story.problem, *bare_sums(story.solution)]) for story in stories]
        texts += ["\n".join(rng.choices(sums, k=LINES)) for _ in range(settings.sums)]
        for _ in range(settings.fragments):
            lines = [one for story in rng.sample(told, 3) for one in fragments(story.solution)]
            texts.append("\n".join(rng.sample(lines, min(LINES, len(lines)))))
        yield texts


def bare_sums(solution: str) -> list[str]:
    """Return the calculations of a worked solution with numbers for names, and nothing else of it.

    >>> bare_sums("Given: bags = 4\\n4 bags hold <<all=bags*6=24>>24.\\n<<left=all-9=15>>15 stay.\\n#### 15")
    ['4 * 6 = 24', '24 - 9 = 15']
    """
    values = dict(GIVEN.findall(solution))
    lines = []
    for name, expression, value in MARK.findall(solution):
        values[name] = value
        numbers = WORD.sub(lambda word: values[word[0]], expression)
        lines.append(f"{spaced(numbers)} = {value}")
    return lines


def spaced(expression: str) -> str:
    """Return an expression with blanks around its signs."""
    return SIGN.sub(r" \1 ", expression)


def fragments(solution: str) -> list[str]:
    """Return the lines of a worked solution with the name of each calculation beside its sentence.

    >>> fragments("Given: bags = 4\\nRule: A rule.\\nThey hold <<all=bags*6=24>>24.\\n#### 24")
    ['bags = 4', 'A rule.', 'They hold 24.', 'all = bags * 6']
    """
    lines = [re.sub(r"^\w+: ", "", MARK.sub("", one)) for one in solution.splitlines()[:-1]]
    return lines + [f"{name} = {spaced(expression)}" for name, expression, _ in MARK.findall(solution)]


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
    return LlamaForCausalLM(
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


def optimizers(model: nn.Module, settings: StudentSettings) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the layers and AdamW for the rest.

    At equal tokens it is far ahead of AdamW alone: after a million tokens, 94 % of products came out right
    against 56 %.
    """
    matrices = [w for name, w in model.named_parameters() if w.ndim == 2 and ".layers." in name]
    chosen = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=settings.muon_rate, weight_decay=0.01),
        torch.optim.AdamW(others, lr=settings.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train_base(settings: StudentSettings, folder: Path) -> None:
    """Train the base through every step and write it to `folder`."""
    texts = (text for step in islice(reading(settings), 500) for text in step)
    tokenizer = build_tokenizer(texts, settings.vocabulary)
    end = tokenizer.eos_token_id
    model = build_model(settings, len(tokenizer), end)
    steppers = optimizers(model, settings)
    begun, said, read = time.monotonic(), 0.0, 0
    for step, texts_of_step in enumerate(reading(settings)):
        ids = [[*tokenizer(text)["input_ids"], end] for text in texts_of_step]
        encoded, lengths = [(one[:1], one[1:]) for one in ids], [len(one) for one in ids]
        batch = batches.collate(encoded, batches.rows(lengths, range(len(lengths)), packs=True), end, None)
        for optimizer in steppers:
            for group in optimizer.param_groups:
                group["lr"] = group.setdefault("top", group["lr"]) * cooled(step, settings)
        logits_BTV = model(**batch.inputs, use_cache=False).logits
        loss = functional.cross_entropy(logits_BTV.flatten(0, 1), batch.next_BT.flatten())
        loss.backward()
        for optimizer in steppers:
            optimizer.step()
            optimizer.zero_grad()
        read += sum(lengths)
        elapsed_s = time.monotonic() - begun
        if elapsed_s - said >= LINE_EVERY_S or step + 1 == settings.steps:
            said = elapsed_s
            words = f"student: loss {loss.item():.3f}, {read / elapsed_s:,.0f} tokens a second"
            print(line(words, step + 1, settings.steps, elapsed_s), file=sys.stderr, flush=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def cooled(step: int, settings: StudentSettings) -> float:
    """Return the share of the full rate at a step: full, then falling in a line to nothing."""
    left = (settings.steps - step) / settings.steps
    return min(1.0, left / settings.cooldown)


if __name__ == "__main__":
    stage.run(main)

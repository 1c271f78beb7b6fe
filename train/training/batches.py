"""Batches: the examples of each training step, and their tensors; pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

Tokens = tuple[list[int], list[int]]
"""An encoded example: the tokens of its prompt and of its target."""

IGNORED = -100
WINDOW = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """The inputs of one forward pass; `next_BT` is the target after each token (-100: no target)."""

    inputs: dict[str, Tensor]
    next_BT: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on another device."""
        moved = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Batch(moved, self.next_BT.to(device))


def steps_of_epoch(
    lengths: Sequence[int],
    batch_records: int,
    packs: bool,
    seed: int,
    epoch: int,
    order: list[int] | None = None,
) -> list[list[int]]:
    """Return the examples of each step of an epoch, as indices into `lengths`.

    `order` is that of the examples, by default random. Where examples cannot be packed, a step holds examples
    of similar length: the shuffled examples are sorted within windows before they are cut into steps.
    """
    rng = Random(f"{seed}/epoch/{epoch}")
    if order is None:
        order = list(range(len(lengths)))
        rng.shuffle(order)
    if not packs:
        wide = WINDOW * batch_records
        windows = [order[at : at + wide] for at in range(0, len(order), wide)]
        order = [index for window in windows for index in sorted(window, key=lambda index: lengths[index])]
    steps = [order[at : at + batch_records] for at in range(0, len(order), batch_records)]
    if not packs:
        rng.shuffle(steps)
    return steps


def rows(
    lengths: Sequence[int], chosen: Sequence[int], packs: bool, width: int | None = None
) -> list[list[int]]:
    """Pack the examples of a step into rows: first fit, longest first.

    Rows are as long as the longest example, unless a `width` is given.

    >>> rows([9, 4, 3, 5, 2], [0, 1, 2, 3, 4], packs=True)
    [[0], [3, 1], [2, 4]]
    """
    by_length = sorted(chosen, key=lambda index: (-lengths[index], index))
    if not packs:
        return [[index] for index in by_length]
    width = width or lengths[by_length[0]]
    filled: list[list[int]] = []
    free: list[int] = []
    for index in by_length:
        row = next((row for row, room in enumerate(free) if room >= lengths[index]), len(free))
        if row == len(free):
            filled.append([])
            free.append(width)
        filled[row].append(index)
        free[row] -= lengths[index]
    return filled


def passes(lengths: Sequence[int], filled: Sequence[list[int]], pass_tokens: int) -> list[list[list[int]]]:
    """Cut the rows of a step into forward passes of at most `pass_tokens` tokens, padding included."""
    cut: list[list[list[int]]] = [[]]
    for row in filled:
        width = max(sum(lengths[index] for index in each) for each in [*cut[-1], row])
        if cut[-1] and width * (len(cut[-1]) + 1) > pass_tokens:
            cut.append([])
        cut[-1].append(row)
    return cut


def collate(encoded: Sequence[Tokens], filled: Sequence[Sequence[int]], pad: int, start: int | None) -> Batch:
    """Return the tensors of one forward pass over `filled` rows of examples.

    `start` is the token that opens a decoder's text, None for a decoder-only model. In a decoder-only model,
    positions begin at 0 in each example; from that transformers keeps the examples of a row apart.
    """
    if start is not None:
        return _two_sided([encoded[index] for row in filled for index in row], pad, start)
    ids = [[token for index in row for side in encoded[index] for token in side] for row in filled]
    following = [[token for index in row for token in _following(*encoded[index])] for row in filled]
    inputs = {"input_ids": padded(ids, pad)}
    if any(len(row) > 1 for row in filled):
        places = [[at for index in row for at in range(sum(map(len, encoded[index])))] for row in filled]
        inputs["position_ids"] = padded(places, 0)
    return Batch(inputs, padded(following, IGNORED))


def _following(prompt: list[int], target: list[int]) -> list[int]:
    """Return the target after each token of an example, from the prompt's last token on."""
    return [IGNORED] * (len(prompt) - 1) + target + [IGNORED]


def _two_sided(pairs: Sequence[Tokens], pad: int, start: int) -> Batch:
    asked = padded([prompt for prompt, _ in pairs], pad)
    inputs = {
        "input_ids": asked,
        "attention_mask": padded([[1] * len(prompt) for prompt, _ in pairs], 0),
        "decoder_input_ids": padded([[start, *target[:-1]] for _, target in pairs], pad),
    }
    return Batch(inputs, padded([target for _, target in pairs], IGNORED))


def padded(lines: Sequence[list[int]], value: int) -> Tensor:
    """Return lists of tokens as the rows of a tensor, padded with `value` on the right."""
    width = max(map(len, lines))
    return torch.tensor([line + [value] * (width - len(line)) for line in lines])

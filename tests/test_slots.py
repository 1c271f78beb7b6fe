"""Slots: a token attends to its own row's past and to nothing else, wherever the row lies."""

import os
from types import ModuleType

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from thoughtmill.train.writers import decoding
from thoughtmill.train.writers.slots import Slots, decode_by_mask

SHAPES = ((5, 3, 3, 192, 64), (3, 1, 8, 70, 24), (2, 2, 1, 64, 80))
"""Rows, key heads, query heads of each, columns, the size of a head."""
CPU = torch.device("cpu")


def drawn(rows: int, heads: int, group: int, columns: int, size: int) -> tuple[Tensor, ...]:
    """Return queries, new keys and values, those that two more slots hold, and lengths, the first 0."""
    torch.manual_seed(0)
    new = (torch.randn(rows, count, size) for count in (heads * group, heads, heads))
    held = (torch.randn(rows + 2, heads, columns, size) for _ in range(2))
    lengths = torch.randint(0, columns, (rows,), dtype=torch.int32)
    lengths[0] = 0
    return *new, *held, lengths


def alone(given: tuple[Tensor, ...], row: int) -> Tensor:
    """Return what a row attends to by itself."""
    query, key, value, keys, values, lengths = given
    past = [
        torch.cat([held[row, :, : lengths[row]], new[row, :, None]], 1)
        for held, new in ((keys, key), (values, value))
    ]
    found = scaled_dot_product_attention(
        query[row, None, :, None], *(one[None] for one in past), enable_gqa=True
    )
    return found[0, :, 0]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_row_attends_to_its_own_length(shape: tuple[int, ...]) -> None:
    given = drawn(*shape)
    expected = torch.stack([alone(given, row) for row in range(shape[0])])
    found = decode_by_mask(*given, shape[4] ** -0.5)
    assert torch.allclose(found, expected, atol=1e-5)
    _, key, _, keys, _, lengths = given
    for row, length in enumerate(lengths.tolist()):
        assert torch.equal(keys[row, :, length], key[row])


@pytest.fixture
def kernel() -> ModuleType:
    """Give the kernel as triton's interpreter runs it, without a GPU."""
    if not decoding.HAS_TRITON or "TRITON_INTERPRET" not in os.environ:
        pytest.skip("wants triton, and TRITON_INTERPRET=1 before Python starts")
    return decoding


@pytest.mark.parametrize("shape", SHAPES)
def test_the_kernel_attends_to_what_the_mask_does(shape: tuple[int, ...], kernel: ModuleType) -> None:
    given, again = drawn(*shape), drawn(*shape)
    expected = decode_by_mask(*given, shape[4] ** -0.5)
    assert torch.allclose(kernel.decode_by_kernel(*again, shape[4] ** -0.5), expected, atol=1e-5)
    assert all(torch.equal(one, other) for one, other in zip(given, again, strict=True))


def test_prompts_are_read_into_the_slots_that_ask_for_them_and_stay_when_there_is_more_room() -> None:
    slots = Slots(4, CPU, decode_by_mask)
    slots.reserve(8)
    keys, values = torch.randn(2, 2, 1, 3, 5)
    with slots.reading(torch.tensor([3, 0, 1]), torch.tensor([1, 0, 1])):
        slots.update(keys, values, 0)
    slots.reserve(16)
    held = slots.held[0][1]
    assert held.shape == (4, 1, 16, 5)
    assert torch.equal(held[[3, 0, 1], :, :3], values[[1, 0, 1]])
    assert not held[2].any()


def test_a_row_that_moves_takes_its_past_along() -> None:
    slots = Slots(4, CPU, decode_by_mask)
    slots.reserve(4)
    slots.update(torch.randn(1, 1, 1, 2), torch.randn(1, 1, 1, 2), 0)
    slots.held[0][0].copy_(torch.randn(4, 1, 4, 2))
    slots.lengths_S.copy_(torch.tensor([1, 2, 3, 4]))
    past = slots.held[0][0][3].clone()
    slots.move(torch.tensor([3]), torch.tensor([1]))
    assert torch.equal(slots.held[0][0][1], past)
    assert slots.lengths_S.tolist() == [1, 4, 3, 4]

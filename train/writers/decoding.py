"""Decode attention as one Triton kernel: a token of every row attends to its slot, up to the row's length.

Traffic: twice `length * heads * size` numbers of each row and layer; the rest is negligible.
"""

from importlib.util import find_spec
from subprocess import SubprocessError

import torch
from torch import Tensor

HAS_TRITON = find_spec("triton") is not None
"""Torch for CUDA installs triton, torch for CPUs does not."""
BLOCK = 64
"""Columns read at a time."""
GROUP = 16
"""The least rows of a tensor-core product; the query heads of a key head are padded to this number."""

FAULTS: tuple[type[Exception], ...] = (OSError, SubprocessError)
"""The errors of a kernel that cannot be compiled here."""

if HAS_TRITON:
    import triton
    import triton.language as tl
    from triton.errors import TritonError

    FAULTS = (*FAULTS, TritonError)

    @triton.jit  # type: ignore[untyped-decorator] # triton is not typed
    def _decode(  # type: ignore[no-untyped-def] # nor are the arguments of its kernels
        query, key, value, keys, values, found, lengths, scale, columns,
        HEADS: tl.constexpr, GROUPED: tl.constexpr, SIZE: tl.constexpr,
        PADDED: tl.constexpr, WIDE: tl.constexpr, STEP: tl.constexpr,
    ):  # fmt: skip
        row, head = tl.program_id(0), tl.program_id(1)
        length = tl.load(lengths + row)
        at_G, at_D = tl.arange(0, PADDED), tl.arange(0, WIDE)
        real_D = at_D < SIZE
        real_GD = (at_G[:, None] < GROUPED) & real_D[None, :]
        own = row * HEADS + head
        places_GD = (own * GROUPED + at_G[:, None]) * SIZE + at_D[None, :]
        query_GD = tl.load(query + places_GD, mask=real_GD, other=0.0)
        key_D = tl.load(key + own * SIZE + at_D, mask=real_D, other=0.0)
        value_D = tl.load(value + own * SIZE + at_D, mask=real_D, other=0.0)
        begin = own.to(tl.int64) * columns * SIZE
        tl.store(keys + begin + length * SIZE + at_D, key_D, mask=real_D)
        tl.store(values + begin + length * SIZE + at_D, value_D, mask=real_D)
        top_G = tl.sum(query_GD.to(tl.float32) * key_D.to(tl.float32)[None, :], 1) * scale
        total_G = tl.full((PADDED,), 1.0, tl.float32)
        sum_GD = tl.zeros((PADDED, WIDE), tl.float32) + value_D.to(tl.float32)[None, :]
        for first in range(0, length, STEP):
            at_N = first + tl.arange(0, STEP)
            real_ND = (at_N[:, None] < length) & real_D[None, :]
            places_ND = begin + at_N[:, None] * SIZE + at_D[None, :]
            keys_ND = tl.load(keys + places_ND, mask=real_ND, other=0.0)
            values_ND = tl.load(values + places_ND, mask=real_ND, other=0.0)
            scores_GN = tl.dot(query_GD, tl.trans(keys_ND), input_precision="ieee") * scale
            scores_GN = tl.where(at_N[None, :] < length, scores_GN, float("-inf"))
            higher_G = tl.maximum(top_G, tl.max(scores_GN, 1))
            shrunk_G = tl.exp(top_G - higher_G)
            shares_GN = tl.exp(scores_GN - higher_G[:, None])
            total_G = total_G * shrunk_G + tl.sum(shares_GN, 1)
            more_GD = tl.dot(shares_GN.to(values_ND.dtype), values_ND, input_precision="ieee")
            sum_GD = sum_GD * shrunk_G[:, None] + more_GD
            top_G = higher_G
        tl.store(found + places_GD, (sum_GD / total_G[:, None]).to(query_GD.dtype), mask=real_GD)


def decode_by_kernel(
    query_BHD: Tensor, key_BKD: Tensor, value_BKD: Tensor, keys_SKCD: Tensor, values_SKCD: Tensor,
    lengths_B: Tensor, scale: float,
) -> Tensor:  # fmt: skip
    """Store the new key and value of every row, and attend to all of the row's."""
    rows, heads, size = key_BKD.shape
    query_BHD = query_BHD.contiguous()
    found_BHD = torch.empty_like(query_BHD)
    _decode[rows, heads](
        query_BHD, key_BKD.contiguous(), value_BKD.contiguous(), keys_SKCD, values_SKCD, found_BHD,
        lengths_B, scale, keys_SKCD.shape[2],
        HEADS=heads, GROUPED=query_BHD.shape[1] // heads, SIZE=size,
        PADDED=max(GROUP, triton.next_power_of_2(query_BHD.shape[1] // heads)),
        WIDE=max(GROUP, triton.next_power_of_2(size)), STEP=BLOCK,
    )  # fmt: skip
    return found_BHD

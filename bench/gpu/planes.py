"""Pack a GGUF file smaller than a general compressor does, and unpack it to the same bytes.

Four bits of a weight hardly pack; the scales between them do, once those of all blocks stand together.
"""

from pathlib import Path

import numpy as np
import pyarrow
from gguf import GGMLQuantizationType, GGUFReader

SCALES = {GGMLQuantizationType.Q4_1: (20, 4), GGMLQuantizationType.Q8_0: (34, 2)}
"""The bytes of a block, and how many at its beginning are scales."""
CODEC = pyarrow.Codec("zstd", compression_level=3)


def packed(gguf: Path) -> bytes:
    """Return a packed GGUF file; its first eight bytes hold its size."""
    held = turned(gguf, back=False)
    shut: bytes = CODEC.compress(held, asbytes=True)
    return len(held).to_bytes(8, "little") + shut


def unpack(whole: bytes, gguf: Path) -> None:
    """Unpack a GGUF file."""
    size = int.from_bytes(whole[:8], "little")
    gguf.write_bytes(CODEC.decompress(whole[8:], decompressed_size=size, asbytes=True))
    gguf.write_bytes(turned(gguf, back=True))


def turned(gguf: Path, back: bool) -> bytes:
    """Return the bytes of a GGUF file with the scales of each tensor together, or back in blocks."""
    held = np.fromfile(gguf, np.uint8)
    for one in GGUFReader(str(gguf)).tensors:
        if one.tensor_type not in SCALES:
            continue
        size, scales = SCALES[one.tensor_type]
        part = held[one.data_offset : one.data_offset + one.n_bytes]
        blocks = len(part) // size
        if back:
            columns, rest = np.split(part.copy(), [blocks * scales])
            whole = np.hstack([columns.reshape(scales, blocks).T, rest.reshape(blocks, size - scales)])
        else:
            rows = part.reshape(blocks, size)
            whole = np.concatenate([rows[:, :scales].T.ravel(), rows[:, scales:].ravel()])
        part[:] = whole.ravel()
    return held.tobytes()

"""Pack data as scripts: a page that is opened from the file system can load nothing else.

Chromium refuses `fetch`, modules and workers on `file://`. A `<script>` works in every browser, so a file of
the explorer is a call of `thoughtmill.arrived` with its name and its bytes, compressed and in base64.
"""

import base64
import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow

Whole = npt.NDArray[np.int64]


def script(name: str, payload: bytes) -> str:
    """Return the text of the script that brings a payload to the page, the same on every machine.

    pyarrow brings a zlib with it; that of Python depends on the system.
    """
    packed = pyarrow.Codec("gzip", compression_level=6).compress(payload, asbytes=True)
    return f'thoughtmill.arrived({json.dumps(name)},"{base64.b64encode(packed).decode()}");\n'


def as_json(value: object) -> bytes:
    """Return a value as JSON in ASCII, without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()


def varints(numbers: Whole) -> bytes:
    """Return whole numbers from 0 in seven bits a byte, low ones first; all bytes but the last are marked.

    >>> list(varints(np.array([5, 300])))
    [5, 172, 2]
    """
    longest = max(1, -(-int(numbers.max(initial=0)).bit_length() // 7))
    shifts = 7 * np.arange(longest)
    parts = (numbers[:, None] >> shifts) & 0x7F
    more = (numbers[:, None] >> (shifts + 7)) > 0
    used = np.hstack((np.ones((len(numbers), 1), bool), more[:, :-1]))
    return bytes((parts | (more << 7)).astype(np.uint8)[used].tobytes())


def gaps(numbers: Whole) -> Whole:
    """Return ascending numbers as their differences, the first from 0.

    >>> gaps(np.array([3, 4, 9])).tolist()
    [3, 1, 5]
    """
    return np.diff(numbers, prepend=0)


def lengths(parts: Sequence[bytes]) -> list[int]:
    """Return how many bytes each part has."""
    return [len(part) for part in parts]

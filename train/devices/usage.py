"""How well a run uses its device: tokens a second, the share of the device's peak, memory."""

import resource
import sys
import time
from functools import cache

import torch

from thoughtmill.train.students.bases import Base

PEAKS = {
    "B200": 2250e12, "H200": 989e12, "H100 PCIe": 756e12, "H100": 989e12, "GH200": 989e12, "A100": 312e12,
    "L40S": 362e12, "L4": 121e12, "A10": 125e12, "RTX 4090": 165e12, "RTX 3090": 71e12,
}  # fmt: skip
"""Dense operations a second in bfloat16, by a part of the card's name, from the vendor's data sheets."""
SIZE, TIMES = 768, 3


def used(base: Base, rate: float, device: torch.device, operations: int = 6) -> str:
    """Describe a run: tokens a second, the share of the device's peak that it uses (MFU), its peak memory.

    Six operations count per weight and token (forward and backward), as in PaLM (arXiv 2204.02311); two where
    students write.
    """
    # Copies of adapters in the precision of the base compute in place of the adapters.
    counted = (one for name, one in base.model.named_parameters() if not name.endswith((".down", ".up")))
    flops = operations * rate * sum(one.numel() for one in counted)
    share = f"MFU {flops / peak(device, base.model.dtype):.1%}"
    if device.type == "cuda":
        memory = torch.cuda.max_memory_allocated(device)
        return f"{rate:,.0f} tokens a second, {flops / 1e12:,.0f} TFLOP/s, {share}, {memory / 2**30:.1f} GiB"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"{rate:,.0f} tokens a second, {share}, {memory / 2**30:.1f} GiB"


@cache
def peak(device: torch.device, dtype: torch.dtype) -> float:
    """Return a device's peak operations a second, from its data sheet or measured by matrix products.

    A data sheet's are those of bfloat16.
    """
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        if known := [value for part, value in PEAKS.items() if part in name]:
            return known[0]
    kind, size = (torch.bfloat16, 8192) if device.type == "cuda" else (dtype, SIZE)
    matrix = torch.ones(size, size, dtype=kind, device=device)
    return 2 * size**3 / min(_product_s(matrix) for _ in range(TIMES))


def _product_s(matrix: torch.Tensor) -> float:
    """Return the seconds of a product; on a processor its own, since other processes may keep it busy."""
    clock = time.thread_time if matrix.device.type == "cpu" else time.perf_counter
    begun = clock()
    (matrix @ matrix)[0, 0].item()  # waits for a GPU
    return clock() - begun

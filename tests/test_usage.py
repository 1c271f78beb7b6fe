"""How well a run uses its device: the peak that it is compared with."""

from types import SimpleNamespace

import pytest
import torch

from thoughtmill.train.devices import usage


def test_the_peak_of_a_processor_is_that_of_its_fastest_product_in_its_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(thread_time=iter([0.0, 3.0, 3.0, 5.0, 5.0, 9.0]).__next__)
    monkeypatch.setattr(usage, "time", clock)
    assert usage.peak.__wrapped__(torch.device("cpu"), torch.bfloat16) == usage.SIZE**3

"""The benchmark of inference: what it counts without measuring."""

import pytest

from bench.infer import weights_of_llama

WEIGHTS = 6_738_415_616
"""Of LLaMA-2-7B."""


@pytest.mark.parametrize(
    ("preset", "adapter"),
    [
        ("etd", 32 * 64 * (4 * (4096 + 4096) + 3 * (4096 + 11_008))),
        ("lorid", 32 * 512 * 2 * (4096 + 4096)),
    ],
)
def test_three_adapters_add_to_llama_what_their_ranks_say(preset: str, adapter: int) -> None:
    assert weights_of_llama(preset) == round(1 + 3 * adapter / WEIGHTS, 3)

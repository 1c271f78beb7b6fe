"""Importing the train module prepares the process before torch is loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

SHOWN = "import os, sys, thoughtmill.train; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"


@pytest.mark.parametrize(
    ("given", "shown"), [({}, "PASSIVE False"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE False")]
)
def test_threads_wait_asleep_unless_the_user_says_otherwise(given: dict[str, str], shown: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOWN],
        env={"PYTHONPATH": str(Path(__file__).parents[1])} | given,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == shown

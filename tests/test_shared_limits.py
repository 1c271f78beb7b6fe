"""Limits per minute that two runs share."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from thoughtmill.factory.teachers.endpoint.flow import Flow
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.endpoint.shared_limits import STATE, SharedRateLimiter, share

ROOT = Path(__file__).parents[1]
OTHER = """
import sys, time
from pathlib import Path
from thoughtmill.factory.teachers.endpoint.shared_limits import SharedRateLimiter
limiter = SharedRateLimiter(600, time.monotonic(), Path(sys.argv[1]))
limiter.take(10, time.monotonic())
"""


def test_what_another_process_takes_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "limit"
    subprocess.run([sys.executable, "-c", OTHER, str(path)], cwd=ROOT, check=True)
    level, at_s = STATE.unpack(path.read_bytes())
    assert level == pytest.approx(0.0)
    ours = SharedRateLimiter(600, time.monotonic(), path)
    assert ours.wait_s(10, at_s + 0.5) == pytest.approx(10 / ours.refill_per_s - 0.5)


def test_two_runs_together_keep_one_limit(tmp_path: Path) -> None:
    runs = [SharedRateLimiter(600, 0.0, tmp_path / "limit") for _ in range(2)]
    now_s, taken = 0.0, 0
    while now_s < 60:
        for run in runs:
            if run.wait_s(1, now_s) <= 0:
                run.take(1, now_s)
                taken += 1
        now_s += 0.05
    assert 570 < taken <= 601


def test_a_state_from_before_the_machine_was_started_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "limit"
    path.write_bytes(STATE.pack(-1e6, 1e9))
    assert SharedRateLimiter(600, 5.0, path).wait_s(1, 5.0) == 0


def test_a_run_shares_the_limits_that_it_has_by_endpoint(tmp_path: Path) -> None:
    flow = Flow(EndpointSettings(base_url="http://here", requests_per_minute=60), 0.0)
    shared = share(flow, "here", tmp_path / "ledger.sqlite", 0.0)
    assert flow.requests is shared[0]
    assert flow.tokens is None
    other = Flow(EndpointSettings(base_url="http://here", requests_per_minute=60), 0.0)
    share(other, "there", tmp_path / "ledger.sqlite", 0.0)
    flow.sent(1, 0.0)
    assert flow.requests.wait_s(1, 0.0) > 0
    assert other.requests is not None
    assert other.requests.wait_s(1, 0.0) == 0

"""A forecast from a pilot: intervals, and what is unknown."""

import pytest

from thoughtmill.factory.commands.pilot import forecast, interval
from thoughtmill.factory.core import tables
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings, EndpointSettings

LEFT = CostEstimate("cot", requests=120, held=20)


def completions(**same: float | None) -> list[tables.Row]:
    row = {"prompt_tokens": 100, "cost_usd": 0.01, "latency_s": 3.6, **same}
    return [{**row, "completion_tokens": tokens} for tokens in (40, 60)]


@pytest.mark.parametrize(("few", "quantile"), [(4, 3.182), (6, 2.571), (20, 2.093)])
def test_an_interval_is_that_of_student(few: int, quantile: float) -> None:
    values = [1.0, -1.0] * (few // 2)
    deviation = (few / (few - 1)) ** 0.5
    assert interval([5 + value for value in values]).high - 5 == pytest.approx(
        quantile * deviation / few**0.5, rel=0.04
    )


def test_an_interval_is_never_below_zero() -> None:
    assert interval([0.0, 10.0]).low == 0.0


def test_a_forecast_is_for_the_requests_that_are_left() -> None:
    row = forecast(LEFT, completions(), EndpointSettings(max_concurrency=10))
    assert row[:4] == ("cot", "120", "20", "10,000")
    assert row[4].startswith("5,000 (0 to ")
    assert row[5:] == ("1.0000", "0.01")


def test_hours_keep_to_the_limits_per_minute() -> None:
    slow = EndpointSettings(max_concurrency=10, requests_per_minute=1)
    assert forecast(LEFT, completions(), slow)[6] == "1.67"
    tokens = EndpointSettings(max_concurrency=10, tokens_per_minute=15)
    assert forecast(LEFT, completions(), tokens)[6] == "16.67"


def test_what_the_pilot_does_not_know_is_unknown_and_a_batch_takes_a_day() -> None:
    nothing = completions(prompt_tokens=None, cost_usd=None, latency_s=None)
    row = forecast(LEFT, nothing, EndpointSettings())
    assert (row[3], row[5], row[6]) == ("unknown", "unknown", "unknown")
    assert forecast(LEFT, completions(), BatchSettings())[6] == "up to 24"

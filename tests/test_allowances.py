"""Allowances: all shards together keep one budget and one limit per minute, whoever dies."""

import math
import time
from random import Random

import pytest

from thoughtmill.factory.teachers.endpoint import allowances
from thoughtmill.factory.teachers.endpoint.allowances import Allowances, ShardAllowance, SharedBudget
from thoughtmill.factory.teachers.endpoint.flow import Flow
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

SETTINGS = EndpointSettings(base_url="http://localhost/v1", model="m", max_usd=1.0)


class ManualClock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    clock = ManualClock()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    return clock


def shard(drawn: Allowances, name: str, spent: float = 0.0) -> SharedBudget:
    return ShardAllowance(drawn, name, 3, 0.0).budget(SETTINGS, spent)


@pytest.mark.parametrize("seed", range(5))
def test_shards_that_send_when_they_can_never_pass_the_budget_and_use_it_up(
    seed: int, clock: ManualClock
) -> None:
    random, drawn = Random(seed), Allowances(1.0)
    shards = {name: shard(drawn, name) for name in "abc"}
    held: list[tuple[str, float]] = []
    spent = dict.fromkeys("abc", 0.0)
    for _ in range(3000):
        clock.now_s += 0.1
        name = random.choice("abc")
        if random.random() < 0.02:  # it dies: what it had in flight counts as spent
            spent[name] += sum(usd for holder, usd in held if holder == name)
            held = [each for each in held if each[0] != name]
            shards[name] = shard(drawn, name, spent[name])
        elif held and random.random() < 0.6:
            holder, usd = held.pop(random.randrange(len(held)))
            cost = usd * random.random()
            shards[holder].settle(usd, cost)
            spent[holder] += cost
        elif shards[name].affords(usd := random.uniform(0.001, 0.01)):
            shards[name].hold(usd)
            held.append((name, usd))
        assert sum(spent.values()) + sum(usd for _, usd in held) <= 1.0 + 1e-9
    assert sum(spent.values()) > 0.95


def test_a_shard_waits_while_another_may_give_back_and_stops_when_none_can(clock: ManualClock) -> None:
    drawn = Allowances(1.0)
    first, second = shard(drawn, "a"), shard(drawn, "b")
    assert first.affords(0.9)
    first.hold(0.9)
    assert not second.affords(0.5)
    assert second.wait_s() < math.inf
    first.settle(0.9, 0.2)
    first.close()
    clock.now_s += 1
    assert second.affords(0.5)
    second.hold(0.5)
    second.settle(0.5, 0.5)
    clock.now_s += 1
    assert not second.affords(0.5)
    assert second.wait_s() == math.inf
    assert second.spent_usd == pytest.approx(0.7)


def test_a_shard_that_never_comes_back_keeps_nobody_waiting(clock: ManualClock) -> None:
    drawn = Allowances(1.0)
    dead = ShardAllowance(drawn, "a", 2, 0.0)
    assert dead.budget(SETTINGS, 0.0).affords(0.6)
    other = shard(drawn, "b")
    assert not other.affords(0.6)
    assert other.wait_s() < math.inf
    dead.end()
    clock.now_s += 1
    assert not other.affords(0.6)
    assert other.wait_s() == math.inf


def test_nobody_waits_for_a_shard_that_is_silent_for_a_minute(clock: ManualClock) -> None:
    drawn = Allowances(1.0)
    assert shard(drawn, "dead").affords(0.6)
    other = shard(drawn, "b")
    for _ in range(int(allowances.SILENT_S) - 1):
        clock.now_s += 1
        assert not other.affords(0.6)
        assert other.wait_s() < math.inf
    clock.now_s += 2
    assert not other.affords(0.6)
    assert other.wait_s() == math.inf


def test_without_a_budget_everything_is_afforded() -> None:
    free = SETTINGS.model_copy(update={"max_usd": None})
    assert ShardAllowance(Allowances(math.inf), "a", 1, 0.0).budget(free, 0.0).affords(1e9)


@pytest.mark.parametrize(("per_minute", "tokens"), [(600, 40), (90, 10), (6, 1)])
def test_all_shards_together_keep_the_limits_of_a_minute(
    per_minute: int, tokens: int, clock: ManualClock
) -> None:
    settings = SETTINGS.model_copy(
        update={"requests_per_minute": per_minute, "tokens_per_minute": per_minute * 30}
    )
    drawn, random = Allowances(math.inf), Random(1)
    flows = []
    for name in "abc":
        flow = Flow(settings, clock.now_s)
        ShardAllowance(drawn, name, 3, 0.0).share(flow, "e", clock.now_s)
        flow.window.limit = 1e9
        flows.append(flow)
    sent: list[float] = []
    while clock.now_s < 400:
        clock.now_s += 0.01
        flow = random.choice(flows)
        if flow.wait_s(tokens, clock.now_s) <= 0:
            flow.sent(tokens, clock.now_s)
            sent.append(clock.now_s)
    for begin_s in range(100, 340):
        assert sum(begin_s <= at_s < begin_s + 60 for at_s in sent) <= per_minute
    least = per_minute * 60 / (60 + allowances.GOOD_S)
    assert len(sent) > 0.85 * 5 * min(least, least * 30 / tokens)

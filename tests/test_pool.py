"""A pool of addresses: weights, health, and one ledger."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.fake_endpoint import FakeEndpoint, Turn, error
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.pool import AddressHealth, Balancer
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher

PROMPTS = [f"p{number}" for number in range(60)]


def balancer(*weights: float) -> Balancer:
    return Balancer([AddressHealth(weight) for weight in weights])


def test_requests_are_shared_by_weight() -> None:
    pool = balancer(1, 3)
    assert Counter(pool.choose(0.0) for _ in range(40)) == {0: 10, 1: 30}


def test_an_address_that_fails_is_left_alone_longer_each_time_and_then_probed() -> None:
    pool = balancer(1, 1)
    for failures, pause_s in ((1, 1.0), (2, 2.0), (3, 4.0)):
        now_s = pool.addresses[0].until_s
        while (number := pool.choose(now_s)) != 0:
            pass
        pool.ended(number, works=False, wait_s=0.0, now_s=now_s)
        assert pool.addresses[0].failures == failures
        assert pool.addresses[0].until_s == now_s + pause_s
        assert {pool.choose(now_s + pause_s / 2) for _ in range(9)} == {1}
    now_s = pool.addresses[0].until_s
    assert [pool.choose(now_s) for _ in range(9)].count(0) == 1, "one probe"
    pool.ended(0, works=True, wait_s=0.0, now_s=now_s)
    assert 0 in {pool.choose(now_s) for _ in range(40)}


def test_an_address_that_asks_to_wait_is_left_alone_so_long() -> None:
    pool = balancer(1, 1)
    pool.ended(pool.choose(0.0), works=False, wait_s=30.0, now_s=0.0)
    assert pool.addresses[0].until_s == 30.0
    assert pool.has_other(0.0)


def test_when_all_addresses_fail_the_first_to_be_asked_again_is_asked() -> None:
    pool = balancer(1, 1)
    for wait_s in (30.0, 20.0):
        pool.ended(pool.choose(0.0), works=False, wait_s=wait_s, now_s=0.0)
    assert not pool.has_other(0.0)
    assert pool.choose(0.0) == 1


def ask(ledger: Path, *endpoints: dict[str, Any], **chosen: Any) -> list[Reply]:
    given = {"endpoint": "ours", "model": "tiny", "backoff_s": 0.01, "endpoints": endpoints, **chosen}
    requests = [Request({}, "cot", 0, ({"role": "user", "content": prompt},)) for prompt in PROMPTS]
    return list(OpenAITeacher(EndpointSettings.model_validate(given), ledger).complete(requests))


def test_two_addresses_answer_for_one_endpoint_each_with_its_own_key_and_name_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_KEY", "sk-second-0123456789")
    ledger = tmp_path / "ledger.sqlite"
    with FakeEndpoint() as first, FakeEndpoint() as second:
        other = {"base_url": second.url, "weight": 2.0, "key_env": "SECOND_KEY", "model": "tiny-fp8"}
        replies = ask(ledger, {"base_url": first.url}, other)
        assert len(ask(ledger, other)) == 60, "from the ledger"
    assert all(reply.completion == "42" for reply in replies)
    assert sum(first.asked.values()) + sum(second.asked.values()) == 60
    assert 0 < sum(first.asked.values()) < sum(second.asked.values())
    assert {body["model"] for body in second.bodies} == {"tiny-fp8"}
    assert {header["Authorization"] for header in second.headers} == {"Bearer sk-second-0123456789"}


@pytest.mark.parametrize("turn", [error(503, retry_after="60"), error(401), Turn(drop=True)], ids=str)
def test_an_address_that_fails_costs_no_row_and_no_wait(turn: Turn, tmp_path: Path) -> None:
    with FakeEndpoint(lambda prompt, times: turn) as bad, FakeEndpoint() as good:
        replies = ask(tmp_path / "l.sqlite", {"base_url": bad.url}, {"base_url": good.url}, max_concurrency=4)
    assert all(reply.completion == "42" for reply in replies)
    assert sum(bad.asked.values()) <= 8


def test_an_address_that_is_gone_costs_no_row(tmp_path: Path) -> None:
    with FakeEndpoint() as good:
        replies = ask(tmp_path / "l.sqlite", {"base_url": "http://127.0.0.1:9"}, {"base_url": good.url})
    assert all(reply.completion == "42" for reply in replies)


def test_when_every_address_is_gone_the_run_stops(tmp_path: Path) -> None:
    gone = {"base_url": "http://127.0.0.1:9"}
    with pytest.raises(ThoughtmillError, match="ours failed 3 times in a row"):
        ask(tmp_path / "l.sqlite", gone, gone, breaker_after=3, longest_backoff_s=0.02)

"""Shards: what one machine bought, another has."""

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fake_endpoint import FakeEndpoint, Turn, error
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import FailureRow, Ledger, ResultRow, shards
from thoughtmill.factory.ledger.shards import export, load
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.responses import unusable
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher

RESULT = ResultRow(
    "k", "here", "tiny", "cot", "s", b'{"x": "\xff\x00"}', None, 10, None, 5, 0.1 + 0.2, 1.5, 1.7e9
)


def some(count: int, start: int = 0) -> list[ResultRow]:
    return [
        replace(RESULT, request_key=hashlib.sha256(str(number).encode()).hexdigest(), body=b"%d" % number)
        for number in range(start, start + count)
    ]


def ledger(folder: Path, name: str, results: list[ResultRow]) -> Ledger:
    made = Ledger(folder / f"{name}.sqlite")
    made.write(results)
    return made


def test_what_one_ledger_exports_another_takes_in_to_the_last_bit(tmp_path: Path) -> None:
    mine, yours = ledger(tmp_path, "mine", some(50)), ledger(tmp_path, "yours", [])
    export(mine, tmp_path / "shards")
    assert load(yours, tmp_path / "shards") == 50
    assert [yours.get(key) for key in yours.keys()] == [mine.get(key) for key in mine.keys()]  # noqa: SIM118
    assert load(yours, tmp_path / "shards") == 0


def test_the_same_answers_make_the_same_bytes_in_whatever_order_they_came(tmp_path: Path) -> None:
    results = some(50)
    shuffled = random.Random("order").sample(results, k=50)
    (first,) = export(ledger(tmp_path, "first", results), tmp_path / "one")
    (second,) = export(ledger(tmp_path, "second", shuffled), tmp_path / "two")
    assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())


def test_an_export_adds_only_what_no_shard_holds_and_changes_no_file(tmp_path: Path) -> None:
    folder, mine = tmp_path / "shards", ledger(tmp_path, "mine", some(20))
    (old,) = export(mine, folder)
    before = old.read_bytes()
    assert export(mine, folder) == []
    mine.write(some(5, start=20))
    (new,) = export(mine, folder)
    assert old.read_bytes() == before
    assert sorted(folder.iterdir()) == sorted([old, new])
    assert load(ledger(tmp_path, "yours", []), folder) == 25


def test_an_export_adds_how_requests_failed_and_again_when_they_failed_anew(tmp_path: Path) -> None:
    folder, mine = tmp_path / "shards", ledger(tmp_path, "mine", some(2))
    first = FailureRow("f" * 64, "tiny", "unanswered", "HTTP 500: oops", 1.7e9)
    mine.write([], failures=[first])
    assert len(export(mine, folder)) == 2
    assert export(mine, folder) == []
    last = replace(first, detail="no answer within 9 s", failed_at=1.8e9)
    mine.write([], failures=[last])
    assert [path.parent for path in export(mine, folder)] == [folder / "failed"]
    yours = ledger(tmp_path, "yours", [])
    assert load(yours, folder) == 2
    assert yours.known("f" * 64) == last
    mine.write([replace(RESULT, request_key="f" * 64)])
    assert [path.parent for path in export(mine, folder)] == [folder]
    assert load(yours, folder) == 1
    assert yours.known("f" * 64) == mine.get("f" * 64)


def test_two_peoples_shards_lie_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    export(ledger(tmp_path, "mine", some(20)), folder)
    export(ledger(tmp_path, "yours", some(20, start=10)), folder)
    assert load(ledger(tmp_path, "theirs", []), folder) == 30


def test_a_large_ledger_is_several_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_ROWS", 8)
    monkeypatch.setattr(shards, "GROUP_ROWS", 3)
    assert len(export(ledger(tmp_path, "mine", some(20)), tmp_path / "shards")) == 3
    assert load(ledger(tmp_path, "yours", []), tmp_path / "shards") == 20


def test_a_damaged_shard_is_named_and_nothing_of_it_is_taken(tmp_path: Path) -> None:
    (path,) = export(ledger(tmp_path, "mine", some(20)), tmp_path / "shards")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    yours = ledger(tmp_path, "yours", [])
    for use in (load, export):
        with pytest.raises(ThoughtmillError, match=f"{path} is damaged"):
            use(yours, tmp_path / "shards")
    assert yours.count() == 0


@pytest.mark.parametrize("change", ["one column more", "one less", "numbers for keys"])
def test_a_shard_of_another_version_is_named_and_nothing_of_it_is_taken(tmp_path: Path, change: str) -> None:
    (path,) = export(ledger(tmp_path, "mine", some(20)), tmp_path / "shards")
    table = pq.read_table(path)
    path.unlink()
    changed = {
        "one column more": table.append_column("version", pa.array([2] * 20)),
        "one less": table.drop_columns(["latency_s"]),
        "numbers for keys": table.set_column(0, "request_key", pa.array(range(20))),
    }[change]
    pq.write_table(changed, path)
    name = f"{hashlib.sha256(path.read_bytes()).hexdigest()[:32]}.parquet"
    path.rename(path.with_name(name))
    yours = ledger(tmp_path, "yours", [])
    with pytest.raises(ThoughtmillError, match=f"{name} is not a ledger shard of this version"):
        load(yours, tmp_path / "shards")
    assert yours.count() == 0


def test_a_parquet_file_that_is_no_shard_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    content = b"PAR1 but nothing else"
    path = folder / f"{hashlib.sha256(content).hexdigest()[:32]}.parquet"
    path.write_bytes(content)
    with pytest.raises(ThoughtmillError, match="is not a ledger shard"):
        load(ledger(tmp_path, "yours", []), folder)


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="holds no ledger shards"):
        load(ledger(tmp_path, "yours", []), tmp_path / "nowhere")


def test_with_the_shards_a_run_needs_no_endpoint_and_says_the_same(tmp_path: Path) -> None:
    requests = [
        Request({}, "cot", 0, ({"role": "user", "content": f"p{i}"},), {"model": "tiny"}) for i in range(30)
    ]

    def plan(prompt: str, times: int) -> Turn:
        bad = {"p7": error(500, "oops"), "p8": error(400, "no", "content_filter")}
        return bad.get(prompt, Turn(text=prompt))

    def run(name: str, url: str) -> list[Reply]:
        settings = EndpointSettings(
            base_url=url, endpoint="ours", transport="raw", backoff_s=0.01, max_attempts=2, breaker_after=3
        )
        replies = OpenAITeacher(settings, tmp_path / f"{name}.sqlite").complete(requests)
        return sorted(replies, key=lambda reply: reply.request_key)

    with FakeEndpoint(plan) as endpoint:
        bought = run("mine", endpoint.url)
    with Ledger(tmp_path / "mine.sqlite") as mine, Ledger(tmp_path / "yours.sqlite") as yours:
        export(mine, tmp_path / "shards")
        load(yours, tmp_path / "shards")
    assert run("yours", "http://127.0.0.1:9") == bought
    assert {reply.failure for reply in bought} == {None, "unanswered", "moderated"}
    with FakeEndpoint() as endpoint:
        assert run("yours", endpoint.url) == bought
        assert not endpoint.asked
        with Ledger(tmp_path / "yours.sqlite") as yours:
            assert yours.retry(unusable) == 2
        assert {reply.failure for reply in run("yours", endpoint.url)} == {None}
        assert endpoint.asked == {"p7": 1, "p8": 1}

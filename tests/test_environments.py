"""The bench of the teacher engine: where its clients run, and what it makes of them."""

import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench import environments, teacher
from bench.environments import CannotRun, python, variables
from bench.peers import problems


def client(name: str) -> teacher.Client:
    return teacher.Client(name, Path(sys.executable), requests=20, kills=1, patience_s=60.0)


def test_every_peer_has_a_module_and_every_client_a_name() -> None:
    modules = {path.stem for path in Path(environments.__file__).with_name("peers").glob("[a-z]*.py")}
    assert modules == {"thoughtmill", *environments.REQUIREMENTS}
    assert {name.partition(":")[0] for name in teacher.CLIENTS} == modules


def test_thoughtmill_runs_where_we_run_and_a_peer_in_its_own_environment(tmp_path: Path) -> None:
    assert python("thoughtmill", tmp_path) == Path(sys.executable)
    (tmp_path / "litellm").mkdir()
    (tmp_path / "litellm" / "ready").touch()
    assert python("litellm", tmp_path) == tmp_path / "litellm" / "bin" / "python"


def test_a_trainer_has_thoughtmill_beside_it(tmp_path: Path) -> None:
    assert environments.TRAINERS["verifiers"][1:] == ("--editable", str(Path(__file__).parents[1]))
    (tmp_path / "verifiers").mkdir()
    (tmp_path / "verifiers" / "ready").touch()
    assert python("verifiers", tmp_path) == tmp_path / "verifiers" / "bin" / "python"


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments.venv, "create", lambda folder, **_: (folder / "bin").mkdir(parents=True))
    monkeypatch.setitem(environments.REQUIREMENTS, "litellm", ())
    monkeypatch.setattr(
        environments.subprocess,
        "run",
        lambda words, **_: subprocess.CompletedProcess(words, 1, "", "ERROR: no such | thing\n\n"),
    )
    with pytest.raises(CannotRun, match="not installed: ERROR: no such / thing"):
        python("litellm", tmp_path)
    assert not (tmp_path / "litellm" / "ready").exists()


def test_a_peer_finds_the_tables_that_litellm_carries(tmp_path: Path) -> None:
    found = tmp_path / "bin" / "python"
    assert variables(found)["TIKTOKEN_CACHE_DIR"] == ""
    tables = (
        tmp_path / "lib" / "python3.11" / "site-packages" / "litellm" / "litellm_core_utils" / "tokenizers"
    )
    tables.mkdir(parents=True)
    assert variables(found)["TIKTOKEN_CACHE_DIR"] == str(tables)


def test_a_changed_corpus_has_one_problem_edited_and_one_more() -> None:
    before, after = problems(3), problems(3, changed=True)
    assert len(after) == 4
    assert [old == new for old, new in zip(before, after, strict=False)] == [False, True, True]


def test_a_client_answers_every_request_and_measures_itself(tmp_path: Path) -> None:
    with teacher.endpoint(mean_s=0.01) as url:
        took = client("thoughtmill:raw").run(url, 20, 8, tmp_path)
        changed = client("thoughtmill:raw").run(url, 20, 8, tmp_path, changed=True)
        assert teacher.counts(url)["requests"] == 22
    assert (took["answers"], changed["answers"]) == (20, 21)
    assert took["peak_mb"] > 10
    assert 0 < took["cpu_s"] < 60


def test_a_client_that_fails_says_why_in_a_row(tmp_path: Path) -> None:
    with (
        teacher.endpoint(mean_s=0.01) as url,
        pytest.raises(CannotRun, match=r"ModuleNotFoundError: No module named 'bench\.peers\.nobody'"),
    ):
        client("nobody").run(url, 1, 1, tmp_path)


def test_a_connection_that_is_to_be_closed_is_closed_after_the_answer() -> None:
    asked = b"POST /v1/chat/completions HTTP/1.1\r\nConnection: close\r\nContent-Length: 16\r\n\r\n"
    with teacher.endpoint(mean_s=0.01) as url:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            connection.sendall(asked + b'{"messages": []}')
            received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert received.endswith(b"}")


def test_repeats_are_those_that_were_sent_before_a_kill_and_after_the_last() -> None:
    killed = [(10.0, 11.0), (20.0, 21.0)]
    assert teacher.repeats([1.0, 9.0, 10.5, 12.0, 20.5, 22.0], killed) == [2, 1]

"""`thoughtmill report`: where the report is, and a server of it that only this machine can ask."""

import http.client
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests import jugs
from tests.browsers import NO_CHROMIUM, chromium, shown_s
from tests.reader import tables_of
from thoughtmill.factory.commands import cli, report
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.report import ReportSettings
from thoughtmill.factory.report import report as build

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    found = report.server(report.Pages(jugs.opened(), "<h1>jugs</h1>", "f" * 64), 0)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.fixture(scope="module")
def driver() -> Iterator["WebDriver"]:
    with chromium() as driver:
        yield driver


def ask(server: ThreadingHTTPServer, path: str, host: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_it_listens_on_loopback_only(server: ThreadingHTTPServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/", "/index.html", "/explore.html", "/explore/store.js"])
def test_pages_and_scripts_are_served(server: ThreadingHTTPServer, path: str) -> None:
    assert ask(server, path)[0] == 200


@pytest.mark.parametrize(
    "name", ["meta", "columns/thought", "titles/0", "problems/0", "words/jugs", "words/un*"]
)
def test_a_file_of_data_is_made_when_it_is_asked_for(server: ThreadingHTTPServer, name: str) -> None:
    status, text = ask(server, f"/explore/{quote(name)}.js")
    assert status == 200
    assert text.startswith(f'thoughtmill.arrived("{name}","')


@pytest.mark.parametrize(
    "path",
    ["/params.yaml", "/../params.yaml", "/explore/../../params.yaml", "/%2e%2e/params.yaml", "/explore/meta",
     "/explore/columns/sneaky.js", "/explore/titles/9.js", "/explore/problems/-1.js", "/explore/words/.js"],
)  # fmt: skip
def test_nothing_else_is_served(server: ThreadingHTTPServer, path: str) -> None:
    assert ask(server, path)[0] == 404


def test_a_page_of_the_outside_cannot_ask_under_its_own_name(server: ThreadingHTTPServer) -> None:
    assert ask(server, "/explore/meta.js", host=f"evil.example:{server.server_port}")[0] == 404
    assert ask(server, "/explore/meta.js", host=f"localhost:{server.server_port}")[0] == 200


@pytest.mark.skipif(bool(NO_CHROMIUM), reason=NO_CHROMIUM)
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("thought=pot&outcome=correct", "9 records of 9 problems"),
        ("q=unknowns", "9 records of 9 problems"),
        ("q=unkn*", "9 records of 9 problems"),
        ("q=neverseen", "0 records of 0 problems"),
    ],
)
def test_the_served_page_finds_the_same(
    server: ThreadingHTTPServer, driver: "WebDriver", wanted: str, found: str
) -> None:
    driver.get("about:blank")
    driver.get(f"http://127.0.0.1:{server.server_port}/explore.html#{wanted}")
    shown_s(driver)
    assert driver.find_element("id", "status").text.startswith(found)


def test_a_port_that_is_taken_is_one_line(server: ThreadingHTTPServer) -> None:
    with pytest.raises(ThoughtmillError, match=f"port {server.server_port} cannot be served on"):
        report.server(report.Pages(jugs.opened(), "", ""), server.server_port)


def test_without_the_option_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text("thoughts: [pot]\n")
    words = cli.parser(["report"]).parse_args(["report"])
    with pytest.raises(ThoughtmillError, match=r"index\.html is missing: run `dvc repro`, or serve it"):
        report.call(words)
    jugs.build(tmp_path / "data")
    build(tmp_path / "data", jugs.THOUGHTS, ReportSettings(explorer=False))
    assert report.call(words) == (tmp_path / "data" / "report" / "index.html").as_uri()
    assert not (tmp_path / "data" / "report" / "explore" / "meta.js").exists()
    assert (tmp_path / "data" / "report" / "explore.html").exists()


def test_a_port_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text("thoughts: [pot]\n")
    words = cli.parser(["report"]).parse_args(["report", "--serve", "--port", "70000"])
    with pytest.raises(ThoughtmillError, match="--port 70000 is no port"):
        report.call(words)


def test_a_page_says_what_moved_since_an_older_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text(f"thoughts: [{', '.join(jugs.THOUGHTS)}]\n")
    jugs.build(tmp_path / "old")
    with monkeypatch.context() as changed:
        changed.setitem(jugs.BROKEN, (5, "cot"), {"predicted_answer": "99"})
        jugs.write(tmp_path / "data")
    address = report.call(cli.parser(["report"]).parse_args(["report", "--against", str(tmp_path / "old")]))
    page = (tmp_path / "data" / "drift" / "index.html").read_text("utf-8")
    assert address == (tmp_path / "data" / "drift" / "index.html").as_uri()
    found = {table.caption.split(":")[0]: table for table in tables_of(page)}
    (cot,) = [
        row for row in found["Correct records by thought, the older version above"].rows if row[0] == "cot"
    ]
    assert cot[2:] == ["75.0 % of 12", "66.7 % of 12", "8", "7"]
    assert found["Records"].rows == [["cot", "solver", "correct", "incorrect", "1", "-1"]]
    assert 'href="../report/explore.html#' in page

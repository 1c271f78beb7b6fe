"""Say where the report is, serve it on this machine, or write what moved since an older version.

`--serve` answers on loopback only and reads the tables as the page asks for them. So it needs no files of the
explorer, which a corpus of many millions of records would fill a disk with (`report.explorer: false`).
"""

import argparse
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb

from thoughtmill.factory import report
from thoughtmill.factory.commands import diff
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, root
from thoughtmill.factory.pages import explorer
from thoughtmill.factory.pages.drift import drift
from thoughtmill.factory.pages.markup import EXPLORER
from thoughtmill.factory.pages.queries import rows

LOOPBACK = "127.0.0.1"
HTML, SCRIPT = "text/html; charset=utf-8", "text/javascript; charset=utf-8"
PORTS = 65_536
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare whether to serve it, and where."""
    parser.add_argument(
        "--against",
        metavar="OLD",
        help="write a page of what moved since a folder, owner/name@revision on the Hub, or a git revision",
    )
    parser.add_argument("--serve", action="store_true", help="serve it on 127.0.0.1 until Ctrl-C")
    parser.add_argument(
        "--port", type=int, default=8080, help="the port to serve it on; 0 takes any free one"
    )


def call(words: argparse.Namespace) -> str:
    """Name the report's file, serve it, or write one that compares it with an older version."""
    data = root() / "data"
    if words.against is not None:
        return against(words.against, data)
    if not words.serve:
        return existing(data / "report" / "index.html", "run `dvc repro`, or serve it with --serve").as_uri()
    if not 0 <= words.port < PORTS:
        raise ThoughtmillError(f"--port {words.port} is no port: give one from 0 to {PORTS - 1}")
    settings = params.section("report", report.ReportSettings)
    with report.opened(data, params.thoughts()) as (con, manifest):
        pages = Pages(con, report.page(con, settings, manifest), str(manifest["data_version"]))
        with server(pages, words.port) as found:
            print(f"http://{LOOPBACK}:{found.server_port}/ until Ctrl-C", flush=True)
            found.serve_forever()
    return ""


def against(old: str, data: Path) -> str:
    """Write `data/drift/index.html`, the report with what moved since an older version, and name it."""
    with diff.opened(old, str(data)) as (con, versions):
        found = {name: rows(con, query) for name, query in diff.SECTIONS.items()}
    settings = params.section("report", report.ReportSettings)
    with report.opened(data, params.thoughts()) as (con, manifest):
        report.write_page(data / "drift", report.page(con, settings, manifest, [drift(versions, found)]))
    return (data / "drift" / "index.html").as_uri()


class Pages:
    """The files of a report by their paths, made when they are asked for; one query runs at a time."""

    def __init__(self, con: duckdb.DuckDBPyConnection, index: str, data_version: str) -> None:
        self.explorer = explorer.Explorer(con, data_version)
        self.lock = threading.Lock()
        self.fixed = {"index.html": (HTML, index), EXPLORER: (HTML, explorer.page())} | {
            f"{explorer.FOLDER}/{name}": (SCRIPT, (explorer.ASSETS / name).read_text("utf-8"))
            for name in explorer.SCRIPTS
        }

    def get(self, path: str) -> tuple[str, str] | None:
        """Return the type and the text of a file, or None where there is none of that name."""
        name = path.removeprefix("/") or "index.html"
        if name in self.fixed:
            return self.fixed[name]
        folder, _, wanted = name.removesuffix(".js").partition("/")
        if folder != explorer.FOLDER or not name.endswith(".js"):
            return None
        with self.lock:
            payload = self.explorer.file(wanted)
        return None if payload is None else (SCRIPT, explorer.script(wanted, payload))


def server(pages: Pages, port: int) -> ThreadingHTTPServer:
    """Return a server of a report on loopback; a port that is taken is one line."""
    try:
        found = ThreadingHTTPServer((LOOPBACK, port), _handler(pages.get))
    except OSError as error:
        raise ThoughtmillError(
            f"port {port} cannot be served on: {error.strerror}; choose another --port"
        ) from error
    found.daemon_threads = True
    return found


def _handler(get: Callable[[str], tuple[str, str] | None]) -> type[BaseHTTPRequestHandler]:
    """Return a handler of requests that answers with what `get` has.

    It refuses any other `Host`, so that no page of the outside can read it under a name of its own.
    """

    class ReportHandler(BaseHTTPRequestHandler):
        server: ThreadingHTTPServer

        def do_GET(self) -> None:
            hosts = {f"{name}:{self.server.server_port}" for name in (LOOPBACK, "localhost")}
            found = get(unquote(urlsplit(self.path).path)) if self.headers.get("Host") in hosts else None
            kind, text = found or ("text/plain; charset=utf-8", "There is no such page.\n")
            body = text.encode("utf-8", "replace")
            self.send_response(200 if found else 404)
            for header, value in HEADERS.items():
                self.send_header(header, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing of each request."""

    return ReportHandler

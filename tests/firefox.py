"""Firefox without a window, driven over WebDriver BiDi, which it speaks itself: no geckodriver is needed.

BiDi is JSON over a WebSocket: https://w3c.github.io/webdriver-bidi.
"""

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE_S

FIREFOX = next(filter(None, map(shutil.which, ("firefox", "firefox-esr"))), None)
NO_FIREFOX = "" if FIREFOX and find_spec("websocket") else "needs Firefox and websocket-client"
"""Why Firefox cannot be driven; empty where it can."""

LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class Firefox:
    """A tab of Firefox, with the methods of selenium that the tests use."""

    def __init__(self, address: str) -> None:
        from websocket import create_connection

        self.socket = create_connection(f"{address}/session", timeout=PATIENCE_S, suppress_origin=True)
        self.sent = 0
        self.errors: list[str] = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])
        self.tab = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **params: Any) -> Any:
        """Send a command, and return its result; errors that the page logs meanwhile are kept."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": params}))
        while True:
            said = json.loads(self.socket.recv())
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self.errors.append(str(said["params"]["text"]))
            if said.get("id") == self.sent:
                if said["type"] == "error":
                    raise RuntimeError(f"{method}: {said['message']}")
                return said["result"]

    def get(self, address: str) -> None:
        """Open an address, and wait until it is loaded."""
        self.call("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def execute_script(self, script: str, *given: Any) -> Any:
        """Return what the body of a function returns; `arguments` holds what is given."""
        told = self.call(
            "script.callFunction",
            functionDeclaration="(given) => JSON.stringify((function () {"
            + script
            + "}).apply(null, JSON.parse(given)) ?? null)",
            arguments=[{"type": "string", "value": json.dumps(given)}],
            target={"context": self.tab},
            awaitPromise=True,
        )
        if told["type"] != "success":
            raise RuntimeError(told["exceptionDetails"]["text"])
        return json.loads(told["result"]["value"])

    def press(self, keys: str) -> None:
        """Press and release keys, one after the other."""
        pressed = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": pressed}
        self.call("input.performActions", context=self.tab, actions=[keyboard])

    def resize(self, width: int, height: int) -> None:
        """Show the page at a size, such as a phone's."""
        size = {"width": width, "height": height}
        self.call("browsingContext.setViewport", context=self.tab, viewport=size)

    def picture(self, path: Path) -> None:
        """Write what is seen to a PNG file."""
        shown = self.call("browsingContext.captureScreenshot", context=self.tab)
        path.write_bytes(base64.b64decode(shown["data"]))


@contextmanager
def firefox() -> Iterator[Firefox]:
    """Yield a tab of Firefox with a profile that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as profile:
        words = [str(FIREFOX), "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            said = next((found for line in process.stderr if (found := LISTENING.search(line))), None)
            if said is None:
                raise RuntimeError("Firefox ended before it listened")
            tab = Firefox(said[1])
            yield tab
            with suppress(RuntimeError, OSError):
                tab.call("browser.close")
        finally:
            process.terminate()
            process.wait(30)

"""Addresses: where an endpoint is asked, with which key, and through which proxy.

Keys come from the environment alone, and are taken out of everything that is stored or shown.
"""

import ipaddress
import os
import re
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from thoughtmill.factory.core.errors import ThoughtmillError

KEY_ENV = "OPENAI_API_KEY"
PATHS = {"chat": "/chat/completions", "responses": "/responses"}
SHORTEST_SECRET = 12
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")  # in a URL, such as a proxy's
ACCOUNT = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}


@dataclass(frozen=True, slots=True)
class Address:
    """One address of an endpoint.

    `key_env` names the environment variable that holds its key. `api_version` is Azure's; an address with one
    gets the key as Azure wants it. `model` is the model's name there, where it differs. An address gets
    `weight` times as many requests as an address of weight 1.
    """

    base_url: str
    api: str = "chat"
    key_env: str = KEY_ENV
    api_version: str | None = None
    model: str | None = None
    weight: float = 1.0

    @property
    def url(self) -> str:
        """The URL to which requests go."""
        query = f"?api-version={self.api_version}" if self.api_version else ""
        return self.base_url.rstrip("/") + PATHS[self.api] + query

    def headers(self) -> dict[str, str]:
        """Return the headers of a request, with the key."""
        key, sent = api_key(self.key_env), {"Content-Type": "application/json"}
        if self.api_version:
            return sent | ({"api-key": key} if key else {})
        if (urlsplit(self.base_url).hostname or "").endswith("openai.com"):
            sent |= {header: os.environ[name] for name, header in ACCOUNT.items() if os.environ.get(name)}
        return sent | ({"Authorization": f"Bearer {key}"} if key else {})


_used: set[str] = set()  # the environment variables that keys were read from


def api_key(name: str = KEY_ENV) -> str | None:
    """Return the API key from an environment variable, or None.

    Surrounding whitespace, such as a trailing newline, is dropped. Characters that no key can have raise a
    `ThoughtmillError`.
    """
    _used.add(name)
    key = os.environ.get(name, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ThoughtmillError(f"{name} holds characters that no key can have: set it again")
    return key or None


def is_local(url: str) -> bool:
    """Say whether a URL is on this machine or in its own network.

    >>> is_local("http://localhost:8000/v1"), is_local("http://192.168.1.7/v1"), is_local("https://api.x.com")
    (True, True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(".local")


def proxy_of(url: str) -> str | None:
    """Return the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` set for a URL, or None.

    A server on this machine is asked without one: a proxy elsewhere does not reach it.
    """
    parts = urlsplit(url)
    if parts.hostname in LOOPBACK or urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def safe(text: str) -> str:
    """Return the text of an error without credentials and in valid UTF-8, so that it may be stored."""
    return without_key(CREDENTIALS.sub("", text).encode(errors="replace")).decode()


def without_key(text: bytes) -> bytes:
    """Replace the API keys where an endpoint repeats them; short keys, such as `none`, are not secret."""
    for name in {KEY_ENV, *_used}:
        key = api_key(name)
        if key and len(key) >= SHORTEST_SECRET:
            text = text.replace(key.encode(), b"[key]")
    return text

"""Request keys: the same request has the same key, wherever and however it is sent.

A key is the SHA-256 of canonical JSON, so that a direct call, a batch and a collaborator's machine find the
same answer. Time-outs, API keys and the transport do not change an answer, and are not part of its key.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

KEY_VERSION = 1


def canonical(value: Any) -> bytes:
    """Return JSON with sorted keys, no spaces, in UTF-8; whole floats are written as integers.

    >>> canonical({"top_p": 1.0, "temperature": 0.2})
    b'{"temperature":0.2,"top_p":1}'
    """
    return orjson.dumps(_whole(value), option=orjson.OPT_SORT_KEYS)


def prompt_sha(messages: Iterable[Mapping[str, str]]) -> str:
    """Return the SHA-256 of the messages alone, in hexadecimal."""
    return hashlib.sha256(orjson.dumps([*messages], option=orjson.OPT_SORT_KEYS)).hexdigest()


def endpoint_name(base_url: str) -> str:
    """Return the name of an endpoint in keys: its URL without credentials, query or closing slash.

    >>> endpoint_name("https://me:secret@API.example.com/v1/")
    'https://api.example.com/v1'
    """
    parts = urlsplit(base_url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


def sent(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are sent to the endpoint: those that are not None."""
    return {name: value for name, value in parameters.items() if value is not None}


def request_key(
    endpoint: str, messages: Iterable[Mapping[str, str]], parameters: Mapping[str, Any], sample: int
) -> str:
    """Return the key of one request: 64 hexadecimal digits.

    `endpoint` is an `endpoint_name`. `parameters` hold the model, every sampling parameter and the response
    format, if there is one.
    """
    prompt = orjson.dumps([*messages], option=orjson.OPT_SORT_KEYS)
    rest = canonical([KEY_VERSION, endpoint, sent(parameters), sample])
    return hashlib.sha256(b"[" + rest + b"," + prompt + b"]").hexdigest()


def _whole(value: Any) -> Any:
    """Return 1 for 1.0, so that a number has one form however `params.yaml` spells it."""
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value

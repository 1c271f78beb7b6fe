"""Deliveries: what came back for one request over the wire, and what it comes to.

Pure: a delivery in, a verdict out. A completion is kept and never bought again, however poor it is; a `Fault`
says whether to ask again, to give this request up, or to stop the run.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import orjson

from thoughtmill.factory.teachers import failure_of


@dataclass(frozen=True, slots=True)
class Response:
    """What a transport brought back.

    `status` is the HTTP status, or None when no whole answer came; `detail` then says why, or where to an
    endpoint says that it has moved. `retry_after_s` is what the endpoint asked to wait.
    """

    status: int | None
    body: bytes
    latency_s: float | None
    retry_after_s: float | None = None
    detail: str = ""
    sent: bool = True


@dataclass(frozen=True, slots=True)
class ParsedCompletion:
    """A completion with its envelope; `failure` is one of `schemas.fields.FAILURES` when it is no good."""

    model: str
    text: str | None
    finish_reason: str | None
    failure: str | None
    detail: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None


class Remedy(Enum):
    """What to do about a fault."""

    RETRY = "ask again, later"
    GIVE_UP = "this request will never be answered, others may"
    STOP = "nothing will be answered until the set-up is mended"


@dataclass(frozen=True, slots=True)
class Fault:
    """A delivery without a completion.

    `overload` asks for fewer requests at once. `outage` says that it cannot be this request's own fault.
    `billed` says that the endpoint may have done the work, and charge for it. `failure` is the name that the
    request's row gets if it ends here.
    """

    remedy: Remedy
    detail: str
    overload: bool = False
    outage: bool = False
    billed: bool = False
    failure: str = "unanswered"


RETRYABLE = frozenset({408, 409, 425, 429})
BUSY = frozenset({429, 502, 503, 504, 529})
NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
DECLINED = frozenset({"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"})
TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length"})


def read(delivery: Response) -> ParsedCompletion | Fault:
    """Say what a delivery comes to."""
    if delivery.status is None:
        return Fault(
            Remedy.RETRY, delivery.detail, overload=True, outage=not delivery.sent, billed=delivery.sent
        )
    if 300 <= delivery.status < 400:
        moved = (
            f"the endpoint has moved to {_short(delivery.detail.encode())}: set base_url to its new address"
        )
        return Fault(Remedy.RETRY, f"HTTP {delivery.status}: {moved}")
    if delivery.status != 200:
        return _refusal(delivery.status, delivery.body)
    completed = completion(delivery.body)
    if isinstance(completed, str):
        status = _disguised(delivery.body)
        fault = _refusal(status, delivery.body) if status else Fault(Remedy.RETRY, completed)
        return replace(fault, billed=True)
    return completed


def completion(body: bytes) -> ParsedCompletion | str:
    """Read a chat completion; return what is wrong with the body when it holds none."""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return f"the answer's body is no JSON: {_short(body)}"
    choices = envelope.get("choices") if isinstance(envelope, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return f"the answer holds no choices: {_short(body)}"
    message = choices[0].get("message")
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not (text is None or isinstance(text, str)):
        return f"the answer's first choice holds no message: {_short(body)}"
    if choices[0].get("error"):
        return f"the answer broke off: {_short(orjson.dumps(choices[0]['error']))}"
    finish_reason = _text(choices[0].get("finish_reason"))
    refusal = _text(message.get("refusal"))
    failure, detail = ("refused", refusal) if refusal else failure_of(text, finish_reason)
    usage = _mapping(envelope.get("usage"))
    cached = _mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
    return ParsedCompletion(
        model=_text(envelope.get("model")) or "",
        text=text,
        finish_reason=finish_reason,
        failure=failure,
        detail=detail,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        cached_tokens=_count(cached),
        completion_tokens=_count(usage.get("completion_tokens")),
    )


def _disguised(body: bytes) -> int | None:
    """Return the HTTP status that a body sent with status 200 gives as its error's code, as gateways do."""
    try:
        code = _mapping(_mapping(orjson.loads(body)).get("error")).get("code")
    except orjson.JSONDecodeError:
        return None
    if _error(body)[1] & NO_CREDIT:
        return 402
    return code if isinstance(code, int) and 400 <= code < 600 else None


def _refusal(status: int, body: bytes) -> Fault:
    """Say what an HTTP error means, in the endpoint's own words."""
    message, codes = _error(body)
    detail = f"HTTP {status}: {message}"
    if status == 429 and codes & NO_CREDIT:
        return Fault(Remedy.STOP, detail)
    if status in RETRYABLE or status >= 500:
        busy = status in BUSY
        return Fault(Remedy.RETRY, detail, overload=busy, outage=busy)
    if codes & DECLINED:
        return Fault(Remedy.GIVE_UP, detail, failure="refused")
    if codes & TOO_LONG or status == 413:
        return Fault(Remedy.GIVE_UP, detail)
    return Fault(Remedy.STOP, detail)


def _error(body: bytes) -> tuple[str, frozenset[str]]:
    """Return an error's message, and the words it gives as code and type; endpoints spell it in many ways."""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _short(body), frozenset()
    if isinstance(envelope, list) and envelope:
        envelope = envelope[0]
    error = envelope.get("error", envelope) if isinstance(envelope, dict) else envelope
    if not isinstance(error, dict):
        return _short(orjson.dumps(error)), frozenset()
    message = error.get("message") or error.get("detail") or error
    inner = _mapping(error.get("innererror")).get("code")
    codes = frozenset(str(word) for word in (error.get("code"), error.get("type"), inner) if word)
    return message if isinstance(message, str) else _short(orjson.dumps(message)), codes


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def _short(body: bytes, length: int = 200) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    return text if len(text) <= length else f"{text[:length]}..."

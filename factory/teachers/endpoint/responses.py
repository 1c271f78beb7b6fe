"""Parse responses: a completion with its usage, or a fault with its remedy. Pure.

A completion is kept and never bought again, however poor it is. A `Fault` says whether to retry its request,
to give it up, or to stop the run.
"""

import json
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import orjson

from thoughtmill.factory.teachers import failure_of


@dataclass(frozen=True, slots=True)
class Response:
    """What a transport received for one request.

    `status` is the HTTP status, or None when the response is missing or cut. `detail` then says why; for a
    redirect it is the new address. `retry_after_s` is how long the endpoint asks to wait. `sent` is False
    when the request cannot have reached the endpoint.
    """

    status: int | None
    body: bytes
    latency_s: float | None
    retry_after_s: float | None = None
    detail: str = ""
    sent: bool = True


@dataclass(frozen=True, slots=True)
class ParsedCompletion:
    """A completion with its usage; `failure`, of `schemas.fields.FAILURES`, is set when it cannot be used."""

    model: str
    text: str | None
    finish_reason: str | None
    failure: str | None
    detail: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None

    @property
    def usage(self) -> tuple[int | None, int | None, int | None]:
        """Tokens: of the prompt, of its cached part, of the completion."""
        return self.prompt_tokens, self.cached_tokens, self.completion_tokens


class Remedy(Enum):
    """What to do about a fault."""

    RETRY = "send the request again, later"
    GIVE_UP = "this request will never be answered, others may"
    STOP = "no request will be answered until the set-up is mended"


@dataclass(frozen=True, slots=True)
class Fault:
    """A response without a completion, and its remedy.

    `overload` asks for fewer requests at once. `outage` says that the request itself cannot be the cause.
    `billed` says that the endpoint may have done the work and may charge for it. `failure` is the failure of
    the request's row if no retry follows.
    """

    remedy: Remedy
    detail: str
    overload: bool = False
    outage: bool = False
    billed: bool = False
    failure: str = "unanswered"


MOVED = frozenset({301, 308})  # for good
RETRYABLE = frozenset({408, 409, 425, 429})
BUSY = frozenset({429, 502, 503, 504, 529})
NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
DECLINED = frozenset({"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"})
TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length"})


def parse_response(response: Response) -> ParsedCompletion | Fault:
    """Return the completion of a response, or its fault."""
    if response.status is None:
        return Fault(
            Remedy.RETRY, response.detail, overload=True, outage=not response.sent, billed=response.sent
        )
    if 300 <= response.status < 400:
        address = _short(response.detail.encode())
        moved = f"the endpoint has moved to {address}: set base_url to its new address"
        remedy = Remedy.STOP if response.status in MOVED else Remedy.RETRY
        return Fault(remedy, f"HTTP {response.status}: {moved}")
    if response.status != 200:
        return _refusal(response.status, response.body)
    parsed = parse_body(response.body)
    if isinstance(parsed, str):
        status = _hidden_status(response.body)
        fault = _refusal(status, response.body) if status else Fault(Remedy.RETRY, parsed)
        return replace(fault, billed=True)
    return parsed


def parse_body(body: bytes) -> ParsedCompletion | str:
    """Parse the body of a chat completion, or return why that is impossible."""
    try:
        envelope = load_json(body)
    except ValueError:
        return f"the answer's body is not JSON: {_short(body)}"
    choices = envelope.get("choices") if isinstance(envelope, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return f"the answer holds no choices: {_short(body)}"
    message, finish_reason = choices[0].get("message"), _text(choices[0].get("finish_reason"))
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not (text is None or isinstance(text, str)):
        return f"the answer's first choice holds no message: {_short(body)}"
    error = choices[0].get("error")
    if error or finish_reason == "error":
        return f"the answer broke off: {_short(orjson.dumps(error or text))}"
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


def load_json(body: bytes) -> Any:
    """Parse JSON as providers send it, or raise a `ValueError`.

    A byte order mark is dropped, `NaN` is read as None, and invalid bytes and halves of surrogate pairs are
    replaced.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            lenient = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=lambda constant: None)
            return orjson.loads(json.dumps(lenient, ensure_ascii=False).encode("utf-8", "replace"))
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def _hidden_status(body: bytes) -> int | None:
    """Return the HTTP status of an error that a gateway sent with status 200; None without one."""
    try:
        code = _mapping(_mapping(load_json(body)).get("error")).get("code")
    except ValueError:
        return None
    if _error(body)[1] & NO_CREDIT:
        return 402
    return code if isinstance(code, int) and 400 <= code < 600 else None


def _refusal(status: int, body: bytes) -> Fault:
    """Return the fault of an HTTP error, in the endpoint's own words."""
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
    """Return an error's message and its codes; endpoints spell both in many ways."""
    try:
        envelope = load_json(body)
    except ValueError:
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

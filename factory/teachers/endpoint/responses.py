"""Parse responses: a completion with its usage, or a fault with its cause. Pure.

A completion is kept and never bought again, however poor it is.
"""

from dataclasses import dataclass, replace

from thoughtmill.factory.teachers import failure_of
from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body
from thoughtmill.factory.teachers.endpoint.faults import About, Fault, hidden_status, refusal
from thoughtmill.factory.teachers.endpoint.lenient_json import one_line
from thoughtmill.factory.thoughts.reasoning import separated


@dataclass(frozen=True, slots=True)
class Response:
    """What a transport received for one request.

    `status` is the HTTP status, or None when the response is missing or cut. `detail` then says why; for a
    redirect it is the new address. `retry_after_s` is how long the endpoint asks to wait. `sent` is False
    when the request cannot have reached the endpoint, and `wrong` is True when the address cannot be right.
    """

    status: int | None
    body: bytes
    latency_s: float | None
    retry_after_s: float | None = None
    detail: str = ""
    sent: bool = True
    wrong: bool = False


MOVED = frozenset({301, 308})  # for good


def parse_response(response: Response) -> ParsedCompletion | Fault:
    """Return the completion of a response, or its fault."""
    if response.status is None:
        about = About.MODEL if response.wrong else About.MOMENT
        outage = not response.sent and not response.wrong
        return Fault(about, response.detail, overload=True, outage=outage, billed=response.sent)
    if 300 <= response.status < 400:
        address = one_line(response.detail.encode())
        moved = f"the endpoint has moved to {address}: set base_url to its new address"
        about = About.MODEL if response.status in MOVED else About.MOMENT
        return Fault(about, f"HTTP {response.status}: {moved}")
    answered = 200 <= response.status < 300
    read = answered or (response.status == 400 and b'"failed_generation"' in response.body)
    parsed = parse_body(response.body) if read else ""  # Groq refuses what a model wrote, and holds it
    if isinstance(parsed, ParsedCompletion):
        return parsed
    if not answered:
        return refusal(response.status, response.body)
    status = hidden_status(response.body)
    fault = refusal(status, response.body) if status else Fault(About.MOMENT, parsed)
    return replace(fault, billed=True)


def unusable(body: bytes) -> str | None:
    """Return why an answer of the ledger is worth asking again: it broke off, or has no text; else None.

    An answer that the length limit cut, that a filter stopped or that refuses is what the model says.
    """
    parsed = parse_body(body)
    if isinstance(parsed, str):
        return parsed
    reasoning, completion, _ = separated(parsed.reasoning, parsed.text)
    failure, detail = failure_of(completion, parsed.finish_reason, reasoning)
    return detail if failure == "empty" and parsed.failure in (None, "empty") else None

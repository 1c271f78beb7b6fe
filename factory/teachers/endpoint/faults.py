"""Faults: the cause of an endpoint's error, by its status, its codes and its words. Pure.

An error is about one row (its prompt is too long), the key or its account, the model, or the moment
(overload). Providers word the same error in many ways: each wording is one line of `WORDINGS`. A refusal in
words that no line knows is the row's own, unless other rows get it too (see `control`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from http.client import responses
from typing import Any

import orjson

from thoughtmill.factory.teachers.endpoint.lenient_json import load_body, mapping, one_line, readable


class About(Enum):
    """What an error is about, and so who gets it next time."""

    ROW = "this request is never answered, others are"
    KEY = "no request is answered until the key or its account is mended"
    MODEL = "no request is answered until the model's name or the address is mended"
    MOMENT = "the same request may be answered later"
    UNKNOWN = "refused in unknown words: the row's own fault, unless other rows get the same answer"


@dataclass(frozen=True, slots=True)
class Fault:
    """A response without a completion.

    `overload` asks for fewer requests at once. `outage` says that the request itself cannot be the cause.
    `billed` says that the endpoint may have done the work and may charge for it. `failure` is the failure of
    the request's row if no retry follows. `names` are the parameters that the error may be about.
    """

    about: About
    detail: str
    overload: bool = False
    outage: bool = False
    billed: bool = False
    failure: str = "unanswered"
    names: frozenset[str] = frozenset()

    @property
    def same(self) -> str:
        """What two rows have in common that get the same answer: its words without numbers and quotations."""
        return re.sub(r"[\d\W]+", " ", QUOTED.sub("", self.detail))[:80]

    @property
    def refuses_format(self) -> bool:
        """Whether the endpoint says that it has no such response format; some say so with status 500."""
        named = re.search(r"response.?format|json.?schema|structured", self.detail.lower())
        return named is not None and self.detail.startswith("HTTP ") and self.about is not About.ROW

    def wants_stream(self, asked: str) -> str | None:
        """Return the form of stream to ask for, if the endpoint refuses the form that was asked for.

        Some endpoints answer in streams alone (`usage`), some know no `stream_options` (`bare`).
        """
        if self.about is not About.UNKNOWN:
            return None
        if asked == "usage" and "stream_options" in self.names:
            return "bare"
        return "usage" if asked == "no" and ONLY_STREAMS.search(self.detail.lower()) else None


ONLY_STREAMS = re.compile(
    r"only supports? stream|streaming (is )?(required|only)|non-stream"
    r"|stream (must|has to) be (set to )?true|must have stream"
)
RETRYABLE = frozenset({408, 409, 425, 429, 498, 499})  # 498: Groq's flex tier; 499: nginx gave up
BUSY = frozenset({429, 498, 502, 503, 504, 529})
ABOUT = {401: About.KEY, 402: About.KEY, 403: About.KEY, 404: About.MODEL, 405: About.MODEL, 410: About.MODEL}
CODES: dict[str, tuple[About, str]] = {
    "insufficient_quota": (About.KEY, "refused_by_endpoint"),
    "billing_hard_limit_reached": (About.KEY, "refused_by_endpoint"),
    "billing_not_active": (About.KEY, "refused_by_endpoint"),
    "content_filter": (About.ROW, "moderated"),
    "content_policy_violation": (About.ROW, "moderated"),
    "ResponsibleAIPolicyViolation": (About.ROW, "moderated"),
    "invalid_prompt": (About.ROW, "moderated"),
    "data_inspection_failed": (About.ROW, "moderated"),
    "DataInspectionFailed": (About.ROW, "moderated"),
    "context_length_exceeded": (About.ROW, "too_long"),
    "string_above_max_length": (About.ROW, "too_long"),
    "exceed_context_size_error": (About.ROW, "too_long"),
    "request_too_large": (About.ROW, "too_long"),
    "json_validate_failed": (About.ROW, "refused_by_endpoint"),  # Groq: the model wrote no JSON
    "tool_use_failed": (About.ROW, "refused_by_endpoint"),  # Groq: the model called a tool
    "1261": (About.ROW, "too_long"),  # Zhipu
    "1301": (About.ROW, "moderated"),  # Zhipu
    "InputTextSensitiveContentDetected": (About.ROW, "moderated"),  # BytePlus
    "OutputTextSensitiveContentDetected": (About.ROW, "moderated"),
    "budget_exceeded": (About.KEY, "refused_by_endpoint"),  # LiteLLM
    "Arrearage": (About.KEY, "refused_by_endpoint"),  # Qwen
    "ThrottlingException": (About.MOMENT, "unanswered"),  # Bedrock
    "model_not_found": (About.MODEL, "refused_by_endpoint"),
    "DeploymentNotFound": (About.MODEL, "refused_by_endpoint"),
}
TYPES = {  # the status of an error whose words alone are in the answer, as in a stream that had begun
    "overloaded_error": 529,  # Anthropic
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,  # OpenAI
    "server_error": 500,
    "api_error": 500,
    "authentication_error": 401,
    "invalid_request_error": 400,
}
ROW, KEY, MODEL, MOMENT = About.ROW, About.KEY, About.MODEL, About.MOMENT
LARGER_THAN_A_MINUTES = "request too large for"
NO_MONEY = "insufficient balance"
NO_CHANNEL = ("no available channel", "无可用渠道")  # for a model, in One API and New API; no wait brings one
WITH_ANY_STATUS = (LARGER_THAN_A_MINUTES, NO_MONEY, *NO_CHANNEL)
LIMITED = ("rate limit", "request limit reached")  # said of an account or a model too, with their statuses
BLOCKED = frozenset({446, 451})  # Portkey's guardrails; StepFun, for legal reasons
SAID = ("message", "detail", "msg", "error_msg", "errorMessage", "status_msg")  # where errors have words
WORDINGS: tuple[tuple[About, str, str], ...] = (  # the cause, the failure, the words in lower case
    (
        KEY,
        "refused_by_endpoint",
        "your account",
    ),  # before "flagged", "usage policy" and other faults of a row
    (KEY, "refused_by_endpoint", "your access"),
    (KEY, "refused_by_endpoint", "api key expired"),  # Gemini, 400
    (KEY, "refused_by_endpoint", "api key not valid"),  # Gemini, 400
    (KEY, "refused_by_endpoint", "incorrect api key"),  # xAI, 400
    (KEY, "refused_by_endpoint", "credit balance is too low"),  # Anthropic, 400
    (KEY, "refused_by_endpoint", "api usage limits"),  # Anthropic, 400: until the month ends
    (KEY, "refused_by_endpoint", "location is not supported"),  # Gemini, 400
    (KEY, "refused_by_endpoint", NO_MONEY),  # MiniMax, with 200, 429 and 500
    (KEY, "refused_by_endpoint", "invalid api key"),  # MiniMax, 200
    (KEY, "refused_by_endpoint", "login fail"),  # MiniMax, 200
    (MOMENT, "unanswered", "throttlingexception"),  # Bedrock, 400
    (MOMENT, "unanswered", "ratelimiterror"),  # LiteLLM, with the status of another provider
    (MOMENT, "unanswered", "too many requests"),
    (ROW, "too_long", "contextwindowexceedederror"),  # LiteLLM
    (ROW, "too_long", "maximum context length"),  # OpenAI, OpenRouter, DeepSeek, Together, vLLM
    (ROW, "too_long", "max_tokens must be at least 1"),  # vLLM, when the prompt alone fills the context
    (ROW, "too_long", "maximum model length"),  # vLLM: "longer than the maximum model length of"
    (ROW, "too_long", "exceeds the available context size"),  # llama.cpp
    (ROW, "too_long", "exceed context window"),  # llama-cpp-python
    (ROW, "too_long", "exceeds the context window"),  # OpenAI's newer models
    (ROW, "too_long", "tokens exceed the configured limit"),  # OpenAI's newer models
    (ROW, "too_long", "exceeds model context window"),
    (ROW, "too_long", "exceeds the maximum number of tokens"),  # Gemini
    (ROW, "too_long", "exceed context limit"),  # Anthropic: prompt and max_tokens together
    (ROW, "too_long", "prompt is too long"),  # Anthropic
    (ROW, "too_long", "too large for model with"),  # Mistral
    (ROW, "too_long", "reduce the length of the messages"),  # Groq
    (ROW, "too_long", "longer than the model's context length"),  # SGLang
    (ROW, "too_long", "greater than the context length"),  # LM Studio
    (
        ROW,
        "too_long",
        "context length of only",
    ),  # LM Studio: "the model is loaded with context length of only"
    (ROW, "too_long", "context length is only"),  # vLLM: "However, the model's context length is only"
    (ROW, "too_long", "exceeds the context length"),  # Ollama
    (
        ROW,
        "too_long",
        "max_new_tokens` must be <= ",
    ),  # Together, TGI: "`inputs` tokens + `max_new_tokens` must"
    (ROW, "too_long", "tokens exceed model limit"),  # Together
    (ROW, "too_long", "maximum prompt length"),  # xAI
    (ROW, "too_long", "range of input length"),  # Qwen
    (ROW, "too_long", "input is too long"),  # Bedrock
    (ROW, "too_long", "too many tokens: size limit"),  # Cohere
    (ROW, "too_long", "must have less than"),  # TGI: "`inputs` must have less than 4096 tokens"
    (ROW, "too_long", "too large to process"),  # llama.cpp, 500: larger than its batch
    (ROW, "too_long", "maximum input length"),  # DeepInfra
    (ROW, "too_long", "exceeded model token limit"),  # Moonshot
    (ROW, "too_long", "context window limit"),  # Cloudflare
    (ROW, "too_long", LARGER_THAN_A_MINUTES),  # OpenAI, 429: no wait helps
    (ROW, "moderated", "contentpolicyviolationerror"),  # LiteLLM
    (ROW, "moderated", "usage guidelines"),  # xAI, 403
    (ROW, "moderated", "flagged"),  # OpenAI: "your prompt was flagged"; OpenRouter: "your input was flagged"
    (ROW, "moderated", "requires moderation"),  # OpenRouter, 403
    (ROW, "moderated", "content exists risk"),  # DeepSeek
    (ROW, "moderated", "inappropriate content"),  # Qwen
    (ROW, "moderated", "content filter"),
    (ROW, "moderated", "content management policy"),  # Azure
    (ROW, "moderated", "usage policy"),
    (ROW, "moderated", "safety reasons"),
    (ROW, "moderated", "safety system"),  # OpenAI
    (ROW, "moderated", "new_sensitive"),  # MiniMax, 200
    (MODEL, "refused_by_endpoint", "model not exist"),  # DeepSeek
    (MODEL, "refused_by_endpoint", "invalid model"),  # Mistral
    (MODEL, "refused_by_endpoint", "is not a valid model"),  # OpenRouter
    (MODEL, "refused_by_endpoint", "unable to access model"),  # Together
    (MODEL, "refused_by_endpoint", "access to the model"),  # Bedrock
    (MODEL, "refused_by_endpoint", "no models loaded"),  # LM Studio
    (MODEL, "refused_by_endpoint", NO_CHANNEL[0]),  # New API, 503
    (MODEL, "refused_by_endpoint", NO_CHANNEL[1]),  # One API, 503
    (MOMENT, "unanswered", LIMITED[0]),  # MiniMax and other gateways, 200
    (MOMENT, "unanswered", "rate limit exceeded"),  # GitHub, 403
    (MOMENT, "unanswered", LIMITED[1]),  # Baidu, 200
)
QUOTED = re.compile(r"""[`'"]([\w.\-]+)[`'"]""")


def refusal(status: int, body: bytes) -> Fault:
    """Return the fault of an HTTP error, in the endpoint's own words."""
    message, codes, names = said(body)
    about, failure = _about(status, message.lower(), codes)
    busy = about is About.MOMENT and (status in BUSY or (status < 500 and status not in RETRYABLE))
    message = message or responses.get(status, "without a word")
    return Fault(about, f"HTTP {status}: {message}", overload=busy, outage=busy, failure=failure, names=names)


def _about(status: int, words: str, codes: frozenset[str]) -> tuple[About, str]:
    """Return the cause of an error, and the failure of a row that ends with it."""
    for code in sorted(codes & CODES.keys()):
        return CODES[code]
    for about, failure, wording in WORDINGS:
        if wording in words and _fits(about, wording, status):
            return about, failure
    if status in RETRYABLE or status >= 500:
        return About.MOMENT, "unanswered"
    if status == 413:
        return About.ROW, "too_long"
    if status in BLOCKED:
        return About.ROW, "moderated"
    return ABOUT.get(status, About.UNKNOWN), "refused_by_endpoint"


def _fits(about: About, wording: str, status: int) -> bool:
    """Say whether a wording decides beside this status, or only colours it."""
    if wording in WITH_ANY_STATUS:
        return True
    if status in {401, 429} or (wording in LIMITED and status in ABOUT):
        return False
    return about is About.ROW or status < 500


def said(body: bytes) -> tuple[str, frozenset[str], frozenset[str]]:
    """Return an error's message, its codes and the parameters it names; endpoints spell all in many ways."""
    try:
        error = _error(load_body(body))
    except ValueError:
        return readable(body), frozenset(), frozenset()
    if not isinstance(error, dict):
        message = one_line(orjson.dumps(error))
        return message, frozenset(), frozenset(_quoted(error))
    spoken: Any = next((error[name] for name in SAID if error.get(name)), error)
    inner, raw = mapping(error.get("innererror")).get("code"), mapping(error.get("metadata")).get("raw")
    kinds = error.get("code"), error.get("type"), error.get("__type"), inner
    codes = frozenset(str(word).rpartition("#")[2] for word in kinds if word)
    words = spoken if isinstance(spoken, str) else one_line(orjson.dumps(spoken))
    if raw:  # OpenRouter: the words of the provider behind it
        words = f"{words}: {one_line(raw.encode() if isinstance(raw, str) else orjson.dumps(raw))}"
    names = frozenset({*_quoted(words), *_quoted(error.get("detail")), str(error.get("param") or "")})
    return words, codes, names


def _error(envelope: Any) -> Any:
    """Return the error of an envelope, wherever a provider puts it; by default the envelope itself."""
    if isinstance(envelope, list) and envelope:
        envelope = envelope[0]
    if not isinstance(envelope, dict):
        return envelope
    several = envelope.get("errors")  # Cloudflare
    first = several[0] if isinstance(several, list) and several else None
    return envelope.get("error") or envelope.get("base_resp") or first or envelope  # `base_resp`: MiniMax


def _quoted(value: Any) -> Iterator[str]:
    """Yield the words that a message quotes, and the places that a list of errors names."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    yield from QUOTED.findall(text.replace('\\"', '"'))
    yield from (name for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text))


def hidden_status(body: bytes) -> int | None:
    """Return the HTTP status of an error that a gateway sent with status 200; None without one."""
    try:
        envelope = load_body(body)
    except ValueError:
        return None
    error = _error(envelope)
    for code in (mapping(error).get(name) for name in ("code", "status", "status_code", "http_code")):
        number = int(code) if isinstance(code, str) and code.isdecimal() and len(code) == 3 else code
        if isinstance(number, int) and 400 <= number < 600:
            return number
    if error is envelope and not any(mapping(error).get(name) for name in SAID):
        return None
    message, codes, _ = said(body)
    known = bool(codes & CODES.keys()) or any(words in message.lower() for _, _, words in WORDINGS)
    return next((TYPES[code] for code in sorted(codes) if code in TYPES), 400 if known else None)

"""What an error is about: each provider's wording, with the line of the table that knows it."""

from typing import Any

import orjson
import pytest

from thoughtmill.factory.teachers.endpoint.faults import (
    CODES,
    WORDINGS,
    About,
    Fault,
    hidden_status,
    refusal,
)
from thoughtmill.schemas.fields import FAILURES

SAID: list[tuple[str, int, Any, str]] = [  # provider, status, words, failure
    ("OpenAI", 400, "This model's maximum context length is 8192 tokens. However, you", "too_long"),
    ("vLLM", 400, "This model's maximum context length is 2048 tokens. However, your", "too_long"),
    ("vLLM, a full prompt", 400, "max_tokens must be at least 1, got -12.", "too_long"),
    ("vLLM, offline", 400, "The decoder prompt is longer than the maximum model length of 64", "too_long"),
    ("llama.cpp", 400, "the request exceeds the available context size, try increasing it", "too_long"),
    ("llama.cpp, older", 500, "the request exceeds the available context size.", "too_long"),
    ("llama-cpp-python", 500, "Requested tokens (2059) exceed context window of 2048", "too_long"),
    ("OpenAI, newer", 400, "Your input exceeds the context window of this model.", "too_long"),
    ("OpenAI, of late", 400, "Input tokens exceed the configured limit of 272000 tokens.", "too_long"),
    ("LM Studio, newer", 400, "The request exceeds model context window", "too_long"),
    ("Gemini", 400, "The input token count (9) exceeds the maximum number of tokens allowed (8)", "too_long"),
    ("Anthropic", 400, "input length and `max_tokens` exceed context limit: 199 + 9 > 200", "too_long"),
    ("Anthropic, a prompt", 400, "prompt is too long: 210000 tokens > 200000 maximum", "too_long"),
    ("Mistral", 400, "Prompt contains 40000 tokens, too large for model with 32768 maximum", "too_long"),
    ("Groq", 400, "Please reduce the length of the messages or completion.", "too_long"),
    ("SGLang", 400, "The input (99 tokens) is longer than the model's context length (64).", "too_long"),
    ("LM Studio", 400, "tokens to keep from the prompt is greater than the context length", "too_long"),
    ("Together", 422, "`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000", "too_long"),
    ("Together, newer", 400, "The prompt and max tokens exceed model limit: 8192 tokens", "too_long"),
    ("LM Studio, loaded", 400, "the model is loaded with context length of only 4096 tokens", "too_long"),
    ("vLLM, newer", 400, "You passed 9 tokens. The model's context length is only 8 tokens", "too_long"),
    ("Ollama", 400, "the input length exceeds the context length", "too_long"),
    ("xAI", 400, "This model's maximum prompt length is 8 but the request contains 9 tokens.", "too_long"),
    ("Qwen, a prompt", 400, "InvalidParameter: Range of input length should be [1, 30720]", "too_long"),
    ("Bedrock", 400, "Input is too long for requested model.", "too_long"),
    ("Cohere", 400, "too many tokens: size limit exceeded by 100 tokens", "too_long"),
    ("TGI", 422, "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000", "too_long"),
    ("LiteLLM", 400, "litellm.ContextWindowExceededError: litellm.BadRequestError: no", "too_long"),
    (
        "OpenAI, a minute",
        429,
        "Request too large for gpt-4o on tokens per min (TPM): Limit 30000",
        "too_long",
    ),
    ("LiteLLM, moderation", 400, "litellm.ContentPolicyViolationError: no", "moderated"),
    ("xAI, moderation", 403, "Content violates usage guidelines. Failed check: SAFETY_CHECK", "moderated"),
    ("OpenAI, a system", 400, "Your request was rejected as a result of our safety system.", "moderated"),
    ("OpenAI, moderation", 400, "Invalid prompt: your prompt was flagged as potentially", "moderated"),
    ("OpenRouter", 403, "model requires moderation on OpenAI. Your input was held", "moderated"),
    ("DeepSeek", 400, "Content Exists Risk", "moderated"),
    ("Qwen", 400, "Input data may contain inappropriate content.", "moderated"),
    ("a gateway", 400, "the prompt triggered the content filter", "moderated"),
    ("Azure", 400, "triggering Azure OpenAI's content management policy.", "moderated"),
    ("OpenAI, policy", 400, "violating our usage policy", "moderated"),
    ("OpenAI, safety", 400, "limited for safety reasons", "moderated"),
    (
        "llama.cpp, a batch",
        500,
        "input is too large to process. increase the physical batch size",
        "too_long",
    ),
    ("DeepInfra", 400, "Requested input length 9 exceeds maximum input length 8", "too_long"),
    ("Moonshot", 400, "Invalid request: Your request exceeded model token limit: 8192", "too_long"),
    ("Cloudflare", 400, "AiError: tokens exceeded this model context window limit (8).", "too_long"),
    ("MiniMax", 400, "input new_sensitive", "moderated"),
    ("StepFun", 451, "the content is blocked", "moderated"),
    ("Portkey", 446, "The guardrail checks defined in the config failed.", "moderated"),
]
EVERYBODYS = [
    (402, "Payment required: add credits to raise your rate limit", About.KEY),
    (403, "Free tier has no access to this model. See rate limits.", About.KEY),
    (403, "Your account has been flagged for abuse", About.KEY),
    (403, "Your access was terminated: a violation of our usage policy", About.KEY),
    (400, "API key expired. Please renew the API key.", About.KEY),
    (400, "API key not valid. Please pass a valid API key.", About.KEY),
    (400, "Incorrect API key provided: xa***", About.KEY),
    (400, "Your credit balance is too low to access the API.", About.KEY),
    (400, "You have reached your specified API usage limits. You will regain access on", About.KEY),
    (400, "User location is not supported for the API use.", About.KEY),
    (400, "You don't have access to the model with the specified model ID.", About.MODEL),
    (400, "insufficient balance", About.KEY),
    (429, "insufficient balance (1008)", About.KEY),
    (500, "insufficient balance (1008)", About.KEY),
    (400, "login fail: Please carry the API secret key", About.KEY),
    (400, "invalid api key", About.KEY),
    (400, "No models loaded. Please load a model in the developer page", About.MODEL),
    (400, "Model Not Exist", About.MODEL),
    (503, "No available channel for model gpt-9 under group default (distributor)", About.MODEL),
    (503, "当前分组 default 下对于模型 gpt-9 无可用渠道", About.MODEL),
    (400, "Invalid model: mistral-huge", About.MODEL),
    (400, "gpt-9 is not a valid model ID", About.MODEL),
    (400, "Unable to access model x/y. Please visit the list of models", About.MODEL),
]


def said(status: int, message: Any, **more: Any) -> Fault:
    return refusal(status, orjson.dumps({"error": {"message": message, **more}}))


@pytest.mark.parametrize(("provider", "status", "words", "failure"), SAID, ids=[each[0] for each in SAID])
def test_a_rows_own_fault_is_known_in_every_providers_words(
    provider: str, status: int, words: str, failure: str
) -> None:
    assert (said(status, words).about, said(status, words).failure) == (About.ROW, failure)


@pytest.mark.parametrize(("status", "words", "about"), EVERYBODYS)
def test_a_key_or_a_model_that_is_refused_is_nobodys_own_fault_and_no_overload(
    status: int, words: str, about: About
) -> None:
    assert (said(status, words).about, said(status, words).overload) == (about, False)


BUSY = [
    ("Bedrock", 400, "ThrottlingException: Too many tokens, please wait before trying again."),
    ("LiteLLM", 400, "litellm.RateLimitError: OpenAIException - Rate limit reached"),
    ("a gateway", 403, "Too many requests"),
    ("GitHub", 403, "API rate limit exceeded for user"),
    ("MiniMax", 400, "rate limit"),
    ("Baidu", 400, "Open api qps request limit reached"),
    ("Groq, flex", 498, "flex tier capacity exceeded"),
    ("Anthropic", 529, "Overloaded"),
]


@pytest.mark.parametrize(("provider", "status", "words"), BUSY, ids=[each[0] for each in BUSY])
def test_a_busy_endpoint_is_known_by_words_or_status(provider: str, status: int, words: str) -> None:
    assert (said(status, words).about, said(status, words).overload) == (About.MOMENT, True)


def test_bedrocks_names_of_errors_are_codes() -> None:
    body = {"__type": "com.amazon.coral#ThrottlingException", "message": "Rate exceeded"}
    assert refusal(400, orjson.dumps(body)).about is About.MOMENT


@pytest.mark.parametrize("words", ["temperature must be <= 2", "`top_p` must be <= 1.0", "n must be <= 1"])
def test_a_bound_of_a_parameter_is_not_a_long_prompt(words: str) -> None:
    assert said(422, words).about is About.UNKNOWN


def test_every_wording_of_the_table_has_a_test() -> None:
    tested = [words.lower() for _, _, words, _ in SAID] + [words.lower() for _, words, _ in EVERYBODYS]
    tested += [words.lower() for _, _, words in BUSY]
    assert not [wording for _, _, wording in WORDINGS if not any(wording in words for words in tested)]


@pytest.mark.parametrize("code", CODES)
def test_a_code_decides_before_words_and_status(code: str) -> None:
    about, failure = CODES[code]
    assert failure in FAILURES
    for where in ({"code": code}, {"type": code}, {"innererror": {"code": code}}):
        assert (said(429, "m", **where).about, said(400, "m", **where).failure) == (about, failure)


def test_words_of_a_rows_fault_do_not_hide_a_busy_endpoint_or_a_wrong_key() -> None:
    assert said(429, "too many requests; your account was flagged").about is About.MOMENT
    assert said(401, "this key was flagged").about is About.KEY
    assert said(503, "Invalid model server").about is About.MOMENT


def test_what_the_provider_behind_a_router_said_is_in_the_detail() -> None:
    raw = '{"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}'
    fault = said(400, "Provider returned error", code=400, metadata={"raw": raw, "provider_name": "x"})
    assert (fault.about, fault.failure) == (About.ROW, "too_long")
    assert "Provider returned error: " in fault.detail


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ({"message": "m", "param": "temperature"}, "temperature"),
        ({"message": "Unsupported parameter: 'max_tokens' is not supported"}, "max_tokens"),
        ({"message": 'Unknown name "seed": Cannot find field.'}, "seed"),
        ({"message": "`temperature` and `top_p` cannot both be specified"}, "top_p"),
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "top_p"], "msg": "no"}]}, "top_p"),
        ({"message": "property 'top_p' is unsupported"}, "top_p"),
        ({"message": "max_tokens is too large: 9000"}, "max_tokens"),
    ],
)
def test_the_parameter_that_an_error_is_about_is_found(error: dict[str, Any], name: str) -> None:
    assert name in refusal(400, orjson.dumps({"error": error})).names


def test_two_rows_get_the_same_answer_though_its_numbers_and_quotations_differ() -> None:
    first, second = (said(400, f"row '{name}' of {number} refused") for name, number in (("a", 1), ("b", 22)))
    assert first.same == second.same != said(400, "another reason").same


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 400, "message": "m"}, 400),
        ({"code": "503"}, 503),
        ({"status": 429}, 429),
        ({"code": "context_length_exceeded"}, 400),
        ({"message": "Content Exists Risk"}, 400),
        ({"type": "overloaded_error", "message": "Overloaded"}, 529),
        ({"code": "rate_limit_exceeded"}, 429),
        ({"type": "server_error", "code": "insufficient_quota"}, 500),
        ({"type": "invalid_request_error", "message": "no"}, 400),
        ({"code": 40303}, None),
        ({"code": True}, None),
        ("oops", None),
    ],
)
def test_an_error_with_status_200_has_the_status_that_it_names(error: Any, status: int | None) -> None:
    assert hidden_status(orjson.dumps({"error": error})) == status


@pytest.mark.parametrize(
    ("envelope", "status", "words"),
    [
        (
            {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
            400,
            "insufficient balance",
        ),
        (
            {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}},
            400,
            "rate limit",
        ),
        ({"code": 401, "msg": "invalid token", "success": False}, 401, "invalid token"),
        ({"detail": "Rate limit exceeded"}, 400, "Rate limit exceeded"),
        (
            {"object": "error", "message": "maximum context length", "code": 40303},
            400,
            "maximum context length",
        ),
        (
            {"error_code": 18, "error_msg": "Open api qps request limit reached"},
            400,
            "Open api qps request limit",
        ),
        (
            {"success": False, "errors": [{"code": 5021, "message": "context window limit"}]},
            400,
            "context window",
        ),
        ([{"error": {"code": 503, "message": "The model is overloaded."}}], 503, "The model is overloaded."),
    ],
)
def test_an_error_with_status_200_is_found_wherever_a_provider_puts_it(
    envelope: Any, status: int, words: str
) -> None:
    assert hidden_status(orjson.dumps(envelope)) == status
    assert refusal(status, orjson.dumps(envelope)).detail.startswith(f"HTTP {status}: {words}")


def test_a_body_without_an_error_hides_no_status() -> None:
    assert hidden_status(b'{"choices": []}') is None
    assert hidden_status(b"not JSON, maximum context length") is None


def test_an_error_without_a_word_has_the_phrase_of_its_status_and_a_web_page_its_title() -> None:
    assert refusal(503, b"").detail == "HTTP 503: Service Unavailable"
    page = b"<!DOCTYPE html><html><head><title>520: Web server is returning an unknown error</title>"
    assert (
        refusal(520, page).detail == 'HTTP 520: a web page, "520: Web server is returning an unknown error"'
    )


@pytest.mark.parametrize(
    "words",
    [
        "Requests with max_tokens > 4096 must have stream=true",  # Fireworks
        "Streaming is required for operations that may take longer than 10 minutes.",  # Anthropic
        "This model only supports streaming",
    ],
)
def test_an_endpoint_that_asks_for_a_stream_is_asked_for_one(words: str) -> None:
    assert said(400, words).wants_stream("no") == "usage"

"""Responses and what is parsed from them, without a network."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body
from thoughtmill.factory.teachers.endpoint.faults import About, Fault
from thoughtmill.factory.teachers.endpoint.responses import Response, parse_response
from thoughtmill.schemas.fields import FAILURES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "usage", "error", "code", "finish_reason", "model"]
            ),
            inner,
        )
    ),
    max_leaves=20,
)


def body(text: Any = "42", finish_reason: Any = "stop", **more: Any) -> bytes:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    return orjson.dumps({"model": "tiny-1", "choices": [choice], **more})


def fault(status: int | None, body: bytes = b"{}", **more: Any) -> Fault:
    verdict = parse_response(Response(status, body, 0.1, **more))
    assert isinstance(verdict, Fault)
    return verdict


def test_a_good_answer_is_completed_with_all_its_envelope() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}}
    assert parse_response(Response(200, body(usage=usage), 0.1)) == ParsedCompletion(
        "tiny-1", "42", "stop", None, None, 9, 8, 3
    )


def test_usage_that_is_missing_or_odd_is_unknown_and_never_zero() -> None:
    odd = (
        {"prompt_tokens": None, "completion_tokens": "three"},
        {"prompt_tokens": -1},
        {"prompt_tokens": 2**63},
    )
    for usage in (None, {}, [], *odd):
        completed = parse_body(body(usage=usage))
        assert isinstance(completed, ParsedCompletion)
        assert (completed.prompt_tokens, completed.cached_tokens, completed.completion_tokens) == (
            None,
            None,
            None,
        )


def test_the_text_is_untouched() -> None:
    text = "  \\boxed{5}\n{x} $18 \u2212 3 \U0001f600"
    completed = parse_body(body(text))
    assert isinstance(completed, ParsedCompletion)
    assert completed.text == text


@given(
    st.binary(max_size=60) | JSON.map(orjson.dumps),
    st.sampled_from([None, 200, 204, 301, 400, 401, 429, 500, 599]),
)
def test_any_bytes_with_any_status_come_to_something(raw: bytes, status: int | None) -> None:
    verdict = parse_response(Response(status, raw, 0.1, detail="why"))
    if isinstance(verdict, Fault):
        assert verdict.detail
        assert len(verdict.detail) < 1000
        assert verdict.failure in FAILURES
    else:
        assert status in {200, 204}
        assert verdict.failure is None or verdict.failure in FAILURES


@given(st.integers(0, len(body()) - 1))
def test_an_answer_cut_anywhere_is_asked_again(length: int) -> None:
    verdict = fault(200, body()[:length])
    assert verdict.about is About.MOMENT
    assert verdict.billed


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 520, 529])
def test_statuses_that_pass_are_asked_again(status: int) -> None:
    assert fault(status).about is About.MOMENT
    assert not fault(status).billed


@pytest.mark.parametrize(
    ("status", "about"),
    [
        (400, About.UNKNOWN),
        (401, About.KEY),
        (402, About.KEY),
        (403, About.KEY),
        (404, About.MODEL),
        (405, About.MODEL),
        (413, About.ROW),
        (415, About.UNKNOWN),
        (422, About.UNKNOWN),
    ],
)
def test_a_status_says_what_an_error_is_about(status: int, about: About) -> None:
    assert fault(status).about is about
    assert not fault(status).billed


@pytest.mark.parametrize("status", [429, 502, 503, 504, 529])
def test_a_busy_endpoint_is_overload_and_nobodys_fault(status: int) -> None:
    assert fault(status).overload
    assert fault(status).outage


@pytest.mark.parametrize(
    ("status", "about"),
    [(301, About.MODEL), (308, About.MODEL), (302, About.MOMENT), (307, About.MOMENT)],
)
def test_an_endpoint_that_has_moved_for_good_stops_the_run_and_says_where_it_is(
    status: int, about: About
) -> None:
    moved = fault(status, b"", detail="https://new.example.com/v1/chat/completions")
    assert moved.about is about
    assert moved.detail == (
        f"HTTP {status}: the endpoint has moved to https://new.example.com/v1/chat/completions: "
        "set base_url to its new address"
    )


def test_an_error_in_the_server_is_no_overload_and_may_be_the_requests_own() -> None:
    assert not fault(500).overload
    assert not fault(500).outage


def test_nothing_back_is_billed_only_if_it_was_sent() -> None:
    assert fault(None, detail="timed out").billed
    refused = fault(None, detail="refused", sent=False)
    assert not refused.billed
    assert refused.outage


@pytest.mark.parametrize(
    ("code", "status", "about"),
    [
        ("insufficient_quota", 429, About.KEY),
        ("rate_limit_exceeded", 429, About.MOMENT),
        ("content_filter", 400, About.ROW),
        ("context_length_exceeded", 400, About.ROW),
        ("invalid_api_key", 401, About.KEY),
    ],
)
def test_an_errors_code_decides_where_its_status_does_not(code: str, status: int, about: About) -> None:
    assert fault(status, orjson.dumps({"error": {"message": "m", "code": code}})).about is about
    assert fault(status, orjson.dumps({"error": {"message": "m", "type": code}})).about is about


def test_azures_filter_is_found_where_azure_puts_it() -> None:
    inner = {"code": "ResponsibleAIPolicyViolation"}
    verdict = fault(400, orjson.dumps({"error": {"message": "filtered", "code": "x", "innererror": inner}}))
    assert (verdict.about, verdict.failure) == (About.ROW, "moderated")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"error": {"message": "no such model"}}, "no such model"),
        ({"error": "no such model"}, '"no such model"'),
        ({"object": "error", "message": "no such model"}, "no such model"),
        ({"detail": "Not Found"}, "Not Found"),
        (
            {"detail": [{"loc": ["body", "n"], "msg": "must be 1"}]},
            '[{"loc":["body","n"],"msg":"must be 1"}]',
        ),
        ([{"error": {"message": "quota", "code": 404}}], "quota"),
    ],
)
def test_the_providers_own_words_are_found_in_every_spelling(said: Any, words: str) -> None:
    assert fault(404, orjson.dumps(said)).detail == f"HTTP 404: {words}"


def test_a_long_page_is_shortened_to_one_line() -> None:
    detail = fault(502, b"<html>\n" + b"x " * 5000).detail
    assert "\n" not in detail
    assert len(detail) < 250


def test_an_error_that_comes_with_status_200_is_what_its_code_says() -> None:
    def said(code: Any) -> Fault:
        return fault(200, orjson.dumps({"error": {"message": "no credit left", "code": code}}))

    assert (said(402).about, said(402).detail) == (About.KEY, "HTTP 402: no credit left")
    assert said("insufficient_quota").about is About.KEY
    assert (said(503).about, said(503).overload, said(503).billed) == (About.MOMENT, True, True)
    for code in ("rate_limited", 40303, None, True, 4.5, {"at": 1}):
        assert said(code).about is About.MOMENT
        assert said(code).detail.startswith("the answer holds no choices: ")


def test_a_choice_that_broke_off_with_an_error_is_no_completion() -> None:
    choice = {"message": {"content": "so 4"}, "finish_reason": "error", "error": {"message": "lost it"}}
    verdict = fault(200, orjson.dumps({"choices": [choice]}))
    assert (verdict.about, verdict.billed) == (About.MOMENT, True)
    assert verdict.detail == 'the answer broke off: {"message":"lost it"}'
    said = parse_body(orjson.dumps({"choices": [{**choice, "error": None}]}))
    assert said == 'the answer broke off: "so 4"'


def test_json_that_is_nested_without_end_is_a_fault() -> None:
    assert fault(200, b"[" * 100_000).about is About.MOMENT


def test_a_refusal_that_holds_the_text_of_the_model_is_an_answer() -> None:
    error = {"message": "Failed to generate JSON.", "code": "json_validate_failed"}
    written = orjson.dumps({"error": {**error, "failed_generation": "[4"}})
    parsed = parse_response(Response(400, written, 0.1))
    assert isinstance(parsed, ParsedCompletion)
    assert parsed.text == "[4"
    assert fault(400, orjson.dumps({"error": error})).about is About.ROW


@pytest.mark.parametrize("status", [429, 500])
def test_a_failed_generation_is_an_answer_only_where_the_request_was_refused(status: int) -> None:
    written = orjson.dumps({"error": {"message": "busy", "failed_generation": "[4"}})
    assert isinstance(parse_response(Response(status, written, 1.0)), Fault)

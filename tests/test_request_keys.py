"""Request keys: what changes them, and what must not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.ledger.keys import canonical, endpoint_name, prompt_sha, request_key, sent
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

MESSAGES = ({"role": "system", "content": "Solve."}, {"role": "user", "content": "2 + 2?"})
PARAMETERS = {"model": "tiny", "temperature": 0.2, "max_tokens": 64, "seed": 1}


def key(
    endpoint: str = "https://api.example.com/v1", messages: Any = MESSAGES, sample: int = 0, **parameters: Any
) -> str:
    return request_key(endpoint, messages, PARAMETERS | parameters, sample)


def test_a_key_is_the_same_on_every_machine_and_in_every_version() -> None:
    assert key() == "228f659b182c198a293657bb23860170525dfd25145570e1e077fe63e2ef3cdb"
    assert prompt_sha(MESSAGES) == "f3d697ac944fd8ff790b8e95d0f010d9c5d28a02651d056ac6f89f8f29d77963"


def test_the_order_of_parameters_and_of_a_messages_fields_changes_nothing() -> None:
    turned = tuple(dict(reversed(message.items())) for message in MESSAGES)
    assert request_key("https://api.example.com/v1", turned, dict(reversed(PARAMETERS.items())), 0) == key()
    assert prompt_sha(turned) == prompt_sha(MESSAGES)


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "https://api.example.com/v2"},
        {"messages": MESSAGES[1:]},
        {"messages": tuple(reversed(MESSAGES))},
        {"messages": (MESSAGES[0], {"role": "user", "content": "2 + 2 ?"})},
        {"sample": 1},
        {"model": "small"},
        {"temperature": 0.3},
        {"max_tokens": 65},
        {"seed": 2},
        {"top_p": 0.9},
        {"response_format": {"type": "json_object"}},
    ],
    ids=str,
)
def test_whatever_may_change_the_answer_changes_the_key(changed: dict[str, Any]) -> None:
    assert key(**changed) != key()


def test_a_parameter_that_is_not_set_is_no_parameter() -> None:
    assert key(top_p=None) == key()
    assert sent({"seed": 0, "top_p": None}) == {"seed": 0}


def test_a_whole_number_means_the_same_however_it_is_spelled() -> None:
    assert key(temperature=1) == key(temperature=1.0) != key(temperature=1.1)
    assert key(stop=[1.0]) == key(stop=[1])


def test_text_cannot_pose_as_structure() -> None:
    forged = ({"role": "user", "content": 'a"},{"role":"user","content":"b'},)
    honest = ({"role": "user", "content": "a"}, {"role": "user", "content": "b"})
    assert key(messages=forged) != key(messages=honest)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1",
        "https://api.example.com/v1/",
        "https://API.example.com/v1",
        "https://me:sk-secret@api.example.com/v1/",
        "https://api.example.com/v1?key=sk-secret#here",
    ],
)
def test_an_endpoints_name_holds_no_secret_and_no_spelling(url: str) -> None:
    assert endpoint_name(url) == "https://api.example.com/v1"


def test_ports_and_paths_tell_endpoints_apart() -> None:
    assert endpoint_name("http://localhost:8000/v1") != endpoint_name("http://localhost:8001/v1")
    assert endpoint_name("http://localhost/V1") == "http://localhost/V1"


@given(st.dictionaries(st.text(max_size=5), st.integers(-9, 9) | st.text(max_size=5) | st.none(), max_size=5))
def test_canonical_json_depends_on_the_value_alone(value: dict[str, Any]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))
    assert b": " not in canonical({"a": [1, {"b": 2}]})


def asked(text: str = "2 + 2?", **parameters: Any) -> Request:
    return Request({}, "cot", 0, ({"role": "user", "content": text},), parameters)


def keys(model: str = "gpt-4o-mini", **more: Any) -> RequestKeys:
    return RequestKeys(EndpointSettings(base_url="https://api.example.com/v1", model=model), **more)


SAMPLING = {"temperature": 0.0, "top_p": 1.0, "max_tokens": 1024, "seed": 1}


def test_the_key_of_a_request_of_an_older_version_is_still_its_key() -> None:
    key, parameters = keys().keyed(asked(**SAMPLING))
    assert key == "cd6dfe04412baed68aefed1db672678957e46cbd3c88c84e9722ed28673f9345"
    assert parameters == {"model": "gpt-4o-mini", **SAMPLING}


def test_what_a_preset_sends_is_in_the_key_and_what_is_left_out_is_said_once() -> None:
    said: list[str] = []
    teacher = keys("o4-mini", announce=said.append)
    key, parameters = teacher.keyed(asked(**SAMPLING))
    assert parameters == {"model": "o4-mini", "max_completion_tokens": 1024, "seed": 1}
    assert key == request_key(teacher.endpoint, asked().messages, parameters, 0)
    teacher.keyed(asked("another", **SAMPLING))
    assert said == ["o4-mini takes no temperature, top_p: left out (preset openai-reasoning)"]


def test_an_answer_from_before_a_preset_knew_its_model_is_the_requests_answer() -> None:
    as_asked = {"model": "gemini-2.5-flash", **SAMPLING}
    old = request_key("https://api.example.com/v1", asked().messages, as_asked, 0)
    assert keys("gemini-2.5-flash", held={old}.__contains__).keyed(asked(**SAMPLING)) == (old, as_asked)
    assert keys("gemini-2.5-flash").keyed(asked(**SAMPLING))[0] != old


def test_a_response_format_that_is_refused_is_left_out_of_what_is_sent_and_of_the_key() -> None:
    said: list[str] = []
    teacher = keys(announce=said.append)
    structured = asked(**SAMPLING, response_format={"type": "json_schema"})
    with_format, plain = teacher.keyed(structured)[0], teacher.keyed(asked(**SAMPLING))[0]
    for _ in range(2):
        teacher.drop_format()
    assert teacher.keyed(structured) == (plain, {"model": "gpt-4o-mini", **SAMPLING})
    assert with_format != plain
    assert len(said) == 1
    assert keys(held={plain}.__contains__).keyed(structured)[0] == plain


def test_a_request_of_another_teacher_of_the_corpus_has_the_form_of_its_own_endpoint() -> None:
    other = EndpointSettings(base_url="https://api.openai.com/v1", model="o4-mini", api="responses")
    request = asked(**SAMPLING)
    its_own = RequestKeys(other).keyed(request)
    assert its_own[1]["max_output_tokens"] == 1024
    assert keys().keyed(replace(request, endpoint=other.name(), settings=other)) == its_own

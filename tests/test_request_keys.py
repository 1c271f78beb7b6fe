"""Request keys: what changes them, and what must not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.ledger.keys import canonical, endpoint_name, prompt_sha, request_key, sent

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

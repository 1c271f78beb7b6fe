"""JSON that is not quite JSON, as providers send it."""

import pytest

from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body
from thoughtmill.factory.teachers.endpoint.lenient_json import one_line


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'\xef\xbb\xbf{"choices": [{"message": {"content": "4"}}]}', "4"),
        (b'{"logprob": NaN, "choices": [{"message": {"content": "4"}}]}', "4"),
        (b'{"choices": [{"message": {"content": "4 \\ud83d"}}]}', "4 ?"),
        (b'{"choices": [{"message": {"content": "4 \\ud83d\\ude00"}}], "x": -Infinity}', "4 \U0001f600"),
        (b'{"choices": [{"message": {"content": "4 \xff"}}]}', "4 \ufffd"),
        (b'{"choices": [{"message": {"content": "4"}}]}\n\x00', "4"),
        (b'{"choices": [{"message": {"content": "4"}}]}\ndata: [DONE]\n\n', "4"),
        (b'\n\n   \n{"choices": [{"message": {"content": "4"}}]}', "4"),  # OpenRouter, while it waits
    ],
)
def test_an_answer_in_json_that_is_not_quite_json_is_read(body: bytes, text: str) -> None:
    parsed = parse_body(body)
    assert isinstance(parsed, ParsedCompletion)
    assert parsed.text == text
    str(parsed.text).encode()  # can be stored


@pytest.mark.parametrize("body", [b'{"choices": []} {"choices": []}', b"502 Bad Gateway", b'{"choices": [{'])
def test_several_objects_a_number_and_half_an_object_are_no_json(body: bytes) -> None:
    assert str(parse_body(body)).startswith("the answer's body is not JSON: ")


def test_a_long_page_is_shortened_to_one_line() -> None:
    line = one_line(b"<html>\n" + b"x " * 5000)
    assert "\n" not in line
    assert len(line) < 250

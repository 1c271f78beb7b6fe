"""The section `generate.sampling`: whatever an endpoint takes is passed on."""

from typing import Any

import pytest

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger.keys import sent
from thoughtmill.factory.teachers.sampling import SamplingSettings
from thoughtmill.factory.thoughts.prompts import schema_of

DEFAULTS = {"temperature": 0.0, "top_p": 1.0, "max_tokens": 1024}


def sampled(**given: Any) -> dict[str, Any]:
    settings = params.validated(given, SamplingSettings, "params.yaml: generate.sampling.cot")
    return sent(settings.parameters("cot", None))


def test_the_defaults_are_as_they_always_were() -> None:
    assert sampled() == DEFAULTS


def test_any_parameter_is_passed_on_and_null_leaves_one_out() -> None:
    given = {"reasoning_effort": "low", "stop": ["\n\n"], "max_completion_tokens": 9, "service_tier": "flex"}
    assert sampled(**given, temperature=None, top_p=None, max_tokens=None) == given
    assert "seed" in sampled(seed=7)


def test_a_body_of_its_own_goes_beside_the_parameters() -> None:
    routing = {"provider": {"order": ["together"]}, "models": ["a", "b"]}
    assert sampled(extra_body=routing) == {**DEFAULTS, **routing}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"temprature": 0.2}, "`temprature` is an unknown key; did you mean `temperature`?"),
        ({"top_pp": 0.2}, r"did you mean `top_p`\? If the endpoint has it, write it under `extra_body`"),
        ({"n": 4}, "`generate.samples` says how many"),
        ({"stream": True}, "it is a setting of the endpoint"),
        ({"messages": []}, "the prompt is the thought's instruction"),
        ({"top_p": 0}, "top_p"),
        ({"structured": True}, "`structured`: this thought has no schema"),
    ],
)
def test_what_is_no_parameter_is_refused_by_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ThoughtmillError, match=said):
        sampled(**given)


@pytest.mark.parametrize("thought", ["knowledge", "eot"])
def test_a_structured_completion_is_asked_for_by_the_thoughts_schema(thought: str) -> None:
    schema = schema_of(thought)
    (settings,) = [SamplingSettings(structured=True)]
    form = settings.parameters(thought, schema)["response_format"]
    assert (form["type"], form["json_schema"]["name"]) == ("json_schema", thought)
    assert form["json_schema"]["schema"]["additionalProperties"] is False

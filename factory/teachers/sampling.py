"""How the completions of a thought are sampled: the section `generate.sampling` of `params.yaml`."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.params import Section

OURS = ("extra_body", "structured")  # settings that a request has in another form
NOT_A_PARAMETER = {
    "messages": "the prompt is the thought's instruction",
    "n": "`generate.samples` says how many completions a problem has",
    "stream": "it is a setting of the endpoint: `stream` under generate.openai",
    "stream_options": "it is a setting of the endpoint: `stream` under generate.openai",
}


class SamplingSettings(Section):
    """How the completions of a thought are sampled.

    An endpoint gets these parameters, and any others in the section, unchanged; null leaves one out.
    """

    model_config = ConfigDict(extra="allow")

    temperature: float | None = Field(0.0, ge=0)
    top_p: float | None = Field(1.0, gt=0, le=1)
    max_tokens: int | None = Field(1024, ge=1, description="tokens of the longest completion")
    thinking_tokens: int | None = Field(
        None, ge=1, description="tokens for thinking, beside those of the completion"
    )
    structured: bool = Field(
        False, description="ask for JSON by the thought's schema, where it has one: knowledge, eot"
    )
    extra_body: Mapping[str, Any] = Field({}, description="parameters whose names are taken here")

    @model_validator(mode="after")
    def _names_are_parameters(self) -> "SamplingSettings":
        """Refuse a name that cannot be a parameter, and a name that nearly equals one of ours."""
        known = [*type(self).model_fields, "seed", "stop", "model"]
        for name in self.model_extra or {}:
            if name in NOT_A_PARAMETER:
                raise ValueError(f"`{name}` is no parameter of sampling: {NOT_A_PARAMETER[name]}")
            near = "" if name in known or name.startswith("max_") else nearest(name, known)
            if near:
                raise ValueError(
                    f"`{name}` is an unknown key{near} If the endpoint has it, write it under `extra_body`"
                )
        return self

    def parameters(self, thought: str, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the parameters of a request; `schema` is the JSON schema of the thought's completion."""
        given = {name: value for name, value in self.model_dump().items() if name not in OURS}
        if self.thinking_tokens is None:
            del given["thinking_tokens"]
        if self.structured:
            if schema is None:
                raise ThoughtmillError(
                    f"params.yaml: generate.sampling.{thought}: `structured`: this thought has no schema"
                )
            named = {"name": thought, "strict": True, "schema": schema}
            given["response_format"] = {"type": "json_schema", "json_schema": named}
        return {**given, **self.extra_body}

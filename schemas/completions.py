"""The table `completions`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import FAILURES, Real, Text, Whole


class Completions(pa.DataFrameModel):
    """One row per completion asked of the teacher: per problem, thought and sample."""

    completion_id: Text = pa.Field(
        unique=True, description="problem, thought, sample and the first 8 digits of `request_key`"
    )
    problem_id: Text = pa.Field(description="the problem it was asked for")
    thought: Text = pa.Field(description="the kind of rationale asked for")
    sample: Whole = pa.Field(ge=0, description="the index of the sample, from 0")
    request_key: Text = pa.Field(
        str_matches=r"^[0-9a-f]{64}$", description="SHA-256 of the canonical request; the key of the ledger"
    )
    prompt_sha: Text = pa.Field(
        str_matches=r"^[0-9a-f]{64}$",
        description="SHA-256 of the messages before the problem: which prompt this was",
    )
    teacher: Text = pa.Field(
        description="the teacher that answered: its name in `teachers`, or its module; a growth; `inherited`"
    )
    model: Text = pa.Field(description="the model that was asked; the server's name for it is in the ledger")
    completion: Text = pa.Field(
        nullable=True, description="the teacher's answer, untouched, without its thinking"
    )
    reasoning: Text = pa.Field(
        nullable=True,
        description="the teacher's thinking before the answer, from any field or tag; null without any",
    )
    finish_reason: Text = pa.Field(nullable=True, description="why the teacher stopped, in its own word")
    failure: Text = pa.Field(
        nullable=True, isin=list(FAILURES), description="why there is no usable completion"
    )
    detail: Text = pa.Field(nullable=True, description="the failure in words")
    prompt_tokens: Whole = pa.Field(nullable=True, ge=0, description="tokens of the prompt, as billed")
    cached_tokens: Whole = pa.Field(
        nullable=True, ge=0, description="tokens of the prompt that came from the endpoint's cache"
    )
    completion_tokens: Whole = pa.Field(
        nullable=True, ge=0, description="tokens of the completion, as billed"
    )
    reasoning_tokens: Whole = pa.Field(
        nullable=True, ge=0, description="tokens of the reasoning, which `completion_tokens` count too"
    )
    cost_usd: Real = pa.Field(nullable=True, ge=0, description="its price in US dollars; null when unknown")
    latency_s: Real = pa.Field(
        nullable=True, ge=0, description="seconds from request to answer, when it was bought"
    )

    class Config:
        name = "completions"
        strict = True
        ordered = True
        unique = ["problem_id", "thought", "sample"]  # noqa: RUF012  pandera reads a plain class attribute

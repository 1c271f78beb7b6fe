"""The table `completions`."""

from thoughtmill.schemas.fields import FAILURES, Model, Real, Text, Whole


class Completions(Model, name="completions", key=("problem_id", "thought", "sample")):
    """One row per completion asked of the teacher: per problem, thought and sample."""

    completion_id = Text(description="problem, thought, sample and the first 8 digits of `request_key`")
    problem_id = Text(description="the problem it was asked for")
    thought = Text(description="the kind of rationale asked for")
    sample = Whole(ge=0, description="the index of the sample, from 0")
    request_key = Text(
        matches=r"^[0-9a-f]{64}$", description="SHA-256 of the canonical request; the key of the ledger"
    )
    prompt_sha = Text(
        matches=r"^[0-9a-f]{64}$",
        description="SHA-256 of the messages before the problem: which prompt this was",
    )
    teacher = Text(
        description="the teacher that answered: its name in `teachers`, or its module; a growth; `inherited`"
    )
    model = Text(description="the model that was asked; the server's name for it is in the ledger")
    completion = Text(nullable=True, description="the teacher's answer, untouched, without its thinking")
    reasoning = Text(
        nullable=True,
        description="the teacher's thinking before the answer, from any field or tag; null without any",
    )
    finish_reason = Text(nullable=True, description="why the teacher stopped, in its own word")
    failure = Text(nullable=True, isin=list(FAILURES), description="why there is no usable completion")
    detail = Text(nullable=True, description="the failure in words")
    prompt_tokens = Whole(nullable=True, ge=0, description="tokens of the prompt, as billed")
    cached_tokens = Whole(
        nullable=True, ge=0, description="tokens of the prompt that came from the endpoint's cache"
    )
    completion_tokens = Whole(nullable=True, ge=0, description="tokens of the completion, as billed")
    reasoning_tokens = Whole(
        nullable=True, ge=0, description="tokens of the reasoning, which `completion_tokens` count too"
    )
    cost_usd = Real(nullable=True, ge=0, description="its price in US dollars; null when unknown")
    latency_s = Real(nullable=True, ge=0, description="seconds from request to answer, when it was bought")

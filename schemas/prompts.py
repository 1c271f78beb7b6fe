"""The table `prompts`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Text


class Prompts(pa.DataFrameModel):
    """One row per prompt: the messages that a teacher gets before the problem."""

    prompt_sha: Text = pa.Field(unique=True, description="SHA-256 of `messages`, as in `completions`")
    thought: Text = pa.Field(nullable=True, description="the thought it asks for; null of unknown prompts")
    given: Text = pa.Field(
        nullable=True,
        description="the columns of `problems` in the last message: `problem, solution`",
    )
    messages: Text = pa.Field(
        nullable=True, description="the messages as JSON; null where no thought has this prompt"
    )

    class Config:
        name = "prompts"
        strict = True
        ordered = True
        unique = ["prompt_sha"]  # noqa: RUF012  pandera reads a plain class attribute

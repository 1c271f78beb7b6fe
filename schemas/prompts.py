"""The table `prompts`."""

from thoughtmill.schemas.fields import Model, Text


class Prompts(Model, name="prompts", key=("prompt_sha",)):
    """One row per prompt: the messages that a teacher gets before the problem."""

    prompt_sha = Text(description="SHA-256 of `messages`, as in `completions`")
    thought = Text(nullable=True, description="the thought it asks for; null of unknown prompts")
    given = Text(
        nullable=True,
        description="the columns of `problems` in the last message: `problem, solution`",
    )
    messages = Text(nullable=True, description="the messages as JSON; null where no thought has this prompt")

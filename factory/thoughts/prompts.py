"""Prompts: the messages that ask a teacher for a thought about a problem.

The instruction of a thought is `factory/thoughts/instructions/<thought>.md`: its first line, `Given: problem,
solution`, names the columns of `problems` that are shown, its second may be a reminder of the form, and the
rest is the system message. A thought of another package has the same text as `INSTRUCTION` in its module,
examples as `EXEMPLARS` and the JSON schema of a completion, if it likes, as `SCHEMA` (ours:
`<thought>.schema.json`). Texts are put side by side, never formatted into each other: braces and dollar signs
are mathematics.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import read_jsonl
from thoughtmill.factory.core.registry import Registry

Message = Mapping[str, str]
"""One turn of a chat: its `role` and its `content`."""

FOLDER = Path(__file__).with_name("instructions")
ASKED: Registry[Any] = Registry(
    "thought",
    "thoughtmill.thoughts",
    {path.stem: f"thoughtmill.factory.thoughts.{path.stem}" for path in sorted(FOLDER.glob("*.md"))},
)
"""The thoughts by their instructions; completions depend only on these, so our modules are not imported."""
REMINDER = "Reminder:"
HEADINGS = {"problem": "Problem", "solution": "Worked solution", "answer": "Answer"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """How one thought is asked for: the instruction, the columns shown, and worked examples.

    `schema` is the JSON schema of a completion, for endpoints that keep to one; a thought may have none. A
    `reminder` of the form ends every message that shows a problem; `spare_reminder` is left out.
    """

    instruction: str
    given: tuple[str, ...]
    exemplars: tuple[Mapping[str, Any], ...]
    schema: Mapping[str, Any] | None = None
    spare_reminder: str = ""
    reminder: str = ""

    def reminding(self) -> "Prompt":
        """Return the prompt with its reminder: small models forget a form that was said once, far above."""
        return replace(self, reminder=self.spare_reminder)

    def messages(self, problem: Mapping[str, Any]) -> tuple[Message, ...]:
        """Return the chat for one problem: system message, each exemplar as its own exchange, problem."""
        chat: list[Message] = [{"role": "system", "content": self.instruction}]
        for exemplar in self.exemplars:
            chat.append({"role": "user", "content": self._shown(exemplar)})
            chat.append({"role": "assistant", "content": exemplar["completion"]})
        return (*chat, {"role": "user", "content": self._shown(problem)})

    def _shown(self, problem: Mapping[str, Any]) -> str:
        shown = [f"{HEADINGS[column]}:\n{problem[column]}" for column in self.given if problem.get(column)]
        return "\n\n".join([*shown, self.reminder] if self.reminder else shown)


def load(thought: str, exemplars: Path) -> Prompt:
    """Return the prompt of a thought, with its exemplars from its module and from a JSONL file.

    An exemplar has `problem`, `solution`, `answer` and `completion`, and in the file also `thought`.
    """
    if thought in ASKED.ours:
        text, brought = (FOLDER / f"{thought}.md").read_text("utf-8"), ()
    else:
        module = ASKED.named(thought, "params.yaml: ")
        text, brought = module.INSTRUCTION, getattr(module, "EXEMPLARS", ())
    return prompt_of(text, (*brought, *_of(thought, exemplars)), schema_of(thought))


def prompt_of(text: str, exemplars: Iterable[Mapping[str, Any]] = (), schema: Any = None) -> Prompt:
    """Return the prompt of an instruction whose first line names the columns that are shown.

    >>> found = prompt_of("Given: problem\\nReminder: One line.\\n\\nSolve it.")
    >>> found.instruction, found.given, found.spare_reminder
    ('Solve it.', ('problem',), 'One line.')
    """
    heading, _, rest = text.lstrip().partition("\n")
    given = tuple(column.strip() for column in heading.removeprefix("Given:").split(","))
    reminder, _, after = rest.partition("\n")
    has_reminder = reminder.startswith(REMINDER)
    return Prompt(
        (after if has_reminder else rest).strip(),
        given,
        tuple(exemplars),
        schema,
        reminder.removeprefix(REMINDER).strip() if has_reminder else "",
    )


def schema_of(thought: str) -> Any:
    """Return the JSON schema of a thought's completion, or None."""
    if thought not in ASKED.ours:
        return getattr(ASKED.named(thought, "params.yaml: "), "SCHEMA", None)
    path = FOLDER / f"{thought}.schema.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _of(thought: str, exemplars: Path) -> Iterable[Mapping[str, Any]]:
    for number, row in read_jsonl(exemplars):
        missing = {"thought", "problem", "completion"} - row.keys()
        if missing:
            raise ThoughtmillError(f"{exemplars}, line {number}: no {', '.join(sorted(missing))}")
        if row["thought"] == thought:
            yield row

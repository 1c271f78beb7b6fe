"""The registry of styles: how the prompts of roles are laid out, and how their targets close.

`finetune.style` names a style. An adapter records its style, and is asked in it. To add a style, write a
`Style` and a line in `STYLES`, or an entry point of the group `thoughtmill.styles` in your package.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.registry import Registry
from thoughtmill.train import roles

OURS = "thoughtmill"
PLACE = re.compile(r"\{(problem|given)\}")
CLOSING = re.compile(r"\n#### (.*)\Z")


@dataclass(frozen=True, slots=True)
class Style:
    """An entry: the prompts of roles, with the places `{problem}` and `{given}`, and the ends of texts.

    Without `prompts`, all roles are asked as `roles.prompt` says. `ending` follows a prompt that is plain
    text. `closing` replaces the last line of a chain, `#### 7`, with the place `{answer}`.
    """

    prompts: Mapping[str, str] = field(default_factory=dict)
    ending: str = "\n\n"
    closing: str | None = None


THOUGHTMILL = Style()

# The input of ETD's released student (arXiv 2401.11864): the question, then a trigger for the thought.
ETD = Style(
    {
        "cot": "Question: {problem}\nLet's think step by step.\n",
        "pot": "Question: {problem}\nLet's break down the code step by step\n",
        "eot": "Question: {problem}\nSystem of linear equations: (Do not simplify)\n",
    },
    ending="",
)

# LoRID's released adapters (arXiv 2508.13037) are asked by an instruction, a line end and an input.
LORID = Style(
    {
        "ir": "Please answer this MATH question step by step.\n{problem}",
        "kg": "Please output knowledge needed to solve the MATH question step by step.\n"
        "Question: {problem}\n\nKnowledge: ",
        "dr": "Please reason step by step based on the given MATH question and knowledge, and output the "
        "final answer.\nQuestion: {problem}\n\nKnowledge: {given}\n\nRationale: ",
    },
    ending="",
    closing="--> {answer} END",
)

STYLES: Registry[Style] = Registry(
    "style",
    "thoughtmill.styles",
    {name: f"thoughtmill.train.roles.styles:{name.upper()}" for name in (OURS, "etd", "lorid")},
)


def prompt(role: str, problem: str, given: str | None = None, style: str = OURS) -> str:
    """Return the prompt of a role in a style, as plain text.

    >>> print(prompt("eot", "How many are 2 and 3?", style="etd"), end="")
    Question: How many are 2 and 3?
    System of linear equations: (Do not simplify)
    """
    prompts = STYLES.named(style).prompts
    if not prompts:
        return roles.prompt(role, problem, given)
    if role not in prompts:
        raise ThoughtmillError(f"finetune.style: `{style}` asks {', '.join(prompts)} alone, not `{role}`")
    texts = {"problem": problem, "given": given or ""}
    return PLACE.sub(lambda place: texts[place[1]], prompts[role])  # a text may hold braces itself


def target(text: str, style: str = OURS) -> str:
    """Return a target as a style closes it.

    >>> target("2 + 3 = 5\\n#### 5", "lorid")
    '2 + 3 = 5\\n--> 5 END'
    """
    closing = STYLES.named(style).closing
    if closing is None:
        return text
    return CLOSING.sub(lambda last: "\n" + closing.replace("{answer}", last[1]), text)

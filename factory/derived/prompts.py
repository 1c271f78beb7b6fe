"""Derive `prompts`: which messages a `prompt_sha` of `completions` stands for."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from thoughtmill.factory.core import tables
from thoughtmill.factory.thoughts.prompts import Message, load


def prompts(used: Iterable[str], thoughts: Iterable[str], exemplars: Path) -> Iterator[tables.Row]:
    """Yield a row for every prompt that completions name.

    The prompts of thoughts are made again as `generate` makes them. A prompt that is none of these, such as
    that of a growth, has no messages.
    """
    known: dict[str, tuple[str | None, str | None]] = {
        written(()): (None, None)  # a growth writes without a prompt
    }
    for thought in thoughts:
        plain = load(thought, exemplars)
        for prompt in (plain, plain.reminding()):
            known[written(prompt.messages({})[:-1])] = thought, ", ".join(prompt.given)
    by_sha = {hashlib.sha256(text.encode()).hexdigest(): text for text in known}
    for sha in used:
        messages = by_sha.get(sha)
        asked, given = (None, None) if messages is None else known[messages]
        yield {"prompt_sha": sha, "thought": asked, "given": given, "messages": messages}


def written(messages: Iterable[Message]) -> str:
    """Return messages as the JSON whose SHA-256 is their `prompt_sha`.

    >>> written([{"role": "system", "content": "Solve."}])
    '[{"content":"Solve.","role":"system"}]'
    """
    return json.dumps([*messages], sort_keys=True, ensure_ascii=False, separators=(",", ":"))

"""Preview the corpus: ask a few problems of each thought, and show prompts, answers, verdicts and prices.

The problems are drawn by `generate.seed`. Answers of an endpoint go to the ledger: the stage `generate` does
not pay for them again.
"""

import argparse
import textwrap
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from thoughtmill.factory.commands.verified_samples import VerifiedSample, chosen_problems, verified_samples
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.printable import fitted
from thoughtmill.factory.growths.inheritance import is_verified
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.thoughts.prompts import Prompt, load

SHOWN_CHARACTERS = 1200
"""How many characters of a text are shown; the rest is cut."""

HEADERS = ("thought", "teacher", "model", "verified", "prompt_tokens", "completion_tokens", "usd", "seconds")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how many problems, and which thoughts."""
    parser.add_argument("--problems", type=int, default=3, help="how many problems; 3 by default")
    parser.add_argument("--thought", help="this thought only; by default all of params.yaml")


def call(words: argparse.Namespace) -> str:
    """Ask, verify and show."""
    if words.problems < 1:
        raise ThoughtmillError("--problems: give at least 1")
    folder, settings = root(), params.section("generate", GenerateSettings)
    thoughts = params.thoughts()
    if words.thought not in (None, *thoughts):
        raise ThoughtmillError(f"--thought: `{words.thought}` is not one of {', '.join(thoughts)}")
    problems = chosen_problems(folder, settings, words.problems)
    parts, rows = [], []
    for thought in [words.thought] if words.thought else thoughts:
        prompt = load(thought, folder / "data" / "exemplars.jsonl")
        for chosen in settings.chosen(thought):
            found = list(verified_samples(folder, thought, settings, chosen, problems))
            asked = prompt.reminding() if chosen.reminders else prompt
            parts.append("\n\n".join(shown(thought, chosen, asked, found)))
            rows.append(_summary(thought, chosen, found))
    table = tabulate(rows, headers=HEADERS, disable_numparse=True, colalign=["left"] * 4 + ["right"] * 4)
    return "\n\n".join([*parts, fitted(table, HEADERS, rows)])


def shown(
    thought: str, chosen: ChosenTeacher, prompt: Prompt, found: Sequence[VerifiedSample]
) -> Iterator[str]:
    """Yield the prompt of a thought, and each completion with its verdict."""
    by = chosen.name if chosen.model is None else f"{chosen.name} ({chosen.model})"
    yield f"== {thought} by {by}"
    yield _indented("instruction", f"{prompt.instruction}\n\n[{len(prompt.exemplars)} examples]")
    for sample in found:
        completion, (record, checks) = sample.completion, sample.verdict
        yield f"-- {record['record_id']}"
        yield _indented("prompt", str(prompt.messages(sample.problem)[-1]["content"]))
        if completion["reasoning"]:
            yield _indented("reasoning", completion["reasoning"])
        yield _indented("answer", completion["completion"] or "(nothing came back)")
        details = [check["detail"] for check in checks if check["check"] == "solved" and check["detail"]]
        words = [_verdict(record, sample.problem), *details[:1], _price(completion)]
        yield f"verdict: {'; '.join(words)}"


def _verdict(record: dict[str, object], problem: dict[str, object]) -> str:
    if record["failure"] is not None:
        return str(record["failure"])
    if record["predicted_answer"] is None:
        return "checked, it has no answer to compare"
    word = {True: "correct", False: "incorrect", None: "unverified"}[record["correct"]]  # type: ignore[index]
    return f"{word}, {record['predicted_answer']} where the gold answer is {problem['answer']}"


def _price(completion: dict[str, object]) -> str:
    words = [
        f"{completion[name]} {name}" for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens")
    ]
    shown = [word for word in words if not word.startswith("None ")]
    if completion["cost_usd"]:
        shown.append(f"${completion['cost_usd']:.6f}")
    if completion["latency_s"] is not None:
        shown.append(f"{completion['latency_s']:.1f} s")
    return ", ".join(shown).replace("_", " ") or "free"


def _summary(thought: str, chosen: ChosenTeacher, found: Sequence[VerifiedSample]) -> tuple[object, ...]:
    rows = [sample.completion for sample in found]
    good = sum(is_verified(sample.verdict[0]) for sample in found)
    totals = [
        _total(rows, name, form)
        for name, form in (
            ("prompt_tokens", ","),
            ("completion_tokens", ","),
            ("cost_usd", ".6f"),
            ("latency_s", ".1f"),
        )
    ]
    return thought, chosen.name, chosen.model or "", f"{good} of {len(found)}", *totals


def _total(rows: Sequence[dict[str, object]], name: str, form: str) -> str:
    """Return a sum in the given form, or an empty cell where a value is unknown."""
    values = [row[name] for row in rows]
    if not all(isinstance(value, int | float) for value in values):
        return ""
    return format(sum(value for value in values if isinstance(value, int | float)), form)


def _indented(title: str, text: str) -> str:
    cut = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}... ({len(text)} characters)"
    return f"{title}:\n{textwrap.indent(cut, '    ')}"

"""Estimate the requests, tokens and dollars of the next run, without sending anything.

With `--pilot 20`, ask twenty problems of each thought first, and forecast requests, tokens, dollars and
hours with 95 % intervals. Answers of an endpoint go to the ledger: the stage `generate` does not pay for them
again.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tabulate import tabulate

from thoughtmill.factory import generate
from thoughtmill.factory.commands.foreseen import AT_MOST, growths
from thoughtmill.factory.commands.further import further
from thoughtmill.factory.commands.pilot import HEADERS as PILOT_HEADERS
from thoughtmill.factory.commands.pilot import forecast
from thoughtmill.factory.commands.verified_samples import chosen_problems, verified_samples
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.printable import fitted
from thoughtmill.factory.growths.inheritance import is_verified
from thoughtmill.factory.teachers import TEACHERS
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

HEADERS = ("thought", "requests", "held", "prompt_tokens", "completion_tokens", "usd", "most_usd")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the pilot; `params.yaml` describes the next run."""
    parser.add_argument("--pilot", type=int, metavar="N", help="ask N problems of each thought first")


def call(words: argparse.Namespace) -> str:
    """Estimate every thought of this project."""
    settings, folder = params.section("generate", GenerateSettings), root()
    every_teacher = [
        (thought, chosen) for thought in params.thoughts() for chosen in settings.chosen(thought)
    ]
    asked = [each for each in every_teacher if hasattr(TEACHERS.named(each[1].module), "estimate")]
    if not asked:
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(chosen.module for _, chosen in every_teacher))
        return f"no endpoint is asked, and the run costs nothing: the teacher is {names}"
    if words.pilot is None:
        every, again = [*_estimates(folder, settings, asked)], _again(folder, settings, asked)
        every += [*again, *growths(folder, settings)]
        shown = "\n".join([table(every), "", *notes(settings, asked, every, again)])
    elif words.pilot < 2:
        raise ThoughtmillError("--pilot: give at least 2, for an interval")
    else:
        shown = _pilot(folder, settings, asked, words.pilot)
    return shown.rstrip()


def _estimates(
    folder: Path, settings: GenerateSettings, asked: Sequence[tuple[str, ChosenTeacher]]
) -> Iterator[CostEstimate]:
    """Yield an estimate for each thought and teacher; with several teachers, the name says whose it is."""
    for thought, chosen in asked:
        estimate = TEACHERS.named(chosen.module).estimate  # type: ignore[attr-defined]
        requests = generate.requests_of(folder, thought, settings, chosen)
        for found in estimate(chosen.settings, requests):
            yield replace(found, thought=_name(thought, chosen, settings))


def _again(
    folder: Path,
    settings: GenerateSettings,
    asked: Sequence[tuple[str, ChosenTeacher]],
    shares: Mapping[str, float] | None = None,
) -> list[CostEstimate]:
    """Return the estimates of what `generate.until` asks for beside the first samples."""
    found = []
    for thought in dict.fromkeys(thought for thought, _ in asked):
        first = settings.chosen(thought)[0]
        estimate = getattr(TEACHERS.named(first.module), "estimate", None)
        more = estimate and further(folder, thought, settings, estimate, (shares or {}).get(thought))
        found += [more] if more else []
    return found


def notes(
    settings: GenerateSettings,
    asked: Sequence[tuple[str, ChosenTeacher]],
    every: Sequence[CostEstimate],
    again: Sequence[CostEstimate],
) -> Iterator[str]:
    """Yield what the numbers of a table rest on, and which of `until` and `max_usd` ends the run."""
    until = settings.until
    if until is not None and again:
        unknown = any(each.thought.endswith("at most") for each in again)
        how = "a pilot or verified records tell how many" if unknown else "by the share that holds so far"
        yield f"until {until.verified} hold, at most {until.at_most} of a problem and thought: {how}"
    if any(each.thought.endswith(AT_MOST) for each in every if each not in again):
        yield "growths: at most, as if every problem had a verified thought and every new one were kept"
    endpoints = [c.settings for _, c in asked if isinstance(c.settings, EndpointSettings)]
    limits = {each.max_usd for each in endpoints if each.max_usd is not None}
    usd, most = _sum([each.cost_usd for each in every]), _sum([each.most_usd for each in every])
    for limit in sorted(limits):
        ends = "the price is unknown" if usd is None else "the run stays below it"
        if usd is not None and usd > limit:
            ends = f"the run ends there, after about {limit / usd:.0%} of these requests"
        elif usd is not None and (most is None or most > limit):
            ends = "the run is expected to stay below it, and may end there"
        yield f"max_usd is {limit:.4f}: {ends}"
    if late := [f"{chosen.name} ({thought})" for thought, chosen in asked if chosen.fallback_of]:
        yield f"at most, for a fall-back is asked only where another teacher fails: {', '.join(late)}"


def _pilot(
    folder: Path,
    settings: GenerateSettings,
    asked: Sequence[tuple[str, ChosenTeacher]],
    number: int,
) -> str:
    problems = chosen_problems(folder, settings, number)
    tried = [[*verified_samples(folder, thought, settings, chosen, problems)] for thought, chosen in asked]
    rows = [
        forecast(estimate, [sample.completion for sample in found], chosen.settings)
        for (_, chosen), found, estimate in zip(
            asked, tried, _estimates(folder, settings, asked), strict=True
        )
    ]
    shares = {
        thought: sum(is_verified(sample.verdict[0]) for sample in found) / max(1, len(found))
        for (thought, _), found in reversed([*zip(asked, tried, strict=True)])
    }
    again = _again(folder, settings, asked, shares)
    more = [*again, *growths(folder, settings)]
    shown = fitted(tabulate(rows, headers=PILOT_HEADERS, disable_numparse=True), PILOT_HEADERS, rows)
    parts = [shown, table(more)] if more else [shown]
    every = [*_estimates(folder, settings, asked), *more]
    return "\n\n".join([*parts, "\n".join(notes(settings, asked, every, again))])


def _name(thought: str, chosen: ChosenTeacher, settings: GenerateSettings) -> str:
    return f"{thought} by {chosen.name}" if settings.teachers else thought


def table(estimates: list[CostEstimate]) -> str:
    """Return estimates as a table with their sum."""
    total = CostEstimate(
        "all",
        sum(each.requests for each in estimates),
        sum(each.held for each in estimates),
        sum(round(each.prompt_tokens) for each in estimates),
        sum(round(each.completion_tokens) for each in estimates),
        _sum([each.cost_usd for each in estimates]),
        _sum([each.most_usd for each in estimates]),
    )
    rows = [_cells(each) for each in (*estimates, total)]
    return fitted(tabulate(rows, headers=HEADERS), HEADERS, rows)


def _cells(each: CostEstimate) -> tuple[str | int, ...]:
    tokens = round(each.prompt_tokens), round(each.completion_tokens)
    return each.thought, each.requests, each.held, *tokens, _usd(each.cost_usd), _usd(each.most_usd)


def _sum(costs: list[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _usd(cost: float | None) -> str:
    return "unknown price" if cost is None else f"{cost:.4f}"

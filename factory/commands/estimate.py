"""Estimate the requests, tokens and dollars of the next run, without sending anything."""

import argparse

from tabulate import tabulate

from thoughtmill.factory import generate
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.teachers import TEACHERS
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate

HEADERS = ("thought", "requests", "held", "prompt_tokens", "completion_tokens", "usd", "most_usd")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments: `params.yaml` describes the next run."""


def call(words: argparse.Namespace) -> str:
    """Estimate every thought of this project."""
    settings = params.section("generate", generate.GenerateSettings)
    estimate = getattr(TEACHERS.named(settings.teacher), "estimate", None)
    if estimate is None:
        raise ThoughtmillError(f"the teacher `{settings.teacher}` costs nothing")
    return table(estimate(settings.teacher_settings(), generate.corpus(root(), settings)))


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
    return tabulate([_cells(each) for each in (*estimates, total)], headers=HEADERS)


def _cells(each: CostEstimate) -> tuple[str | int, ...]:
    tokens = round(each.prompt_tokens), round(each.completion_tokens)
    return each.thought, each.requests, each.held, *tokens, _usd(each.cost_usd), _usd(each.most_usd)


def _sum(costs: list[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _usd(cost: float | None) -> str:
    return "unknown price" if cost is None else f"{cost:.4f}"

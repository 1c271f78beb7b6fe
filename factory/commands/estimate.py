"""What a run would ask and cost, before it is started."""

import argparse

from tabulate import tabulate

from thoughtmill.factory import generate
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate
from thoughtmill.factory.teachers.openai import OpenAITeacher

HELP = "say what the next run would ask and cost"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: what would be asked stands in params.yaml."""


def call(words: argparse.Namespace) -> str:
    """CostEstimate every thought of this project, as its teacher would be asked."""
    settings = params.section("generate", generate.GenerateSettings)
    if settings.teacher not in ("openai", "batch"):
        raise ThoughtmillError(f"the teacher `{settings.teacher}` costs nothing")
    batched = settings.teacher == "batch"
    teacher = OpenAITeacher(settings.batch if batched else settings.openai)
    factor = settings.batch.price_factor if batched else 1.0
    return shown(teacher.estimate(generate.corpus(root(), settings)), factor)


def shown(found: list[CostEstimate], factor: float) -> str:
    """Return estimates as a table with their sum; `factor` is what is paid of the listed price."""
    rows = [
        (
            each.thought,
            each.requests,
            each.held,
            round(each.prompt_tokens),
            round(each.completion_tokens),
            _usd(each.cost_usd, factor),
            _usd(each.most_usd, factor),
        )
        for each in found
    ]
    headers = ("thought", "requests", "held", "prompt_tokens", "completion_tokens", "usd", "most_usd")
    costs, most = [each.cost_usd for each in found], [each.most_usd for each in found]
    total = (
        "all",
        sum(each.requests for each in found),
        sum(each.held for each in found),
        sum(row[3] for row in rows),
        sum(row[4] for row in rows),
        _usd(None if None in costs else sum(cost or 0 for cost in costs), factor),
        _usd(None if None in most else sum(cost or 0 for cost in most), factor),
    )
    return tabulate([*rows, total], headers=headers)


def _usd(cost: float | None, factor: float) -> str:
    return "unknown price" if cost is None else f"{cost * factor:.4f}"

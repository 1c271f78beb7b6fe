"""Estimate what `generate.until` asks for beside the first samples, before or after these are verified."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from thoughtmill.factory import generate
from thoughtmill.factory.asking import again_by
from thoughtmill.factory.core import tables
from thoughtmill.factory.growths.inheritance import is_verified
from thoughtmill.factory.growths.until import Again, expected, holding
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.choice import GenerateSettings, UntilSettings
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate
from thoughtmill.schemas import Records


@dataclass(frozen=True)
class Samples(Collection[tuple[str, int]]):
    """The samples of a range of some problems, for `ThoughtRequests.only`, without a set of all pairs."""

    problems: Collection[str]
    samples: range

    def __contains__(self, pair: object) -> bool:
        return isinstance(pair, tuple) and pair[1] in self.samples and pair[0] in self.problems

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return product(self.problems, self.samples)

    def __len__(self) -> int:
        return len(self.problems) * len(self.samples)


def further(
    folder: Path,
    thought: str,
    settings: GenerateSettings,
    estimate: Callable[[Any, Iterable[Request]], Iterable[CostEstimate]],
    share: float | None = None,
) -> CostEstimate | None:
    """Return the estimate of what is asked again for a thought; None where nothing is.

    `estimate` is that of the teacher's module. Without verified records, the `share` of records that hold
    decides. If it is unknown too, the estimate is the most that may be asked.
    """
    until, chosen = settings.until, settings.chosen(thought)
    if until is None or until.at_most <= chosen[0].samples:
        return None
    teacher, samples = again_by(chosen, until)[0], range(chosen[0].samples, until.at_most)
    missing, seen = _missing(folder, thought, settings, until)
    share = share if seen is None else seen
    only = Samples(missing, samples)
    requests = replace(generate.requests_of(folder, thought, settings, teacher), only=only)
    found = next(iter(estimate(teacher.settings, requests)), None)
    if found is None:
        return None
    if share is None:
        return replace(found, thought=f"{thought} again, at most")
    most = len(samples) if seen is not None else until.at_most
    wanted = {need: expected(need, most, share) for need in set(missing.values())}
    first = 0.0 if seen is not None else expected(until.verified, chosen[0].samples, share)
    asked = sum(wanted[need] - first for need in missing.values())
    return _scaled(found, asked, f"{thought} again")


def _scaled(most: CostEstimate, asked: float, name: str) -> CostEstimate:
    """Return the estimate for the expected part of the most that may be asked, what is held first."""
    left = most.requests - most.held
    part = max(0.0, asked - most.held) / left if left else 0.0
    return replace(
        most,
        thought=name,
        requests=max(round(asked), most.held),
        prompt_tokens=part * most.prompt_tokens,
        completion_tokens=part * most.completion_tokens,
        cost_usd=None if most.cost_usd is None else part * most.cost_usd,
    )


def _missing(
    folder: Path, thought: str, settings: GenerateSettings, until: UntilSettings
) -> tuple[dict[str, int], float | None]:
    """Return how many records each problem lacks, and the share that holds where they are verified."""
    chosen = settings.chosen(thought)[0]
    path = folder / "data" / "verified" / thought / "records.parquet"
    if not path.exists():
        every = generate.requests_of(folder, thought, settings, chosen)
        return {request.problem["problem_id"]: until.verified for request in every}, None
    records = tables.TableReader(path, Records)
    again = Again(until.verified, until.at_most, chosen.samples)
    again.add(records)
    missing = {name: until.verified - holding(rows) for name, rows in again.records.items()}
    return missing, sum(map(is_verified, records)) / max(1, len(records))

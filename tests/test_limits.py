"""Limits are named, bounded and fixed."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from thoughtmill.factory.solvers.limits import Limits

ROOT = Path(__file__).parents[1]


def test_every_limit_has_a_default_and_a_description() -> None:
    assert all(field.description and field.default is not None for field in Limits.model_fields.values())


def test_a_program_reaches_its_limit_of_processor_time_before_the_wall_time_on_a_busy_machine() -> None:
    shipped = yaml.safe_load((ROOT / "params.yaml").read_text())["verify"]["limits"]
    for limits in (Limits(), Limits.model_validate(shipped)):
        assert limits.long_wall_s >= 12 * limits.cpu_s


@pytest.mark.parametrize("wrong", [{"wall": 1}, {"wall_s": 0}, {"memory_mb": -1}, {"fence": "none"}])
def test_a_wrong_limit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(wrong)


def test_limits_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Limits().wall_s = 3  # type: ignore[misc]

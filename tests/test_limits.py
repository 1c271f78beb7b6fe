"""Limits are named, bounded and fixed."""

import pytest
from pydantic import ValidationError

from thoughtmill.factory.solvers.limits import Limits


def test_every_limit_has_a_default_and_a_description() -> None:
    assert all(field.description and field.default is not None for field in Limits.model_fields.values())


@pytest.mark.parametrize("wrong", [{"wall": 1}, {"wall_s": 0}, {"memory_mb": -1}, {"fence": "none"}])
def test_a_wrong_limit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(wrong)


def test_limits_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Limits().wall_s = 3  # type: ignore[misc]

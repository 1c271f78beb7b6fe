"""Registries find what is ours and what packages bring, and import it only when it is chosen."""

import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from thoughtmill.factory.core import registry
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.registry import Registry

GROUP = "thoughtmill.colours"


def colours(monkeypatch: pytest.MonkeyPatch, *brought: tuple[str, str]) -> Registry[Any]:
    points = EntryPoints(EntryPoint(name, value, GROUP) for name, value in brought)
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == GROUP else EntryPoints())
    return Registry("colour", GROUP, {"red": "colorsys", "digits": "string:digits"})


def test_an_entry_is_a_module_or_an_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    found = colours(monkeypatch)
    assert found.named("red").__name__ == "colorsys"
    assert found.named("digits") == "0123456789"


def test_an_entry_is_imported_only_when_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    found = colours(monkeypatch, ("green", "no_such_package"))
    assert found.names() == ("red", "digits", "green")
    assert "green" in found
    assert "colorsys" not in sys.modules


def test_a_package_brings_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    assert colours(monkeypatch, ("green", "string:hexdigits")).named("green").startswith("0123")


def test_an_unknown_name_is_an_error_that_lists_all_names(monkeypatch: pytest.MonkeyPatch) -> None:
    found = colours(monkeypatch, ("green", "string"))
    with pytest.raises(
        ThoughtmillError, match=r"params\.yaml: unknown colour `blue`; there are: red, digits, green"
    ):
        found.named("blue", "params.yaml: ")


def test_a_package_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ThoughtmillError, match="the colour `green` of no_such_package cannot be imported"):
        colours(monkeypatch, ("green", "no_such_package")).named("green")


def test_a_package_for_another_python_is_named_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "of_later_days.py").write_text("a new kind of statement")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        ThoughtmillError, match="`green` of of_later_days cannot be imported: SyntaxError: invalid syntax"
    ):
        colours(monkeypatch, ("green", "of_later_days")).named("green")


def test_a_package_that_fails_in_its_own_way_is_named_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "of_no_key.py").write_text("{}['a key']")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ThoughtmillError, match="`green` of of_no_key cannot be imported: KeyError: 'a key'"):
        colours(monkeypatch, ("green", "of_no_key")).named("green")


@pytest.mark.parametrize("brought", [[("red", "string")], [("green", "string"), ("green", "colorsys")]])
def test_one_name_cannot_stand_for_two_entries(
    monkeypatch: pytest.MonkeyPatch, brought: list[tuple[str, str]]
) -> None:
    with pytest.raises(ThoughtmillError, match="uninstall one of the two"):
        colours(monkeypatch, *brought).names()

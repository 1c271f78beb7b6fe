"""README is short, and what it says is so."""

import importlib.util
import re
from itertools import islice
from pathlib import Path

from thoughtmill.factory.problems import stories

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def test_it_has_at_most_120_lines() -> None:
    assert len(README.splitlines()) <= 120


def test_the_first_screen_has_a_picture_and_the_two_commands() -> None:
    screen = "\n".join(README.splitlines()[:30])
    assert all(
        part in screen for part in ("docs/report.png", "make repro", "thoughtmill init", "pip install")
    )


def test_a_picture_is_small() -> None:
    pictures = [ROOT / name for name in re.findall(r'<img src="([^"]+)"', README)]
    assert len(pictures) == 2
    assert all(picture.stat().st_size < 150_000 for picture in pictures)


def test_the_record_that_is_shown_is_in_the_default_corpus() -> None:
    story = next(islice(stories.tell("train", 879, 1), 878, None))
    assert story.problem in section("A record")
    assert f"gold answer: {story.answer}" in section("A record")


def test_every_promise_links_to_the_test_that_proves_it() -> None:
    promises = [line for line in section("Promises").splitlines() if line]
    assert len(promises) == 5
    for promise in promises:
        found = re.search(r"\[`(test_\w+)`\]\((tests/test_\w+\.py)\)", promise)
        assert found, promise
        assert f"def {found[1]}(" in (ROOT / found[2]).read_text("utf-8"), promise


def test_every_measured_row_names_the_command_or_the_test() -> None:
    rows = section("Measured").split("|---|---|---|\n")[1].strip().splitlines()
    assert len(rows) == 5
    for row in rows:
        command = row.split("|")[3]
        bench = re.search(r"`python -m (bench\.\w+)", command)
        assert "`make repro`" in command or "](tests/" in command or (bench and _is_module(bench[1])), row


def test_four_lines_say_what_does_not_show() -> None:
    assert len(re.findall("^- ", section("What it does not show yet"), re.MULTILINE)) == 4


def _is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None

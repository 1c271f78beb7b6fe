"""Texts of others are shown on a page and in a terminal, and command neither."""

import os
from pathlib import Path

import pytest

from thoughtmill.factory.core.printable import fitted, for_terminal, note, printable, say


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x1b", "\x7f", "\x9f"])
def test_a_control_character_is_shown_as_a_mark(character: str) -> None:
    assert printable(f"a{character}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_white_space_and_letters_of_any_script_stay() -> None:
    text = "tab\t line\r\n página 数 \N{GRINNING FACE}"
    assert printable(text) == text


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n", "\x0b", "\x0c", "\u2028"])
def test_in_a_terminal_no_text_is_written_over_another(end: str) -> None:
    assert for_terminal(f"wrong{end}right") == "wrong\nright"


def test_a_line_for_the_user_holds_no_command_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("waits for node\x1b[2J\rnothing")
    assert capsys.readouterr().err == "waits for node\N{REPLACEMENT CHARACTER}[2J\nnothing\n"


def test_a_line_of_progress_that_cannot_be_printed_stops_no_work() -> None:
    with Path("/dev/full").open("w") as full:
        note("12 of 30", full)
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # or closing it would fail


def test_a_table_that_is_wider_than_the_terminal_has_a_line_for_each_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [("cot", 2), ("pot", None)]
    table = ("thought    kept\n---------  ----\ncot           2", ["thought", "kept"], rows)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "15")
    assert fitted(*table) == table[0]
    monkeypatch.setenv("COLUMNS", "14")
    assert fitted(*table) == "thought  cot\nkept     2\n\nthought  pot\nkept"
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert fitted(*table) == table[0]

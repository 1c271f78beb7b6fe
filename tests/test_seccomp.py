"""The filter is a list of whole instructions that refuses by default."""

import struct

import pytest

from thoughtmill.factory.solvers.program.seccomp import ALLOW, ALLOWED, KILL, REFUSE, RETURN, compile_filter


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_only_listed_calls_are_allowed_and_the_last_word_is_no(machine: str, column: int) -> None:
    lines = list(struct.iter_unpack("<HBBI", compile_filter(machine)))
    returned = [value for code, _, _, value in lines if code == RETURN]
    assert returned[0] == KILL
    assert returned[-1] == REFUSE
    assert returned.count(ALLOW) == sum(numbers[column] >= 0 for numbers in ALLOWED.values())


def test_no_call_is_listed_twice() -> None:
    for column in (0, 1):
        numbers = [pair[column] for pair in ALLOWED.values() if pair[column] >= 0]
        assert len(numbers) == len(set(numbers))


def test_nothing_that_starts_signals_or_connects_is_listed() -> None:
    refused = {
        "fork",
        "vfork",
        "clone",
        "clone3",
        "execve",
        "kill",
        "tgkill",
        "socket",
        "connect",
        "ptrace",
        "mount",
    }
    assert not refused & ALLOWED.keys()


def test_an_unknown_machine_has_no_filter() -> None:
    with pytest.raises(OSError, match="pdp11"):
        compile_filter("pdp11")

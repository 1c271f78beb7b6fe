"""The zygote speaks a small protocol, keeps nothing of a program, and ends with its parent."""

from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.processes import Zygote
from thoughtmill.factory.solvers.program.screen import Screened
from thoughtmill.factory.solvers.programs import strongest_fence


def plain(body: str, tail: str = "") -> Screened:
    return Screened(body, tail, plain=False, heavy=False)


def test_programs_are_answered_in_their_order_each_in_a_fresh_child() -> None:
    zygote = Zygote(strongest_fence(), Limits(), heavy=False)
    assert zygote.run(plain("kept = 1", "kept"), 5.0) == ("number", "1")
    assert zygote.run(plain("", "kept"), 5.0)[0] == "raised"
    assert zygote.run(plain("import os", "os.environ.get('PATH', 7) + len(os.environ)"), 5.0) == (
        "number",
        "7",
    )
    assert zygote.run(plain("import sys", "sys.stdin.read().count('') * 3"), 5.0) == ("number", "3")
    zygote.close()


def test_text_of_any_alphabet_and_length_crosses() -> None:
    zygote = Zygote(strongest_fence(), Limits(), heavy=False)
    assert zygote.run(plain("été = 2" + "\n# é" * 20_000, "été"), 5.0) == ("number", "2")
    zygote.close()


def test_a_child_that_leaves_without_a_word_is_killed() -> None:
    zygote = Zygote(strongest_fence(), Limits(), heavy=False)
    assert zygote.run(plain("import os\nos._exit(0)"), 5.0) == ("killed", "it ended without an answer")
    zygote.close()


def test_closing_ends_the_process() -> None:
    zygote = Zygote(strongest_fence(), Limits(), heavy=False)
    zygote.run(plain("", "1"), 5.0)
    process = zygote._process
    assert process is not None
    zygote.close()
    assert process.returncode is not None

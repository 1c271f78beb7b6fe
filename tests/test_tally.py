"""The figures of a run."""

from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.teachers.endpoint.tally import Count, Tally


def tally(total: int | None = 100, **counts: int) -> Tally:
    return Tally(0.0, total, thoughts={"cot": Count(**counts)})


def test_an_unknown_total_is_neither_projected_nor_timed() -> None:
    run = tally(total=None, answered=10)
    run.bought(100, 0.5)
    assert run.line(2.0) == "cot 10 done, 0 in flight, 0 failed; 5.0 requests/s, 50 tokens/s; $0.50 spent"


def test_without_prices_no_dollars_are_shown() -> None:
    run = tally(answered=10)
    run.bought(100, None)
    assert "$" not in run.line(1.0)


def test_what_the_ledger_held_is_done_but_was_not_asked() -> None:
    run = tally(held=50, answered=10)
    assert run.line(1.0) == (
        "cot 60 done (50 from the ledger), 0 in flight, 0 failed; "
        "of 100; 10.0 requests/s, 0 tokens/s; 4 s left"
    )


def test_a_pause_says_how_long_it_lasts() -> None:
    run = tally(total=None)
    run.pause_s = 91.0
    assert run.line(1.0) == (
        "cot 0 done, 0 in flight, 0 failed; nothing is sent for 90 s; 0.0 requests/s, 0 tokens/s"
    )
    assert "nothing" not in run.line(91.0)


def test_every_thought_has_its_own_figures() -> None:
    run = tally(answered=1)
    run.of("pot").failed = 2
    assert run.line(1.0).startswith("cot 1 done, 0 in flight, 0 failed, pot 2 done, 0 in flight, 2 failed; ")


def test_the_projection_is_exact_when_every_answer_costs_the_same() -> None:
    run = tally(total=40, answered=10)
    run.bought(0, 1.0)
    assert "$1.00 spent, $4.00 projected" in run.line(1.0)


@given(
    st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.none() | st.integers(0, 30), st.floats(0, 1e6)
)
def test_any_state_has_a_line(held: int, answered: int, failed: int, total: int | None, now_s: float) -> None:
    line = tally(total, held=held, answered=answered, failed=failed).line(now_s)
    assert line.startswith(f"cot {held + answered + failed} done")
    assert "-" not in line

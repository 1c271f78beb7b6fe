"""The seam between answering and whoever writes: both writers keep it."""

from collections.abc import Callable

from train.draws import Draw
from train.local import Students
from train.served import Served
from train.writing import Request, Writer, Written


def test_both_writers_take_requests_and_return_what_was_written() -> None:
    writers: tuple[Callable[..., Writer], ...] = (Students, Served)
    assert {each.__name__ for each in writers} == {"Students", "Served"}


def test_what_ends_by_itself_has_no_failure() -> None:
    assert Written(Draw("p", "ir", 1), "#### 7", 3).failure is None


def test_a_request_says_what_it_is_asked_for() -> None:
    draw = Draw("p", "dr_other", 0)
    request = Request(draw, "dr", "A problem.", "A rule.", 0.0, "1/p")
    assert (request.draw.role, request.role) == ("dr_other", "dr")

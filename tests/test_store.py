"""The store of replayed completions: found by any name of a problem, counted, and listed."""

from thoughtmill.factory.teachers.replay.store import CompletionStore, ReplayLine

LINE = ReplayLine(problem_id="text-1", thought="cot", completion="four", model="m")


def stored(*lines: ReplayLine) -> CompletionStore:
    store = CompletionStore()
    for number, line in enumerate(lines):
        store.add(line, f"line {number}")
    return store


def test_lines_without_a_number_are_the_next_samples() -> None:
    store = stored(LINE, LINE.model_copy(update={"completion": "4"}))
    assert store.count(["p", "text-1"], "cot") == 2
    second = store.find(["p", "text-1"], "cot", 1)
    assert second is not None
    assert second.completion == "4"


def test_rules_that_every_row_of_a_problem_repeats_are_kept_once() -> None:
    store = stored(LINE)
    store.add(LINE, "line 1", once=True)
    store.add(LINE.model_copy(update={"completion": "4"}), "line 2", once=True)
    assert store.count(["text-1"], "cot") == 2


def test_lines_that_nobody_asked_for_are_counted_and_listed_with_their_place() -> None:
    store = stored(
        LINE, LINE.model_copy(update={"problem_id": "text-2"}), LINE.model_copy(update={"thought": "pot"})
    )
    assert store.find(["text-1"], "cot", 0) == LINE
    assert store.counts("cot") == (2, 1)
    assert [(place, line.problem_id) for place, line in store.left("cot")] == [("line 1", "text-2")]

"""Difficulty-adaptive voting: one sample where it is easy, many where it is hard."""

from tests.tabled import table
from train.difficulty import BLOCK, difficulty
from train.draws import Decided, Key, Policy, Sample, replay

EASY, HARD = [f"easy-{n:02}" for n in range(BLOCK)], [f"hard-{n:02}" for n in range(BLOCK)]


def samples(name: str, answers: list[str], new_tokens: int) -> dict[Key, Sample]:
    drawn = table({"ir": list(answers)}, name)
    return {key: Sample(one.text, one.predicted_answer, None, new_tokens) for key, one in drawn.items()}


def voted(stored: dict[Key, Sample]) -> Decided:
    ids = sorted({key[0] for key in stored})
    return replay(Policy(lambda all_: [difficulty(all_, "ir", 8, 4, 0.95)]), ids, stored)


def test_below_a_unanimous_block_every_problem_gets_one_sample() -> None:
    stored: dict[Key, Sample] = {}
    for name in HARD:
        stored |= samples(name, ["7"] * 8, 30)
    for name in EASY:
        stored |= samples(name, ["5"], 10)
    found = voted(stored)
    assert {found.decisions[name].rounds for name in HARD} == {4}
    assert {(found.decisions[name].answers, found.decisions[name].rounds) for name in EASY} == {(("5",), 1)}
    assert found.new_tokens["easy-00"] == 10


def test_the_longer_first_sample_is_the_harder_problem() -> None:
    stored: dict[Key, Sample] = {}
    for name in HARD:
        stored |= samples(name, ["7"], 10)  # short after all: one sample is enough to serve them
    for name in EASY:
        stored |= samples(name, ["5"] * 8, 30)
    assert {voted(stored).decisions[name].rounds for name in HARD} == {1}


def test_a_block_that_disagrees_draws_on_and_the_next_is_allotted_as_many() -> None:
    stored: dict[Key, Sample] = {}
    for name in HARD:
        stored |= samples(name, ["7", "9"] * 4, 30)
    for name in EASY:
        stored |= samples(name, ["5"] * 8, 10)
    found = voted(stored)
    assert {(one.rounds, one.resolved) for name, one in found.decisions.items() if name in HARD} == {
        (8, False)
    }
    assert {(one.rounds, one.resolved) for name, one in found.decisions.items() if name in EASY} == {
        (8, True)
    }


def test_it_never_draws_more_than_k() -> None:
    stored = samples("a", ["7", "9", "7", "9", "7", "9", "7", "9"], 5)
    assert voted(stored).decisions["a"].rounds == 8
    assert voted(stored).decisions["a"].answers == ("7",)

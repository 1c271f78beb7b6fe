"""Answering: live policies decide what their replay decides, draw nothing twice, and outlive `kill -9`."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fork_server import forked_by
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies import PolicySettings, policy
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest, SampleJournal, answer
from thoughtmill.train.policies.plans import Sample, SampleRequest, replay

HOW = PolicySettings(max_rounds=6, loops=2, pairs=2)
NAMES = (
    "greedy/ir", "greedy/dr", "greedy/dr_other", "majority@5/ir", "early_stop@6/ir", "adaptive@6/ir", "lorid",
    "difficulty@6/ir", "same_round", "lorid_released", "etd", "etd_two_agree", "pair", "pair_unhinted",
    "network", "prove@3",
)  # fmt: skip
PROBLEMS = [f"p{number:02}" for number in range(20)]


class Dice:
    """A writer whose answers depend on the draw alone, and come in an order of its own."""

    def __init__(self) -> None:
        self.waiting: list[GenerationRequest] = []
        self.asked: list[tuple[str, str, int, int]] = []

    def ask(self, requests: Sequence[GenerationRequest]) -> None:
        self.waiting += requests
        self.asked += [one.wanted.key for one in requests]

    def write(self) -> list[GeneratedText]:
        """Return every other request that waits, the newest first."""
        ready, self.waiting = self.waiting[::-2], self.waiting[-2::-2][::-1]
        return [GeneratedText(one.wanted, said(one.wanted), 3 + len(one.wanted.role)) for one in ready]


def said(draw: SampleRequest) -> str:
    """Return one of three answers or none, harder problems being less sure of theirs."""
    number = sum(map(ord, "/".join(map(str, draw.key)))) * 7919 % 101
    return str(number % 3) if number < 90 else "none"


def asking(draw: SampleRequest, given: Sample | None) -> GenerationRequest:
    assert (given is None) == (draw.given is None)
    return GenerationRequest(draw, draw.role, "", given.text if given else None, 1.0, "")


def solving(written: GeneratedText) -> Sample:
    text = written.text
    rules = written.wanted.role == "kg"
    return Sample(text, None if rules or text == "none" else Answer(text), None, written.new_tokens)


@pytest.fixture
def journal(tmp_path: Path) -> SampleJournal:
    return SampleJournal(tmp_path / "run.jsonl")


@pytest.mark.parametrize("names", [*((name,) for name in NAMES), NAMES])
def test_replaying_over_stored_samples_gives_exactly_what_the_live_engine_answered(
    journal: SampleJournal, names: tuple[str, ...]
) -> None:
    policies = {name: policy(name, HOW) for name in names}
    live = answer(policies, PROBLEMS, journal, Dice(), asking, solving)
    for name in names:
        assert live[name] == replay(policy(name, HOW), PROBLEMS, journal.stored)
        assert sorted(live[name].decisions) == PROBLEMS


def test_a_policy_alone_decides_and_costs_what_it_does_among_others(tmp_path: Path) -> None:
    together = answer(
        {name: policy(name, HOW) for name in NAMES},
        PROBLEMS,
        SampleJournal(tmp_path / "all"),
        Dice(),
        asking,
        solving,
    )
    for name in NAMES:
        alone = answer(
            {name: policy(name, HOW)}, PROBLEMS, SampleJournal(tmp_path / "one"), Dice(), asking, solving
        )
        (tmp_path / "one").unlink()
        assert alone[name] == together[name]


def test_no_draw_is_written_twice(journal: SampleJournal) -> None:
    dice = Dice()
    answer({name: policy(name, HOW) for name in NAMES}, PROBLEMS, journal, dice, asking, solving)
    assert len(dice.asked) == len(set(dice.asked)) == len(journal.stored)


def test_a_policy_alone_draws_no_more_than_it_pays_for(journal: SampleJournal) -> None:
    live = answer({"lorid": policy("lorid", HOW)}, PROBLEMS, journal, Dice(), asking, solving)
    assert sum(live["lorid"].new_tokens.values()) == sum(one.new_tokens for one in journal.stored.values())


def test_a_run_goes_on_where_a_journal_ends_and_asks_only_for_the_rest(tmp_path: Path) -> None:
    whole = SampleJournal(tmp_path / "whole")
    expected = answer({"lorid": policy("lorid", HOW)}, PROBLEMS, whole, Dice(), asking, solving)
    lines = (tmp_path / "whole").read_text().splitlines(keepends=True)
    (tmp_path / "torn").write_text("".join(lines[: len(lines) // 2]) + lines[-1][:20])
    torn, dice = SampleJournal(tmp_path / "torn"), Dice()
    assert len(torn.stored) == len(lines) // 2
    assert answer({"lorid": policy("lorid", HOW)}, PROBLEMS, torn, dice, asking, solving) == expected
    assert len(dice.asked) == len(lines) - len(lines) // 2
    assert torn.stored == whole.stored
    torn.close()
    assert SampleJournal(tmp_path / "torn").stored == whole.stored


def test_what_an_endpoint_left_unanswered_is_asked_again(tmp_path: Path) -> None:
    journal = SampleJournal(tmp_path / "run")
    journal.note(SampleRequest("p", "ir", 0), Sample("", None, "unanswered", 0))
    journal.note(SampleRequest("p", "ir", 1), Sample("so 3 +", None, "truncated", 4))
    journal.close()
    assert list(SampleJournal(tmp_path / "run").stored) == [("p", "ir", 1, 0)]


def test_a_journal_that_is_done_is_gone(tmp_path: Path) -> None:
    journal = SampleJournal(tmp_path / "deep" / "run.jsonl")
    journal.note(SampleRequest("p", "ir", 1), Sample("so", Answer("7"), None, 3))
    journal.remove()
    assert not (tmp_path / "deep" / "run.jsonl").exists()


SLOW = """
import sys, time
from pathlib import Path
from tests.test_answering import HOW, PROBLEMS, Dice, asking, solving
from thoughtmill.train.policies.answering import SampleJournal, answer
from thoughtmill.train.policies import policy
class Slow(Dice):
    def write(self):
        time.sleep(0.01)
        return super().write()
journal = SampleJournal(Path(sys.argv[1]))
answer({"lorid": policy("lorid", HOW)}, PROBLEMS, journal, Slow(), asking, solving, rows=40)
"""


def test_a_killed_run_loses_no_sample_that_was_written(tmp_path: Path, python: str) -> None:
    path = tmp_path / "run.jsonl"
    process = subprocess.Popen(
        [python, "-c", SLOW, str(path)], cwd=Path(__file__).parents[1], stderr=subprocess.DEVNULL
    )
    while not path.exists() or path.read_bytes().count(b"\n") < 5:
        time.sleep(0.005)
        assert process.poll() is None or path.read_bytes().count(b"\n") >= 5
    os.kill(forked_by(process), signal.SIGKILL)
    process.wait()
    noted = path.read_bytes().count(b"\n")
    again, dice = SampleJournal(path), Dice()
    assert len(again.stored) == noted
    found = answer({"lorid": policy("lorid", HOW)}, PROBLEMS, again, dice, asking, solving, rows=40)
    assert found == {"lorid": replay(policy("lorid", HOW), PROBLEMS, again.stored)}
    assert len(dice.asked) == len(again.stored) + len(again.unused) - noted


def test_what_is_given_has_been_written_before(journal: SampleJournal) -> None:
    seen: list[str | None] = []

    def remembering(draw: SampleRequest, given: Sample | None) -> GenerationRequest:
        if draw.role == "dr":
            assert draw.given is not None
            assert draw.given.key in journal.stored
            seen.append(given.text if given else None)
        return asking(draw, given)

    answer({"lorid": policy("lorid", HOW)}, PROBLEMS, journal, Dice(), remembering, solving, rows=40)
    assert seen
    assert None not in seen


@pytest.mark.parametrize("rows", [10, 60])
@pytest.mark.parametrize("names", [("lorid",), ("adaptive@6/ir",), ("difficulty@6/ir",), ("network",), NAMES])
def test_what_is_written_ahead_changes_neither_decisions_nor_costs_nor_samples(
    tmp_path: Path, names: tuple[str, ...], rows: int
) -> None:
    policies = {name: policy(name, HOW) for name in names}
    plain, ahead = SampleJournal(tmp_path / "plain"), SampleJournal(tmp_path / "ahead")
    expected = answer(policies, PROBLEMS, plain, Dice(), asking, solving)
    dice = Dice()
    assert answer(policies, PROBLEMS, ahead, dice, asking, solving, rows=rows) == expected
    assert (ahead.stored, plain.unused) == (plain.stored, {})
    assert sorted(dice.asked) == sorted([*ahead.stored, *ahead.unused])


class Turns(Dice):
    """Writes all that waits in one turn, no answer before round `late`, and counts turns."""

    turns = most = 0
    late = 99

    def write(self) -> list[GeneratedText]:
        ready, self.waiting = self.waiting, []
        self.turns, self.most = self.turns + 1, max(self.most, len(ready))
        return [
            GeneratedText(one.wanted, "7" if one.wanted.round >= self.late else "none", 1) for one in ready
        ]


def test_a_problem_that_never_agrees_takes_few_turns_and_nothing_is_in_vain(tmp_path: Path) -> None:
    turns = []
    for rows in (0, 128):
        writer, journal = Turns(), SampleJournal(tmp_path / str(rows))
        answer({"": policy("lorid", PolicySettings())}, ["p"], journal, writer, asking, solving, rows=rows)
        assert (len(journal.stored), journal.unused) == (60, {})
        turns.append(writer.turns)
    assert turns == [2 + 19 * 3, 12]


def test_no_more_is_under_way_for_what_is_written_ahead_than_there_are_rows(journal: SampleJournal) -> None:
    writer = Turns()
    answer({"": policy("lorid", HOW)}, ["p", "q"], journal, writer, asking, solving, rows=5)
    assert writer.most == 5


def test_what_was_written_ahead_in_vain_is_no_sample_of_the_run_but_said(
    journal: SampleJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Turns()
    writer.late = 3
    live = answer({"": policy("lorid", HOW)}, ["p"], journal, writer, asking, solving, rows=60)
    assert live[""].new_tokens == {"p": 9}
    assert sorted(journal.unused) == [("p", role, 4, 0) for role in ("dr", "ir", "kg")]
    assert "infer: 3 samples of 3 tokens were written ahead and not used" in capsys.readouterr().err


def test_samples_of_a_killed_run_that_other_policies_asked_for_are_not_those_of_this_run(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.jsonl"
    answer({"": policy("majority@5/ir", HOW)}, PROBLEMS, SampleJournal(path), Dice(), asking, solving)
    again = SampleJournal(path)
    answer({"": policy("majority@2/ir", HOW)}, PROBLEMS, again, Dice(), asking, solving)
    assert {key[2] for key in again.stored} == {1, 2}
    assert {key[2] for key in again.unused} == {3, 4, 5}


@pytest.mark.parametrize("names", [("lorid",), NAMES])
def test_solving_beside_the_writer_changes_neither_decisions_nor_costs_nor_samples(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    policies = {name: policy(name, HOW) for name in names}
    plain, beside = SampleJournal(tmp_path / "plain"), SampleJournal(tmp_path / "beside")
    expected = answer(policies, PROBLEMS, plain, Dice(), asking, solving)
    found = answer(policies, PROBLEMS, beside, Dice(), asking, solving, rows=60, solver_thread=True)
    assert found == expected
    assert beside.stored == plain.stored


def test_an_error_of_solving_beside_the_writer_ends_the_run(journal: SampleJournal) -> None:
    def failing(written: GeneratedText) -> Sample:
        raise ThoughtmillError("no solver")

    with pytest.raises(ThoughtmillError, match="no solver"):
        answer(
            {"lorid": policy("lorid", HOW)}, PROBLEMS, journal, Dice(), asking, failing, solver_thread=True
        )

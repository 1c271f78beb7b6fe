"""The papers' tables: the work fits the hours, a stopped run goes on, and the page says what it counts."""

import time
from pathlib import Path

import pandas as pd
import pytest

from bench.papers import __main__ as bench
from bench.papers import answering, fitting, page
from bench.papers.clock import StepClock, TimeUp
from bench.papers.contents import LOOPS, SINGLE, Students, tables
from tests import tiny
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies import PolicySettings, policy, roles_of
from thoughtmill.train.training.jobs import TrainingJob
from thoughtmill.train.training.states import LossPoint

WORK = fitting.Workload(
    epoch_tokens={"single/ir": 1_000_000},
    records={"single/ir": 5000},
    target_tokens=80.0,
    problems={"a": 1000, "b": 150},
)
SPEEDS = fitting.Speeds(training=100_000, training_start_s=30, answering=50_000, answering_start_s=30)


def test_more_hours_buy_more_epochs_and_more_problems() -> None:
    plans = [fitting.fitted(WORK, SPEEDS, seconds) for seconds in (200, 400, 3600)]
    assert [plan.epochs for plan in plans] == sorted(plan.epochs for plan in plans)
    assert plans[0].problems < plans[1].problems < plans[2].problems
    assert plans[2].epochs == fitting.MOST_EPOCHS, "ETD trains ten epochs"
    assert fitting.fitted(WORK, SPEEDS, 3600, most_epochs=3).epochs == 3


@pytest.mark.parametrize("seconds", [150, 200, 333, 1000, 5000])
def test_a_plan_fits_into_its_seconds(seconds: float) -> None:
    plan = fitting.fitted(WORK, SPEEDS, seconds)
    assert plan.training_s + plan.answering_s + fitting.page_s(seconds) <= seconds


def test_where_nothing_fits_the_least_is_named_and_fits() -> None:
    with pytest.raises(ThoughtmillError, match="--hours: nothing fits; the least is ") as caught:
        fitting.fitted(WORK, SPEEDS, 20)
    hours = float(str(caught.value).split()[-2])
    fitting.fitted(WORK, SPEEDS, hours * 3600)


def test_a_set_with_fewer_problems_is_counted_as_it_is() -> None:
    few = fitting.answering_s(WORK, SPEEDS, 150, 4, 1)
    more = fitting.answering_s(WORK, SPEEDS, 300, 4, 1)
    assert more - SPEEDS.answering_start_s == pytest.approx(1.5 * (few - SPEEDS.answering_start_s))


class Runs:
    """Training runs of a hundred steps at a token each, whose speed is known, on a clock of their own."""

    def __init__(self, names: str, soft: float, ends: float = 1e9) -> None:
        self.at = 1000.0
        self.clock = StepClock(dict.fromkeys(names, (100, 100)), 1000 + soft, 1000 + ends, lambda: self.at)
        self.steps = dict.fromkeys(names, 100)

    def say(self, name: str, taken: int) -> None:
        fitting = self.clock.fitting(name, [LossPoint(0, 0.0, 1, 0.0)] * taken)
        self.steps[name] = min(self.steps[name], 100 if fitting is None else fitting)


def test_runs_in_the_same_passes_are_shortened_alike_to_end_in_time() -> None:
    runs = Runs("abcd", soft=100)
    for taken in (10, 20):  # ten seconds for ten steps of each: all would take 90 more
        for name in "abcd":
            runs.say(name, taken)
        runs.at += 10
    assert set(runs.steps.values()) == {100}
    runs = Runs("abcd", soft=50)
    for taken in (10, 20, 30):
        for name in "abcd":
            runs.say(name, taken)
        runs.at += 10
    assert set(runs.steps.values()) == {60}, "40 seconds are left after the second time, 30 after the third"


def test_runs_one_after_the_other_leave_time_for_those_that_wait() -> None:
    runs = Runs("ab", soft=90)
    runs.say("a", 10)
    runs.at += 20
    runs.say("a", 30)  # a step a second, and 70 are left for 170 steps
    assert runs.steps == {"a": 50, "b": 100}
    runs.at += 20
    runs.say("a", 50)
    runs.at += 31  # the other begins
    runs.say("b", 31)
    assert runs.steps["b"] == 50, "19 seconds are left"


def test_a_run_whose_time_is_over_ends() -> None:
    runs = Runs("a", soft=5, ends=10)
    runs.say("a", 1)
    runs.at += 11
    with pytest.raises(TimeUp):
        runs.say("a", 2)


def test_time_that_is_left_goes_to_more_problems_once_other_seeds_have_theirs() -> None:
    work = answering.Answering(Path(), "", {}, {}, ends=time.monotonic() + 1000, tokens=4)
    assert work.next_size(1, at=0, whole=50, most=200, problem_s=1.0) == answering.FIRST
    assert work.next_size(1, at=50, whole=50, most=80, problem_s=1.0) == 30, "900 s: 100 are the others'"
    assert work.next_size(1, at=50, whole=50, most=200, problem_s=10.0) == 0
    assert work.next_size(1, at=8, whole=50, most=200, problem_s=30.0) == 29
    assert work.next_size(2, at=50, whole=50, most=200, problem_s=1.0) == 0


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the words of a run over a tiny corpus with two test sets, and a base that knows nothing."""
    folder = tmp_path_factory.mktemp("papers")
    tiny.write_corpus(folder / "data")
    rows = pd.DataFrame(tiny.problems())
    rows["source"] = ["gsm8k" if at % 2 else "svamp" for at in range(len(rows))]
    rows["split"] = ["train", "test", "test", "validation"] * (len(rows) // 4)
    rows.to_parquet(folder / "data" / "problems.parquet")
    base = tiny.write_causal(folder / "base")
    places = ["--corpus", folder / "data", "--folder", folder / "run", "--page", folder / "papers.md"]
    return ["--base", str(base), *map(str, places), "--max-new-tokens", "4", "--preset", "embedded"]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train two students only, one of them in two groups, and one of the union."""
    single = Students(("ir", "cot"), ("greedy/ir", "greedy/cot"), ("lorid",))
    union = Students(("etd", "ir"), ("greedy/cot",), shared=("ir",))
    monkeypatch.setattr("bench.papers.students.GROUPS", {SINGLE: single, "union": union})
    for module in (answering, page):
        monkeypatch.setattr(module, "GROUPS", {SINGLE: single, "union": union})
    monkeypatch.setattr(page, "CLAIMS", {"IR beats chains": ("greedy/ir", ("greedy/cot",))})
    monkeypatch.setattr(answering, "FIRST", 1)
    monkeypatch.setattr(answering, "BLOCK", 2)
    monkeypatch.setattr(fitting, "LADDER", ((6, 2, 1),))
    monkeypatch.setattr(fitting, "STEP_EPOCHS", 0.01)
    monkeypatch.setattr(fitting, "MOST_EPOCHS", 0.01)


SPEED = ["--speeds", "1e6", "1", "1e6", "1"]


@pytest.mark.usefixtures("few")
def test_a_stopped_run_goes_on_where_it_was_and_its_page_counts_what_is_there(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, shown = Path(words[5]), Path(words[7])
    run = [*words, "--hours", "0.05", *SPEED]
    bench.main(*run, "--dry")
    assert "training: 0.01 epochs of single/ir, single/cot, union/etd" in capsys.readouterr().out
    assert not folder.exists(), "a dry run leaves nothing"

    block = answering.Answering.block
    blocks: list[tuple[int, int]] = []

    def stopped(self: answering.Answering, seed: int, samples: int, first: int, size: int) -> None:
        if len(blocks) == 2:
            raise TimeUp
        blocks.append((first, size))
        block(self, seed, samples, first, size)

    monkeypatch.setattr(answering.Answering, "block", stopped)
    bench.main(*run)
    told = shown.read_text("utf-8")
    assert "the time is up: run the same command again" in capsys.readouterr().out
    assert [sum(size for _, size in blocks), blocks[1][0]] == [3, 1]
    assert "gsm8k, test, n = 3" in told
    assert "trained for 0.45 epochs" in told, "a step of ten of 22 records, of 30 of the 66 of the union"
    assert "validation" not in told.split("##")[1]

    monkeypatch.setattr(answering.Answering, "block", block)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("adapters/*/*/adapter_model.safetensors")}
    held = {path.name for path in (folder / "predictions").iterdir()}
    bench.main(*run)
    assert before == {path: path.stat().st_mtime_ns for path in before}, "nothing is trained twice"
    assert held < {path.name for path in (folder / "predictions").iterdir()}
    assert "gsm8k, test, n = 6" in (told := shown.read_text("utf-8"))
    assert "all sets, n = 12" in told
    assert "Not asked of these students: " in told
    assert "None of 3 comparisons shows a gain or a loss. A gain is " in told
    assert "| IR beats chains | `greedy/ir` |" in " ".join(told.split())
    assert "over the seeds 1, 2, 3, which answered" in told
    assert "## Pairs" not in told, "none of its rows was asked"
    assert "over the seeds" not in capsys.readouterr().err

    shown.unlink()
    bench.main("--tables", str(folder), "--page", str(shown))
    assert "| IR " in shown.read_text("utf-8")

    with pytest.raises(ThoughtmillError, match="is another run's"):
        bench.main(*run, "--seed", "9")


@pytest.mark.usefixtures("few")
def test_a_small_machine_trains_some_students_on_some_records_and_asks_some_sets(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = [*words, "--folder", str(tmp_path), "--hours", "0.05", *SPEED, "--dry", "--only", "cot"]
    run += ["--sets", "svamp"]
    bench.main(*run, "--samples", "3", "--seeds", "1", "--where", "sample = 0")
    told = capsys.readouterr().out
    assert "training: 0.01 epochs of single/cot: " in told
    assert "answering: 6 of svamp, test; greedy, and 3 samples with each of 1 seeds: 24 samples" in told


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--only", "oracle"], "--only: unknown `oracle`; there are: cot, "),
        (["--sets", "math"], "--sets: the corpus has no problems of math; it has: gsm8k, svamp"),
        (["--where", "false"], "no student has records: give another --only, --where or "),
        (["--set", "rank"], "--set rank: write NAME=VALUE with a setting of finetune, such as rank=8"),
        (["--set", "rank=[1"], r"--set rank=\[1: the value is not YAML"),
        (["--set", "rank=few"], "--set: `rank`: "),
    ],
)
@pytest.mark.usefixtures("few")
def test_a_wrong_choice_is_named(words: list[str], tmp_path: Path, wrong: list[str], said: str) -> None:
    with pytest.raises(ThoughtmillError, match=said):
        bench.main(*words, "--folder", str(tmp_path), "--hours", "0.05", *SPEED, "--dry", *wrong)


def test_more_samples_or_fewer_seeds_than_the_ladder_has_are_those_that_are_given() -> None:
    assert fitting.ladder(None, None) == fitting.LADDER
    assert {(samples, seeds) for _, samples, seeds in fitting.ladder(2, 1)} == {(2, 1)}
    assert fitting.ladder(2, 1)[-1] == (10000, 2, 1)


@pytest.mark.usefixtures("few")
def test_students_that_are_done_answer_alone_until_all_are(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train_all = bench.students.train_all

    def slow(jobs: list[TrainingJob]) -> None:
        train_all(jobs[:1])
        raise TimeUp

    shown = tmp_path / "papers.md"
    run = [*words, "--folder", str(tmp_path), "--page", str(shown), "--hours", "0.05", *SPEED]
    monkeypatch.setattr("bench.papers.students.train_all", slow)
    bench.main(*run)
    assert "training is not done: run the same command again" in capsys.readouterr().out
    told = shown.read_text("utf-8")
    rows = {line.split("|")[1].strip(): line for line in told.splitlines() if "|" in line}
    assert "0.0 (0.0 to 39.0)" in rows["IR"]
    assert "chains alone" not in rows
    assert "Not asked of these students: ensembles of thoughts; " in told
    monkeypatch.setattr("bench.papers.students.train_all", train_all)
    bench.main(*run)
    rows = {line.split("|")[1].strip(): line for line in shown.read_text("utf-8").splitlines() if "|" in line}
    assert "0.0 (0.0 to 39.0)" in rows["chains alone"]


def test_what_time_cuts_off_is_raised_between_tokens() -> None:
    class Never:
        def ask(self, requests: object) -> None: ...

        def write(self) -> list[object]:
            raise AssertionError("it wrote after its time")

    with pytest.raises(TimeUp):
        answering.TimedWriter(Never(), time.monotonic() - 1).write()  # type: ignore[arg-type]


def test_the_page_names_the_seeds_that_drew_and_students_that_drew_with_fewer() -> None:
    single = [(SINGLE, 1), (SINGLE, 2), (SINGLE, 3)]
    assert page.seeds_of([*single, ("union", 1)]) == "1, 2, 3", "the union's are greedy"
    assert page.seeds_of([*single, ("mixed", 1)]) == "1, 2, 3 (`mixed`: 1)"
    assert page.seeds_of([(SINGLE, 1), ("mixed", 1)]) == "1"


def test_the_page_counts_what_shows_and_names_claims_without_a_gain() -> None:
    rows = [{"claim": name, "shows": "unclear"} for name in ("a beats b", "a beats b", "c helps")]
    told = page.showing(rows)
    assert told.startswith("None of 3 comparisons shows a gain or a loss. A gain is ")
    assert "On no set" not in told, "it is said already"
    rows[1]["shows"] = "yes"
    told = page.showing([*rows, {"claim": "d helps", "shows": "no"}])
    assert told.startswith("Of 4 comparisons 1 show a gain, 1 show a loss, and 2 do not show which.")
    assert told.endswith("On no set does it show that c helps; that d helps.")


def test_every_row_is_of_a_policy_that_its_students_are_asked() -> None:
    for table in tables(4):
        for row in table.rows:
            policy(row.policy, PolicySettings(loops=LOOPS))
            asked = set(roles_of(row.policy, PolicySettings()))
            there = {
                role
                for name in answering.policies_of(row.group, 4, 1)
                for role in roles_of(name, PolicySettings())
            }
            assert asked <= there, row

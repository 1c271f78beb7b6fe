"""Growths with a teacher and `generate.until`, against an endpoint that counts what it is asked."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import stages
from tests.fake_endpoint import FakeEndpoint, Turn
from thoughtmill.factory import curate, generate, grow, seed, tabulate
from thoughtmill.factory.core import corpus, params, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.growths.rewriting import CHANGED, DISAGREE
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.factory.teachers.endpoint.grown import paid_by_grow
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.schemas import Completions, Growths, Problems, Records

ROOT = Path(__file__).parents[1]
PROBLEM = "Mo buys 12 pens for $3 each. How much does he pay?"
REPHRASED = "Pens cost $3 apiece. Mo takes 12 of them. What must he pay?"
STATED = "Mo buys 12 pens for $3 each. He pays $36."
HIDDEN = re.compile(r"x\b")
HARDER = "Mo buys 12 pens for $3 each and pays with a note of $50. How much is left of it?"
ANSWERS = {PROBLEM: "12 * 3", REPHRASED: "3 * 12", HARDER: "50 - 12 * 3"}


def what(prompt: dict[str, Any]) -> str:
    """Return what a request asks for, by its instruction."""
    system = prompt["messages"][0]["content"]
    for name, words in {
        "rephrase": "in other words",
        "self_verification": "into statements",
        "evolve": "a harder problem",
        "pot": "Python",
    }.items():
        if words in system:
            return name
    return "cot"


class GrowingTeacher(FakeEndpoint):
    """A teacher that writes problems and solves those that it knows; `says` may change what it writes."""

    def __init__(self, says: Any = lambda name, text, seed: None) -> None:
        super().__init__()
        self.says = says
        self.names: Counter[str] = Counter()
        self.plan = self._plan

    def _plan(self, prompt: str, times: int) -> Turn:
        body = self.bodies[-1]
        name = what(body)
        self.names[name] += 1
        text = re.split(r"\n\n(?:Answer|Worked solution):", prompt.removeprefix("Problem:\n"))[0]
        said = self.says(name, text, body["seed"])
        return Turn(text=said or self.wrote(name, text))

    @staticmethod
    def wrote(name: str, text: str) -> str:
        written = {"rephrase": REPHRASED, "self_verification": STATED, "evolve": HARDER}
        if name in written:
            return written[name]
        sum_ = ANSWERS.get(text) or ("36 / 3" if "x pens" in text else "36 / 12")
        if name == "pot":
            return f"ans = {sum_}"
        return f"The result is {sum_} = {eval(sum_):g}.\n#### {eval(sum_):g}"


SETUP: dict[str, Any] = {
    "thoughts": ["cot", "pot"],
    "seed": {"sources": [{"set": "table", "name": "ours", "file": "ours.jsonl"}]},
    "verify": {"workers": 1},
    "curate": {"redraw": False, "without_gold": {"agree": 2}},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "exemplars.jsonl").touch()
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "ours.jsonl").write_text(json.dumps({"problem": PROBLEM, "answer": "36"}))
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, url: str, grown: dict[str, Any], **generating: Any) -> None:
    """Write the parameters of a project whose teacher is at `url`."""
    endpoint = {
        "base_url": url,
        "model": "m",
        "backoff_s": 0.01,
        "prices": {"m": {"prompt": 1, "completion": 1}},
    }
    sampling = {name: {"temperature": 0.7, "max_tokens": 50} for name in ("cot", "pot")}
    given = {"teacher": "openai", "openai": endpoint, "sampling": sampling, **generating}
    given["openai"] = endpoint | generating.get("openai", {})
    (folder / "params.yaml").write_text(yaml.safe_dump(SETUP | {"generate": given, "grow": grown}))


def built() -> None:
    """Run the stages up to `grow`."""
    seed.main()
    stages.generate_and_verify()
    grow.main()


def rows(project: Path, name: str, table: Any) -> list[tables.Row]:
    return list(tables.TableReader(project / "data" / "grown" / f"{name}.parquet", table))


ALL = {"rephrase": 1, "self_verification": 1, "evolve": 1, "answer_augmentation": 2}


def test_a_teacher_writes_problems_and_their_thoughts_which_must_agree(project: Path) -> None:
    with GrowingTeacher() as teacher:
        write(project, teacher.url, ALL)
        built()
    problems = {row["growth"]: row for row in rows(project, "problems", Problems)}
    assert (problems["rephrase"]["problem"], problems["rephrase"]["answer"]) == (REPHRASED, "36")
    hidden = problems["self_verification"]
    assert hidden["problem"].endswith("He pays $36. What is the value of the unknown variable x?")
    assert HIDDEN.search(hidden["problem"]) and hidden["answer"] in ("12", "3")
    assert (problems["evolve"]["problem"], problems["evolve"]["answer"]) == (HARDER, None)
    found = {row["growth"]: row["reason"] for row in rows(project, "growths", Growths)}
    assert found == dict.fromkeys(ALL)
    written = rows(project, "rewritings", Completions)
    assert {row["thought"]: row["completion"] for row in written} == {
        "rephrase": REPHRASED, "self_verification": STATED, "evolve": HARDER,
    }  # fmt: skip
    assert all(row["cost_usd"] and row["request_key"] for row in written)
    more = [row for row in rows(project, "completions", Completions) if row["problem_id"] == "ours-train-0"]
    assert sorted((row["thought"], row["sample"]) for row in more) == [
        ("cot", 1), ("cot", 2), ("pot", 1), ("pot", 2),
    ]  # fmt: skip


def test_what_the_growths_brought_is_in_sql_and_a_rebuild_asks_nothing(project: Path) -> None:
    with GrowingTeacher() as teacher:
        write(project, teacher.url, ALL)
        built()
        curate.main()
        tabulate.main()
        asked, first = teacher.names.total(), snapshot(project)
        built()
        assert teacher.names.total() == asked
        assert snapshot(project) == first
    con = corpus.opened(project / "data", params.thoughts())
    kept = con.execute("select growth, records, verified, kept from growth_records order by all").fetchall()
    assert sorted(kept) == sorted(
        [*[("evolve", 1, 0, 1)] * 2, *[("rephrase", 1, 1, 1)] * 2, *[("self_verification", 1, 1, 1)] * 2]
    )
    evolved = "select outcome from verdicts where record_id like '%+evolve-0/%'"
    assert con.execute(evolved).fetchall() == [("agreed",)] * 2
    cost = con.execute(
        "select thought, completions, cost_usd > 0 from cost where thought = 'rephrase'"
    ).fetchall()
    assert cost == [("rephrase", 1, True)]
    shown = con.execute("select growth, completion, reason from rewritings order by growth").fetchall()
    assert shown[0] == ("evolve", HARDER, None) and len(shown) == 3
    con.close()


def snapshot(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project / "data" / "grown").iterdir()}


BAD = [
    ("rephrase", "Pens cost $3. Mo takes some of them. What must he pay?", "a number of its parent is lost"),
    ("rephrase", f"{REPHRASED} He has $90.", "it has a number that its parent lacks"),
    ("rephrase", PROBLEM.replace("pay?", "pay then?"), "it is a near-duplicate of its parent"),
    ("rephrase", f"{REPHRASED}\n#### 36", "it holds a solution"),
    ("self_verification", f"{STATED} Right?", "it still asks a question"),
    ("self_verification", "Mo buys 12 pens for $3 each.", "it does not state the answer"),
    ("evolve", "At $3 each, what do 12 pens cost, as Mo wonders?", "it has no number that its parent lacks"),
]


def test_a_poor_rewriting_is_rejected_before_its_thoughts_are_paid_for(project: Path) -> None:
    poor = {name: [said for growth, said, _ in BAD if growth == name] for name, _, _ in BAD}
    with GrowingTeacher(lambda name, text, seed: poor[name][seed - 1] if name in poor else None) as teacher:
        write(project, teacher.url, {name: len(texts) for name, texts in poor.items()})
        built()
        assert teacher.names == {"cot": 1, "pot": 1, **{name: len(texts) for name, texts in poor.items()}}
    attempts = [
        (row["growth"], row["problem_id"], row["reason"]) for row in rows(project, "growths", Growths)
    ]
    assert sorted(attempts) == sorted((growth, None, reason) for growth, _, reason in BAD)
    written = {(row["thought"], row["completion"]) for row in rows(project, "rewritings", Completions)}
    assert written == {(growth, said) for growth, said, _ in BAD}


def test_the_same_rewriting_twice_is_one_problem(project: Path) -> None:
    with GrowingTeacher() as teacher:
        write(project, teacher.url, {"rephrase": 2})
        built()
    found = [row["reason"] for row in rows(project, "growths", Growths)]
    assert found == [None, "it is a near-duplicate of an earlier one"]


@pytest.mark.parametrize(
    ("growth", "text", "reason"), [("rephrase", REPHRASED, CHANGED), ("evolve", HARDER, DISAGREE)]
)
def test_a_problem_whose_thoughts_do_not_agree_stays_with_its_reason_and_is_not_kept(
    growth: str, text: str, reason: str, project: Path
) -> None:
    with GrowingTeacher(
        lambda name, asked, seed: "ans = 5" if (name, asked) == ("pot", text) else None
    ) as teacher:
        write(project, teacher.url, {growth: 1})
        built()
    (attempt,) = rows(project, "growths", Growths)
    assert (attempt["problem_id"], attempt["reason"]) == (f"ours-train-0+{growth}-0", reason)
    (problem,) = rows(project, "problems", Problems)
    assert problem["answer"] is None
    assert {row["correct"] for row in rows(project, "records", Records)} == {None}
    curate.main()
    kept = tables.TableReader(project / "data" / "records.parquet", Records)
    assert {row["drop_reason"] for row in kept if row["problem_id"] != "ours-train-0"} == {"unverified"}


def test_a_kill_loses_nothing_that_was_paid_for(project: Path) -> None:
    with GrowingTeacher(lambda name, text, seed: None) as teacher:
        write(project, teacher.url, ALL)
        seed.main()
        stages.generate_and_verify()
        code = (
            "import os; from thoughtmill.factory import grow, asking;"
            "asking.rejections = lambda *_: os.kill(os.getpid(), 9); grow.main()"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == -9
        assert not (project / "data" / "grown").exists()
        asked = teacher.names.total()
        settings = EndpointSettings(base_url=teacher.url)
        noted = {key for key, _ in paid_by_grow(project, settings)}
        assert len(noted) == asked - 2, "the budget of generate counts what grow asked before it was killed"
        grow.main()
        assert teacher.names.total() == asked
        written = [*rows(project, "rewritings", Completions), *rows(project, "completions", Completions)]
        assert {row["request_key"] for row in written} == noted
        assert len(rows(project, "problems", Problems)) == 3
        shutil.rmtree(project / "data" / "grown")
        assert {key for key, _ in paid_by_grow(project, settings)} == noted, "DVC removes it before it runs"


def test_a_growth_that_cannot_work_is_named_with_what_to_do(project: Path) -> None:
    write(project, "http://localhost:1/v1", {"rephrase": 1, "evolve": 1, "teacher": "strong"})
    given = params.load()
    given["curate"] = {}
    assert list(grow.faults(given)) == [
        "params.yaml: grow.teacher: `strong` is not one of: openai",
        "params.yaml: grow: the problems of `evolve` have no gold answer, and none of their records is kept: "
        "set curate.without_gold",
        "params.yaml: grow.teacher: `strong` is not one of: openai",
    ]
    given["generate"], given["grow"] = {"teacher": "embedded"}, {"rephrase": 1}
    assert list(grow.faults(given)) == [
        "params.yaml: grow: `rephrase` needs a teacher that reads problems: set generate.teacher"
    ]


UNTIL = {"verified": 2, "at_most": 5}


def test_a_problem_is_asked_again_until_enough_records_hold(project: Path) -> None:
    def says(name: str, text: str, seed: int) -> str | None:
        return "ans = 5" if name == "pot" and seed < 4 else f"{' ' * seed}ans = 12 * 3 + {seed} - {seed}"

    with GrowingTeacher(
        lambda name, text, seed: says(name, text, seed) if name == "pot" else None
    ) as teacher:
        write(project, teacher.url, {}, until=UNTIL)
        built()
        # The chain is right at once, and always in the same words; the program is right at seeds 4 and 5.
        assert teacher.names == {"cot": 5, "pot": 5}
        first = snapshot(project)
        built()
        assert (teacher.names.total(), snapshot(project)) == (10, first)
    records = rows(project, "records", Records)
    assert [(row["sample"], row["correct"]) for row in records if row["thought"] == "pot"] == [
        (1, False), (2, False), (3, True), (4, True),
    ]  # fmt: skip
    curate.main()
    tabulate.main()
    con = corpus.opened(project / "data", params.thoughts())
    found = con.execute("select thought, samples, right_share from difficulty order by all").fetchall()
    assert found == [("cot", 5, 1.0), ("pot", 5, 0.4)]
    con.close()


def test_what_holds_is_not_asked_for_again(project: Path) -> None:
    with GrowingTeacher() as teacher:
        write(project, teacher.url, {}, until={"verified": 1, "at_most": 9})
        built()
        assert teacher.names == {"cot": 1, "pot": 1}
    assert not (project / "data" / "grown" / "completions.parquet").exists()


def test_asking_again_ends_where_the_budget_does_and_a_rebuild_gives_the_same(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with GrowingTeacher(lambda name, text, seed: "#### 1") as teacher:
        budget = {"max_usd": 0.102, "prices": {"m": {"prompt": 0, "completion": 1000}}}
        write(project, teacher.url, {}, until={"verified": 2, "at_most": 8}, openai=budget)
        built()
        asked, first = teacher.names.total(), snapshot(project)
        assert asked == 11  # 5 thousandths each, and no request may begin that might cost 50 more
        assert "asking has ended: max_usd is used up" in capsys.readouterr().err
        built()
        assert (teacher.names.total(), snapshot(project)) == (asked, first)


def test_a_fall_back_is_asked_again_only_where_the_first_teacher_fails(project: Path) -> None:
    with GrowingTeacher(lambda name, text, seed: " " if seed == 2 else f"{'.' * seed}\n#### 5") as teacher:
        write(project, teacher.url, {}, until={"verified": 2, "at_most": 3})
        given = params.load()
        given["thoughts"] = ["cot"]
        given["generate"]["teachers"] = {"cheap": {}, "strong": {"model": "n", "fallback_of": "cheap"}}
        given["generate"]["openai"]["prices"]["n"] = {"prompt": 1, "completion": 1}
        (project / "params.yaml").write_text(yaml.safe_dump(given))
        built()
    found = [(row["teacher"], row["sample"]) for row in rows(project, "completions", Completions)]
    assert found == [("cheap", 2), ("cheap", 3), ("strong", 4)]


def test_at_temperature_0_nothing_is_asked_again(project: Path) -> None:
    write(project, "http://localhost:1/v1", {}, until=UNTIL, sampling={"cot": {"temperature": 0.5}})
    assert [fault for fault in generate.faults(params.load()) if "until" in fault] == [
        "params.yaml: generate.until asks for `pot` again, and at temperature 0 the answer is mostly the "
        "same: set generate.sampling.pot.temperature"
    ]
    with pytest.raises(ThoughtmillError, match="`at_most`: ask for at least `verified`"):
        params.validated({"until": {"verified": 3, "at_most": 2}}, GenerateSettings, "generate")


def test_a_replay_may_hold_rewritings_and_the_thoughts_of_their_problems(project: Path) -> None:
    child = "ours-train-0+rephrase-0"
    said = [
        ("ours-train-0", "cot", "#### 36"),
        ("ours-train-0", "pot", "ans = 36"),
        ("ours-train-0", "rephrase", REPHRASED),
        (child, "cot", "#### 36"),
        (child, "pot", "ans = 3 * 12"),
    ]
    lines = [
        {"problem_id": name, "thought": thought, "sample": 0, "completion": text, "model": "m"}
        for name, thought, text in said
    ]
    (project / "replay.jsonl").write_text("\n".join(map(json.dumps, lines)))
    replay = {"teacher": "replay", "replay": {"files": ["replay.jsonl"]}}
    (project / "params.yaml").write_text(
        yaml.safe_dump(SETUP | {"generate": replay, "grow": {"rephrase": 1}})
    )
    built()
    assert [row["correct"] for row in rows(project, "records", Records)] == [True, True]


def test_what_growing_cost_counts_in_the_budget_of_the_next_run(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = {"m": {"prompt": 0, "completion": 1000}}  # an answer costs 5 thousandths, and may cost 50
    with GrowingTeacher() as teacher:
        write(project, teacher.url, ALL, openai={"prices": prices})
        built()
        asked = teacher.names.total()
        another = {"problem": "Ann has 2 pens and 3 pads. How many is that?", "answer": "5"}
        (project / "ours.jsonl").write_text((project / "ours.jsonl").read_text() + f"\n{json.dumps(another)}")
        write(project, teacher.url, ALL, openai={"prices": prices, "max_usd": 0.005 * asked + 0.04})
        seed.main()
        with pytest.raises(ThoughtmillError, match=f"max_usd is used up: {0.005 * asked:.4f} of"):
            generate.main("cot")
        assert teacher.names.total() == asked
        monkeypatch.setattr("thoughtmill.factory.teachers.openai.paid_by_grow", lambda *given: ())
        generate.main("cot")
        assert teacher.names.total() == asked + 1, "it was the growths that the budget had no room beside"


@pytest.mark.parametrize("asks", ["rephrase", "until"])
def test_what_was_in_flight_when_grow_was_killed_counts_with_the_most_it_can_cost(
    asks: str, project: Path
) -> None:
    prices = {"m": {"prompt": 0, "completion": 1000}}  # an answer costs 5 thousandths, and may cost 50
    grown = {"rephrase": 1, "sampling": {"rephrase": {"max_tokens": 50}}} if asks == "rephrase" else {}
    until = {"until": UNTIL} if asks == "until" else {}
    killed: list[subprocess.Popen[bytes]] = []
    with GrowingTeacher() as teacher:
        answers = teacher.plan
        write(project, teacher.url, grown, openai={"prices": prices, "max_usd": 1.0}, **until)
        seed.main()
        stages.generate_and_verify()

        def kills(prompt: str, times: int) -> Turn:
            killed[0].kill()
            killed[0].wait()
            return Turn(drop=True)

        teacher.plan = kills
        code = "from thoughtmill.factory import grow; input(); grow.main()"
        killed.append(subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE))
        killed[0].communicate(b"\n")
        assert killed[0].returncode == -9
        teacher.plan = answers
        another = {"problem": "Ann has 2 pens and 3 pads. How many is that?", "answer": "5"}
        (project / "ours.jsonl").write_text((project / "ours.jsonl").read_text() + f"\n{json.dumps(another)}")
        write(project, teacher.url, grown, openai={"prices": prices, "max_usd": 0.1}, **until)
        seed.main()
        with pytest.raises(ThoughtmillError, match=r"max_usd is used up: 0\.0600 of"):
            generate.main("cot")

"""The replay teacher says again what was bought before, and refuses files that cannot be right."""

import json
from pathlib import Path

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.problems import SourceSettings
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.replay import ReplaySettings, ReplayTeacher

LINE = {
    "problem_id": "p-1",
    "thought": "pot",
    "sample": 0,
    "completion": "ans = 3\n",
    "model": "m",
    "more": [1],
}


def write(folder: Path, name: str, *lines: object) -> ReplaySettings:
    (folder / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return ReplaySettings(files=(name,))


def request(problem_id: str = "p-1", thought: str = "pot", sample: int = 0) -> Request:
    return Request({"problem_id": problem_id, "problem": "?"}, thought, sample, ())


def test_a_completion_is_found_by_problem_thought_and_sample_and_comes_untouched(tmp_path: Path) -> None:
    teacher = ReplayTeacher(
        write(tmp_path, "a.jsonl", LINE, {**LINE, "sample": 1, "completion": " x "}), tmp_path
    )
    first, second = teacher.complete([request(), request(sample=1)])
    assert (first.completion, first.model, first.failure) == ("ans = 3\n", "m", None)
    assert second.completion == " x "
    assert first.request_key != second.request_key


def test_nothing_is_known_of_tokens_price_and_time(tmp_path: Path) -> None:
    (reply,) = ReplayTeacher(write(tmp_path, "a.jsonl", LINE), tmp_path).complete([request()])
    assert reply.prompt_tokens is reply.completion_tokens is reply.cost_usd is reply.latency_s is None


@pytest.mark.parametrize("other", [request("p-2"), request(thought="cot"), request(sample=1)])
def test_a_request_that_no_line_answers_is_unanswered(tmp_path: Path, other: Request) -> None:
    (reply,) = ReplayTeacher(write(tmp_path, "a.jsonl", LINE), tmp_path).complete([other])
    assert (reply.completion, reply.failure) == (None, "unanswered")
    assert f"{other.problem['problem_id']}/{other.thought}/{other.sample}" in str(reply.detail)
    assert len(reply.request_key) == 64


def test_several_files_are_one_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", LINE)
    (tmp_path / "b.jsonl").write_text(f"\n{json.dumps({**LINE, 'problem_id': 'p-2'})}\n\n", "utf-8")
    teacher = ReplayTeacher(ReplaySettings(files=("a.jsonl", str(tmp_path / "b.jsonl"))), tmp_path)
    assert [reply.failure for reply in teacher.complete([request(), request("p-2")])] == [None, None]


def test_without_files_every_request_is_unanswered(tmp_path: Path) -> None:
    (reply,) = ReplayTeacher(ReplaySettings(), tmp_path).complete([request()])
    assert reply.failure == "unanswered"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"none\.jsonl is missing: mend `generate\.replay\.files`"):
        ReplayTeacher(ReplaySettings(files=("none.jsonl",)), tmp_path)


def test_the_second_line_for_a_completion_is_named_with_the_first(tmp_path: Path) -> None:
    settings = write(tmp_path, "a.jsonl", LINE, {**LINE, "sample": 1}, {**LINE, "model": "n"})
    with pytest.raises(
        ThoughtmillError, match=r"a\.jsonl, line 3: p-1/pot/0 is in .*a\.jsonl, line 1 already"
    ):
        ReplayTeacher(settings, tmp_path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "JSON"),
        ("[1]", "not a JSON object"),
        (json.dumps({key: LINE[key] for key in LINE if key != "completion"}), "`completion`: Field required"),
        (json.dumps({**LINE, "completion": None}), "`completion`: Input should be a valid string"),
        (json.dumps({**LINE, "sample": -1}), "`sample`: "),
        (json.dumps({**LINE, "sample": "first"}), "`sample`: "),
        ("\udcff", "not JSON"),
    ],
)
def test_a_corrupt_line_is_named_with_its_number(tmp_path: Path, line: str, reason: str) -> None:
    text = f"{json.dumps(LINE)}\n{line}\n"
    (tmp_path / "a.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ThoughtmillError, match=r"a\.jsonl, line 2: ") as error:
        ReplayTeacher(ReplaySettings(files=("a.jsonl",)), tmp_path)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_the_key_follows_what_was_said(tmp_path: Path) -> None:
    (one,) = ReplayTeacher(write(tmp_path, "a.jsonl", LINE), tmp_path).complete([request()])
    (other,) = ReplayTeacher(
        write(tmp_path, "b.jsonl", {**LINE, "completion": "ans = 4"}), tmp_path
    ).complete([request()])
    assert one.request_key != other.request_key


def test_published_completions_are_all_found(shared_data: Path) -> None:
    for name in ("pot", "cot"):
        file = shared_data / "replay" / f"{name}.jsonl"
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        teacher = ReplayTeacher(ReplaySettings(files=(str(file),)), shared_data)
        asked = [request(line["problem_id"], line["thought"], line["sample"]) for line in lines]
        assert [reply.completion for reply in teacher.complete(asked)] == [
            line["completion"] for line in lines
        ]


def test_a_line_may_hold_the_reasoning_apart_from_its_completion(tmp_path: Path) -> None:
    with_reasoning = {**LINE, "sample": 1, "reasoning": "Three, then."}
    first, second = ReplayTeacher(write(tmp_path, "a.jsonl", LINE, with_reasoning), tmp_path).complete(
        [request(), request(sample=1)]
    )
    assert (first.reasoning, second.reasoning) == (None, "Three, then.")
    assert second.completion == first.completion


KNOWN = {
    "finish_reason": "length",
    "prompt_tokens": 7,
    "cached_tokens": 2,
    "completion_tokens": 9,
    "reasoning_tokens": 3,
    "cost_usd": 0.25,
    "latency_s": 1.5,
}


def test_what_a_line_says_of_its_completion_is_kept(tmp_path: Path) -> None:
    (reply,) = ReplayTeacher(write(tmp_path, "a.jsonl", {**LINE, **KNOWN}), tmp_path).complete([request()])
    assert {name: getattr(reply, name) for name in KNOWN} == KNOWN


@pytest.mark.parametrize(
    ("line", "messages"),
    [
        (LINE, ()),
        ({**LINE, "prompt": "3?"}, ({"role": "user", "content": "3?"},)),
        (
            {**LINE, "prompt": [{"role": "system", "content": "Add."}]},
            ({"role": "system", "content": "Add."},),
        ),
    ],
)
def test_no_prompt_is_claimed_but_that_of_the_line(
    tmp_path: Path, line: dict[str, object], messages: tuple[object, ...]
) -> None:
    ours = Request({"problem_id": "p-1", "problem": "?"}, "pot", 0, ({"role": "user", "content": "ours"},))
    (reply,) = ReplayTeacher(write(tmp_path, "a.jsonl", line), tmp_path).complete([ours])
    assert reply.request.messages == messages


def test_completions_of_a_source_belong_to_the_problem_of_their_text(tmp_path: Path) -> None:
    rows = [
        {"query": f"{number} + 3?", "response": rf"It is \boxed{{{number + 3}}}."} for number in (1, 1, 2)
    ]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = SourceSettings(set="dart", file="d.jsonl")
    (tmp_path / "params.yaml").write_text("seed: {}")
    teacher = ReplayTeacher(ReplaySettings(sources=(source,)), tmp_path)
    problem = {"problem_id": "other-7", "problem": " 1 +  3? "}
    assert teacher.samples(problem, "cot", 1) == 2
    assert teacher.samples({**problem, "problem": "9 + 3?"}, "cot", 5) == 1
    replies = list(teacher.complete(Request(problem, "cot", sample, ()) for sample in range(2)))
    assert [(reply.completion, reply.model) for reply in replies] == [
        (row["response"], "DeepSeekMath-7B-RL") for row in rows[:2]
    ]
    (said,) = teacher.remarks("cot")
    assert said.startswith("1 of 3 completions of cot match no problem that is asked for; ")
    (listed,) = (tmp_path / "data" / "unmatched" / "cot.jsonl").read_text().splitlines()
    assert json.loads(listed)["place"] == "d.jsonl, line 3"
    list(teacher.complete([Request({"problem_id": "x", "problem": "2 + 3?"}, "cot", 0, ())]))
    assert list(teacher.remarks("cot")) == []
    assert not (tmp_path / "data" / "unmatched" / "cot.jsonl").exists()


def test_sources_without_completions_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "g.jsonl").write_text(json.dumps({"question": "?", "answer": "#### 3"}))
    (tmp_path / "params.yaml").write_text(
        json.dumps({"seed": {"sources": [{"set": "gsm8k", "split": "train", "file": "g.jsonl"}]}})
    )
    with pytest.raises(ThoughtmillError, match="their rows hold no completions"):
        ReplayTeacher(ReplaySettings(sources="seed"), tmp_path)

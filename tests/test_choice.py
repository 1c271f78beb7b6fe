"""The choice of teachers: one, another for some thoughts, or several that are compared."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_endpoint import FakeEndpoint, Turn
from thoughtmill.factory import grow
from thoughtmill.factory.core import params, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.generate import corpus, faults, main
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.schemas import Completions, Problems

URL = "http://127.0.0.1:1/v1"
TWO = {"cheap": {"model": "small"}, "strong": {"model": "large", "samples": 2}}


def section(**given: Any) -> GenerateSettings:
    return params.validated(given, GenerateSettings, "params.yaml: generate")


def chosen(thought: str = "pot", **given: Any) -> list[ChosenTeacher]:
    return list(section(**given).chosen(thought))


def refused(**given: Any) -> str:
    with pytest.raises(ThoughtmillError) as caught:
        section(**given).chosen("pot")
    return str(caught.value)


def test_without_a_list_there_is_one_teacher_named_like_its_module() -> None:
    (only,) = chosen(samples=3)
    assert (only.name, only.module, only.samples, only.model) == ("embedded", "embedded", 3, None)


def test_a_thought_may_have_a_model_an_endpoint_and_a_price_of_its_own() -> None:
    own = {"model": "large", "base_url": URL, "prices": {"large": {"prompt": 1, "completion": 2}}}
    given = {"teacher": "openai", "openai": {"model": "small", "timeout_s": 9.0}, "by_thought": {"pot": own}}
    (pot,), (cot,) = chosen("pot", **given), chosen("cot", **given)
    assert (pot.model, pot.endpoint, cot.model) == ("large", URL, "small")
    assert pot.settings.model_dump()["timeout_s"] == 9.0
    assert "large" in pot.settings.model_dump()["prices"]


def test_a_thought_may_be_written_by_another_teacher() -> None:
    (pot,) = chosen("pot", teacher="openai", by_thought={"pot": {"teacher": "embedded"}})
    assert pot.module == "embedded"


def test_several_teachers_have_samples_one_after_the_other_and_share_the_section_of_their_module() -> None:
    found = chosen(teachers=TWO, openai={"base_url": URL})
    assert [(each.name, each.model, each.endpoint) for each in found] == [
        ("cheap", "small", URL), ("strong", "large", URL),
    ]  # fmt: skip
    assert [(each.first_sample, each.samples) for each in found] == [(0, 1), (1, 2)]


def test_a_teacher_may_write_some_thoughts_only() -> None:
    teachers = {**TWO, "cheap": {"model": "small", "thoughts": ["cot"]}}
    assert [each.name for each in chosen("pot", teachers=teachers)] == ["strong"]
    assert [each.name for each in chosen("cot", teachers=teachers)] == ["cheap", "strong"]
    one = {"by_thought": {"pot": {"teacher": "cheap", "model": "tiny"}}, "teachers": TWO}
    assert [each.model for each in chosen("pot", **one)] == ["tiny"]


def test_a_fall_back_has_as_many_samples_as_the_teacher_before_it() -> None:
    teachers = {"strong": TWO["strong"], "cheap": {"model": "small", "fallback_of": "strong"}}
    assert [each.samples for each in chosen(teachers=teachers)] == [2, 2]


def test_a_wrong_name_is_one_line_that_says_what_there_is() -> None:
    begin = "params.yaml: generate: "
    assert refused(teachers={"a": {"teacher": "opnai"}}) == (
        f"{begin}`teachers.a.teacher`: unknown teacher `opnai`; "
        "there are: batch, embedded, openai, replay, vllm"
    )
    assert refused(teachers={"a": {"fallback_of": "b"}, "b": {}}) == (
        f"{begin}`teachers.a.fallback_of`: no earlier teacher `b`; there are: none"
    )
    assert "`by_thought`: unknown thought `pto`" in refused(by_thought={"pto": {}})
    assert "unknown teacher `weak`; there are: cheap, strong" in refused(
        teachers=TWO, by_thought={"pot": {"teacher": "weak"}}
    )
    assert "give the `teacher` that these settings are for" in refused(
        teachers=TWO, by_thought={"pot": {"model": "x"}}
    )
    assert refused(teachers={"a": {"modle": "x"}}) == (
        "params.yaml: generate.teachers.a: `modle` is an unknown key; did you mean `model`?"
    )
    assert "no teacher writes the thought `pot`" in refused(teachers={"a": {"thoughts": ["cot"]}})


def test_all_thoughts_are_checked_before_a_run() -> None:
    given = {"thoughts": ["cot", "pot"], "generate": {"by_thought": {"pot": {"error_rate": 2}}}}
    (fault,) = faults(given)
    assert fault.startswith("params.yaml: generate.by_thought.pot: `error_rate`: ")


@pytest.mark.parametrize(
    ("sampling", "fault"),
    [
        (
            {"reasoning_effort": "hgih"},
            "`reasoning_effort: hgih`: the preset openai-reasoning of o4-mini knows none",
        ),
        ({"structured": True}, "`structured`: this thought has no schema"),
    ],
)
def test_what_a_model_cannot_be_asked_is_found_by_the_check(sampling: dict[str, Any], fault: str) -> None:
    asked = {"teacher": "openai", "openai": {"model": "o4-mini"}, "sampling": {"cot": sampling}}
    (found,) = faults({"thoughts": ["cot"], "generate": asked})
    assert found.startswith(f"params.yaml: generate.sampling.cot: {fault}")
    assert not [*faults({"thoughts": ["pot"], "generate": asked})]


BUYING = {"teacher": "openai", "openai": {"model": "m-7", "base_url": URL, "max_usd": 1.0}}
PRICES = {"m-7": {"prompt": 1, "completion": 2}}


@pytest.mark.parametrize(
    ("generate", "fault"),
    [
        (
            BUYING,
            "generate.openai: max_usd is set, and the price of `m-7` is unknown: give it under `prices`",
        ),
        ({**BUYING, "openai": {**BUYING["openai"], "prices": PRICES}}, None),  # type: ignore[dict-item]
        ({**BUYING, "openai": {"model": "gpt-4o-mini", "max_usd": 1.0}}, None),  # its price is listed
        (
            {
                "openai": {"base_url": URL, "max_usd": 1.0, "prices": PRICES},
                "teachers": {"a": {"model": "m-7"}, "b": {"model": "m-8"}},
            },
            "generate.openai: max_usd is set, and the price of `m-8` is unknown: give it under `prices`",
        ),
        (
            {
                **BUYING,
                "sampling": {"cot": {"max_tokens": None}},
                "openai": {**BUYING["openai"], "prices": PRICES},
            },  # type: ignore[dict-item]
            "generate.openai: max_usd is set, and a completion may be of any length: give `max_tokens`",
        ),
        (
            {"teachers": {"a": BUYING["openai"]}},
            "generate.teachers.a: max_usd is set, and the price of `m-7` is unknown: give it under `prices`",
        ),
        (
            {
                "teachers": {"a": {**BUYING["openai"], "max_usd": None}},  # type: ignore[dict-item]
                "by_thought": {"cot": {"max_usd": 1.0}},
            },
            "generate.by_thought.cot: max_usd is set, and the price of `m-7` is unknown: "
            "give it under `prices`",
        ),
    ],
)
def test_a_budget_that_cannot_be_kept_is_found_by_the_check(
    generate: dict[str, Any], fault: str | None
) -> None:
    assert [*faults({"thoughts": ["cot"], "generate": generate})] == (
        [f"params.yaml: {fault}"] if fault else []
    )


def test_a_budget_knows_the_price_of_a_model_that_writes_problems() -> None:
    bought = {**BUYING, "openai": {**BUYING["openai"], "prices": PRICES}}  # type: ignore[dict-item]
    growing = {"rephrase": 1, "sampling": {"rephrase": {"model": "m-9"}}}
    given = {"thoughts": ["cot"], "generate": bought, "grow": growing, "curate": {"without_gold": True}}
    assert [*grow.faults(given)] == [
        "params.yaml: generate.openai: max_usd is set, and the price of `m-9` is unknown: "
        "give it under `prices`"
    ]
    growing["sampling"] = {}
    assert not [*grow.faults(given)]


def project(folder: Path, generate: dict[str, Any]) -> None:
    same = {"source": "ours", "split": "train", "license": "mit", "answer": "42", "answer_kind": "number"}
    unknown = dict.fromkeys(("subject", "level", "solution", "parent_id", "growth"))
    problems = [
        {**same, **unknown, "problem_id": f"ours-train-{number}", "problem": f"Problem {number}."}
        for number in range(3)
    ]
    tables.write(folder / "data" / "problems.parquet", Problems, problems)
    (folder / "data" / "exemplars.jsonl").write_text("")
    (folder / "dvc.yaml").write_text("stages: {}\n")
    (folder / "params.yaml").write_text(json.dumps({"thoughts": ["pot"], "generate": generate}))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))
    return tmp_path


def written(folder: Path) -> list[tables.Row]:
    return list(tables.TableReader(folder / "data" / "completions" / "pot.parquet", Completions))


def test_each_completion_names_its_teacher_and_the_model_that_was_asked(here: Path) -> None:
    with FakeEndpoint(lambda prompt, times: Turn(text="ans = 42")) as endpoint:
        project(here, {"teachers": TWO, "openai": {"base_url": endpoint.url}})
        main("pot")
        asked = sorted((body["model"], body["seed"]) for body in endpoint.bodies)
    assert asked == [("large", 1)] * 3 + [("large", 2)] * 3 + [("small", 1)] * 3
    rows = [(row["sample"], row["teacher"], row["model"]) for row in written(here)]
    assert rows == [(0, "cheap", "small"), (1, "strong", "large"), (2, "strong", "large")] * 3


def test_a_fall_back_is_asked_only_for_what_failed(here: Path) -> None:
    def plan(prompt: str, times: int) -> Turn:
        return Turn(text="" if "Problem 1." in prompt and times == 1 else "ans = 42")

    teachers = {"cheap": {"model": "small"}, "strong": {"model": "large", "fallback_of": "cheap"}}
    with FakeEndpoint(plan) as endpoint:
        project(here, {"teachers": teachers, "openai": {"base_url": endpoint.url, "max_concurrency": 1}})
        main("pot")
        assert [body["model"] for body in endpoint.bodies] == ["small"] * 3 + ["large"]
    rows = [(row["problem_id"][-1], row["sample"], row["teacher"], row["failure"]) for row in written(here)]
    assert rows == [
        ("0", 0, "cheap", None),
        ("1", 0, "cheap", "empty"),
        ("1", 1, "strong", None),
        ("2", 0, "cheap", None),
    ]


def test_a_weak_teacher_alone_may_be_reminded_of_the_form(here: Path) -> None:
    with FakeEndpoint(lambda prompt, times: Turn(text="ans = 42")) as endpoint:
        teachers = {"cheap": {"model": "small", "reminders": True}, "strong": {"model": "large"}}
        project(here, {"teachers": teachers, "openai": {"base_url": endpoint.url}})
        main("pot")
        asked = {(body["model"], body["messages"][-1]["content"]) for body in endpoint.bodies}
    plain = [f"Problem:\nProblem {number}." for number in range(3)]
    reminder = "\n\nWrite one short ```python block. Its last line is `ans = ` and the answer."
    assert asked == {("large", text) for text in plain} | {("small", text + reminder) for text in plain}


def test_a_budget_counts_what_all_teachers_cost(here: Path) -> None:
    price = {"prompt": 1.0, "completion": 1.0}
    with FakeEndpoint(lambda prompt, times: Turn(text="ans = 42")) as endpoint:
        bought = {"base_url": endpoint.url, "prices": {"small": price}, "max_usd": 10.0}
        teachers = {
            "cheap": {"model": "small"},
            "strong": {"model": "large", "prices": {"large": price}, "max_usd": 0.00005},
        }
        project(here, {"teachers": teachers, "openai": bought})
        with pytest.raises(ThoughtmillError, match="dollars are spent"):  # cheap spent 3 * 15 of a million
            main("pot")
        assert {body["model"] for body in endpoint.bodies} == {"small"}


def test_the_key_of_a_request_is_that_of_one_teacher_alone(here: Path) -> None:
    project(here, {})
    alone = section(teacher="openai", openai={"model": "large", "base_url": URL})
    among = section(teachers=TWO, openai={"base_url": URL})
    keys = RequestKeys(EndpointSettings(base_url=URL, model="large"))
    others = RequestKeys(EndpointSettings(endpoint="elsewhere", model="other"))
    assert {keys.keyed(each)[0] for each in corpus(here, alone)} <= {
        others.keyed(each)[0] for each in corpus(here, among)
    }

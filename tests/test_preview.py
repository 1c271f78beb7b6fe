"""The commands `preview` and `estimate --pilot` ask a few problems, verify them, and pay only once."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_endpoint import FakeEndpoint, Turn
from thoughtmill.factory import generate
from thoughtmill.factory.commands import estimate, preview
from thoughtmill.factory.commands.verified_samples import chosen_problems
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.schemas import Problems


def written(prompt: str, times: int) -> Turn:
    """Solve problems whose number is even, and write nonsense about the others."""
    number = int(prompt.rsplit("Problem ", maxsplit=1)[-1].split(".", maxsplit=1)[0])
    return Turn(text="<think>Let me see.</think>ans = 42" if number % 2 == 0 else "ans = 41")


def project(folder: Path, **section: Any) -> None:
    same = {"source": "ours", "license": "mit", "answer": "42", "answer_kind": "number"}
    unknown = dict.fromkeys(("subject", "level", "solution", "parent_id", "growth"))
    problems = [
        {
            **same, **unknown, "problem_id": f"ours-{number:02}", "problem": f"Problem {number}.",
            "split": "train" if number < 20 else "test",
        }
        for number in range(30)
    ]  # fmt: skip
    tables.write(folder / "data" / "problems.parquet", Problems, problems)
    (folder / "data" / "exemplars.jsonl").write_text("")
    (folder / "dvc.yaml").write_text("stages: {}\n")
    given = {"teacher": "openai", "splits": ["train"], **section}
    (folder / "params.yaml").write_text(json.dumps({"thoughts": ["pot"], "generate": given}))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))
    return tmp_path


def words(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"problems": 3, "thought": None, "pilot": None, **given})


def test_a_preview_shows_prompt_answer_verdict_tokens_and_dollars(here: Path) -> None:
    with FakeEndpoint(written) as endpoint:
        prices = {"gpt-4o-mini": {"prompt": 100.0, "completion": 100.0}}
        project(here, openai={"base_url": endpoint.url, "prices": prices})
        text = preview.call(words(problems=6))
        assert sum(endpoint.asked.values()) == 6
    assert "== pot by openai (gpt-4o-mini)" in text
    assert "Write a short Python program" in text and "[0 examples]" in text
    assert "reasoning:\n    Let me see." in text
    assert "verdict: correct, 42 where the gold answer is 42; 10 prompt tokens, 5 completion tokens" in text
    assert "verdict: incorrect, 41 where the gold answer is 42" in text
    assert "$0.001" in text
    *_, summary = text.splitlines()
    assert summary.split()[:3] == ["pot", "openai", "gpt-4o-mini"]


def test_what_a_preview_bought_is_not_bought_again(here: Path) -> None:
    with FakeEndpoint(written) as endpoint:
        project(here, openai={"base_url": endpoint.url})
        first = preview.call(words())
        assert preview.call(words()).replace("s\n", "\n") == first.replace("s\n", "\n")
        assert sum(endpoint.asked.values()) == 3
        generate.main("pot")
        assert sum(endpoint.asked.values()) == 20


def test_a_pilot_forecasts_the_rest_with_intervals(here: Path) -> None:
    with FakeEndpoint(written) as endpoint:
        prices = {"gpt-4o-mini": {"prompt": 100.0, "completion": 100.0}}
        project(here, openai={"base_url": endpoint.url, "prices": prices})
        header, _, row = estimate.call(words(pilot=5)).splitlines()
    assert header.split() == [
        "thought",
        "requests",
        "held",
        "prompt_tokens",
        "completion_tokens",
        "usd",
        "hours",
    ]
    assert row.split()[:6] == ["pot", "20", "5", "150", "75", "0.0225"]


def test_several_teachers_have_a_line_each(here: Path) -> None:
    teachers = {"cheap": {"model": "a"}, "strong": {"model": "b", "fallback_of": "cheap"}}
    with FakeEndpoint(written) as endpoint:
        project(here, openai={"base_url": endpoint.url}, teachers=teachers)
        text = preview.call(words())
        lines = estimate.call(words()).splitlines()
    assert "== pot by cheap (a)" in text and "== pot by strong (b)" in text
    assert [line.split("  ")[0].strip() for line in lines[2:4]] == ["pot by cheap", "pot by strong"]
    assert lines[-1].startswith("at most, for a fall-back is asked only where another teacher fails: strong")


def test_problems_are_drawn_by_the_seed_from_the_splits_that_are_asked(here: Path) -> None:
    project(here)
    drawn = [
        [
            row["problem_id"]
            for row in chosen_problems(here, GenerateSettings(seed=seed, splits=("train",)), 5)
        ]
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(name < "ours-20" for names in drawn for name in names)
    assert len(chosen_problems(here, GenerateSettings(), 100)) == 30


def test_a_wrong_argument_or_a_missing_table_is_one_line(here: Path) -> None:
    project(here)
    with pytest.raises(ThoughtmillError, match="give at least 1"):
        preview.call(words(problems=0))
    with pytest.raises(ThoughtmillError, match="`tot` is not one of pot"):
        preview.call(words(thought="tot"))
    with pytest.raises(ThoughtmillError, match="give at least 2"):
        estimate.call(words(pilot=1))
    (here / "data" / "problems.parquet").unlink()
    with pytest.raises(ThoughtmillError, match="dvc repro seed"):
        preview.call(words())


def test_the_embedded_teacher_is_previewed_for_free(here: Path) -> None:
    project(here, teacher="embedded")
    text = preview.call(words())
    assert "uncompilable; the problem has no worked solution; free" in text
    assert "costs nothing" in estimate.call(words())

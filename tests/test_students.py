"""The section `students` of the report, from what the stage `evaluate` wrote."""

from typing import Any

import pytest

from tests.reader import Reader, tables_of
from thoughtmill.factory.pages.students import students

VERSION = "f" * 64
POLICY = {
    "problems": 200,
    "low": 0.4,
    "high": 0.6,
    "resolved": 0.9,
    "accuracy_resolved": 0.55,
    "mean_rounds": 1.5,
    "spread": {"problems": 0.0353, "sampling": 0.01, "training": None},
}
ROW = {"base": "tiny", "test_set": "one, <test>"}


VOTES = {"votes": 4.5, "accuracy": 0.45, "mean_new_tokens": 299.6, "gain": 0.05, "low": -0.05, "high": 0.15}


def shown(votes: dict[str, float] | None = VOTES, **given: Any) -> dict[str, Any]:
    """Return what `data/students.json` holds of two policies and a ceiling on one test set."""
    policies = [
        {"policy": "lorid", "accuracy": 0.5, "mean_new_tokens": 300.0},
        {"policy": "greedy/ir", "accuracy": 0.4, "mean_new_tokens": 50.0},
        {"policy": "pass@20/ir", "accuracy": 0.9, "mean_new_tokens": 999.0},
    ]
    held = {
        "bases": {"tiny": VERSION},
        "runs": ["a-1", "a-2", "a-3"],
        "policies": [POLICY | ROW | row for row in policies],
        "claims": [
            {**ROW, "claim": "consistency beats IR alone", "policy": "lorid",
             "against": "greedy/ir", "gain": 0.1, "low": -0.02, "high": 0.2, "shows": "unclear",
             "accuracy": 0.5, "mean_new_tokens": 300.0, "votes": votes},
        ],
        "rounds": [{**ROW, "round": 1, "agreed": 0.5, "accuracy": 0.8}],
        "mistakes": [{**ROW, "role": "ir", "right": 80, "format": 10, "arithmetic": 60,
                      "logical": 50}],
        "meanings": {"format": "cannot be read", "arithmetic": "a wrong sum", "logical": "a wrong plan"},
    }  # fmt: skip
    return held | given


@pytest.fixture
def body() -> str:
    return str(students(shown(), VERSION).body)


def test_every_policy_has_its_row_with_interval_and_cost(body: str) -> None:
    (table,) = [each for each in tables_of(body) if each.caption == "Policies on one, <test>"]
    cells = table.rows[0]
    assert cells[3] == "3.5, 1.0, –"
    assert cells[:3] + cells[5:] == ["lorid", "50.0", "40.0 to 60.0", "55.0", "1.5", "300"]
    assert "resolved: 90.0" in cells[4]
    assert len(table.rows) == 3


def test_the_ceiling_is_in_the_table_and_not_on_the_frontier(body: str) -> None:
    assert "pass@20/ir" in body
    chart = body.split("<svg", 2)[1]
    assert "lorid: 50.0" in chart
    assert "pass@20/ir" not in chart


def test_a_claim_that_does_not_show_is_told_as_such(body: str) -> None:
    (table,) = [each for each in tables_of(body) if each.caption.startswith("What the papers claim")]
    assert table.rows[0][1:4] == ["unclear", "+10.0", "-2.0 to +20.0"]
    assert table.rows[0][5:] == ["50.0, 300", "45.0, 300 4.5 votes", "+5.0", "-5.0 to +15.0"]


def test_a_claim_cheaper_than_one_vote_has_none_to_be_held_against() -> None:
    body = str(students(shown(votes=None), VERSION).body)
    (table,) = [each for each in tables_of(body) if each.caption.startswith("What the papers claim")]
    assert table.rows[0][6:] == ["–", "–", "–"]


def test_agreement_by_round_tells_right_from_wrong(body: str) -> None:
    assert "right: 40.0" in body
    assert "wrong: 10.0" in body


def test_mistakes_are_told_by_kind(body: str) -> None:
    (table,) = [each for each in tables_of(body) if each.caption.startswith("What greedy samples")]
    cells = table.rows[0]
    assert [cells[0], *cells[2:]] == ["ir", "80", "10", "60", "50"]


def test_students_of_another_data_version_are_told_as_such(body: str) -> None:
    told = "not the one that this page is about"
    assert told not in body
    assert told in students(shown(), "e" * 64).body


def test_the_section_asks_nothing_of_the_outside_and_escapes_names(body: str) -> None:
    reader = Reader(body)
    assert not {"script", "link", "img", "style", "test"} & set(reader.elements)
    assert "<test>" not in body


def test_no_claims_no_rounds_and_no_mistakes_leave_their_tables_out() -> None:
    body = str(students(shown(claims=[], rounds=[], mistakes=[]), VERSION).body)
    assert [table.caption for table in tables_of(body)] == ["Policies on one, <test>"]

"""Claims: what shows, what does not, and what the same tokens buy."""

from pathlib import Path
from typing import Any

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.claims import AGAINST_VOTES, CLAIMS, judged, main, table, votes_for
from thoughtmill.train.measuring.scores import PolicyScore


def result(right: int, mean_new_tokens: float, problems: int = 100) -> PolicyScore:
    return PolicyScore({f"p{at:03}": float(at < right) for at in range(problems)}, mean_new_tokens)


def judged_in(results: dict[str, PolicyScore]) -> list[dict[str, Any]]:
    """Return the claims of one test set."""
    return judged({("tiny", "one, test"): results})


def test_a_gain_beyond_chance_shows() -> None:
    (claim,) = judged_in({"lorid": result(90, 300), "greedy/ir": result(60, 50)})
    assert (claim["claim"], claim["shows"], claim["gain"]) == ("consistency beats IR alone", "yes", 0.3)
    assert 0 < claim["low"] < 0.3 < claim["high"]


def test_a_loss_does_not_show_and_a_gain_of_chance_is_unclear() -> None:
    (worse,) = judged_in({"lorid": result(40, 300), "greedy/ir": result(60, 50)})
    assert worse["shows"] == "no"
    (chance,) = judged_in({"lorid": result(61, 300), "greedy/ir": result(60, 50)})
    assert chance["shows"] == "unclear"
    assert chance["low"] < 0 < chance["high"]


def test_a_gain_that_shows_alone_does_not_among_many_claims() -> None:
    results = {"lorid": result(68, 300), "greedy/ir": result(60, 50)}
    assert judged_in(results)[0]["shows"] == "yes"
    rows = judged({("tiny", f"set {at}, test"): results for at in range(21)})
    assert {row["shows"] for row in rows} == {"unclear"}
    assert rows[0]["smallest"] > judged_in(results)[0]["smallest"]


def test_the_ensemble_has_to_beat_the_best_of_its_thoughts() -> None:
    single = {"greedy/cot": result(50, 40), "greedy/pot": result(70, 50), "greedy/eot": result(60, 45)}
    found = {
        claim["policy"]: claim
        for claim in judged_in(single | {"etd": result(75, 60), "etd_vote": result(80, 135)})
    }
    assert {claim["against"] for claim in found.values()} == {"greedy/pot"}
    assert (found["etd"]["gain"], found["etd_vote"]["gain"]) == (0.05, 0.1)


def test_a_claim_whose_policies_were_not_run_is_left_out() -> None:
    assert judged_in({"lorid": result(1, 1)}) == []
    everything = {name: result(5, 5) for one, others in CLAIMS.values() for name in (one, *others)}
    assert [claim["claim"] for claim in judged_in(everything)] == list(CLAIMS)


VOTES = {f"majority@{k}/ir": result(50 + k, 40.0 * k) for k in (1, 2, 3, 12)}


@pytest.mark.parametrize(
    ("new_tokens", "votes", "right", "spent"),
    [
        (40, 1.0, 0.51, 40),  # exactly what one vote costs
        (110, 2.8, 0.5275, 110),  # three quarters of the problems have three votes, the others two
        (120, 3.0, 0.53, 120),
        (300, 7.5, 0.575, 300),  # between three votes and twelve
        (480, 12.0, 0.62, 480),
        (900, 12.0, 0.62, 480),  # dearer than all votes there are
    ],
)
def test_votes_are_held_against_a_policy_at_its_own_cost(
    new_tokens: float, votes: float, right: float, spent: float
) -> None:
    found = votes_for(VOTES, new_tokens)
    assert found is not None
    assert (found[0], found[1].mean_new_tokens) == (votes, spent)
    assert sum(found[1].right.values()) / 100 == pytest.approx(right)


def test_where_one_vote_costs_more_there_is_none() -> None:
    assert votes_for(VOTES, 39) is None
    assert votes_for({}, 1000) is None


def test_only_the_votes_of_ir_are_held_against_a_policy() -> None:
    others = {
        "majority@3/cot": result(9, 110),
        "pass@3/ir": result(99, 110),
        "early_stop@3/ir": result(9, 90),
    }
    assert votes_for(VOTES | others, 110) == votes_for(VOTES, 110)


def test_the_smallest_gains_of_a_set_are_a_range_over_its_claims() -> None:
    results = {"lorid": result(90, 300), "greedy/ir": result(60, 50), "greedy/dr": result(60, 9)}
    rows = judged_in({**results, "greedy/dr_bare": result(60, 9)})
    low, high = (f"{100 * gain:.1f}" for gain in sorted(row["smallest"] for row in rows))
    assert low != high
    assert f"four times in five: {low} to {high} points on " in table(rows)


def test_a_claim_tells_what_it_gains_over_votes_of_its_own_cost() -> None:
    (claim,) = judged_in(VOTES | {"lorid": result(72, 100), "greedy/ir": result(50, 40)})
    votes = claim["votes"]
    assert (votes["votes"], votes["accuracy"], votes["mean_new_tokens"]) == (2.5, 0.525, 100)
    assert votes["gain"] == 0.195
    assert 0 < votes["low"] < 0.195 < votes["high"]


def test_shares_of_several_runs_count_as_shares() -> None:
    one = PolicyScore({"a": 1.0, "b": 0.5}, 10)
    (claim,) = judged_in({"lorid": one, "greedy/ir": PolicyScore({"a": 0.5, "b": 0.5}, 5)})
    assert (claim["gain"], claim["accuracy"]) == (0.25, 0.75)


def cells_of(claims: list[dict[str, object]]) -> tuple[list[str], list[str]]:
    """Return the cells of the only row of both tables."""
    first, smallest, words, second = table(claims).split("\n\n")
    assert "the smallest gains that would show four times in five: " in smallest
    assert words == AGAINST_VOTES
    rows = [found.splitlines()[2].strip("|").split("|") for found in (first, second)]
    gains, over_votes = ([cell.strip() for cell in row] for row in rows)
    return gains, over_votes


def test_the_tables_say_of_each_claim_whether_it_shows_and_what_it_gains() -> None:
    gains, over_votes = cells_of(judged_in(VOTES | {"lorid": result(90, 300), "greedy/ir": result(60, 50)}))
    assert gains[:2] == over_votes[:2] == ["consistency beats IR alone", "`lorid`"]
    assert gains[2].startswith("**yes** +30.0 (+2")
    assert over_votes[2].startswith("+32.5 (+2")
    assert over_votes[2].endswith("), 7.5 votes")


def test_a_policy_cheaper_than_any_vote_says_so() -> None:
    _, over_votes = cells_of(judged_in(VOTES | {"lorid": result(90, 30), "greedy/ir": result(60, 50)}))
    assert over_votes[2] == "one vote costs more"


def test_the_gain_with_each_training_is_told_beside_the_interval() -> None:
    better, worse = result(90, 300), result(60, 50)
    of = {
        "lorid": better._replace(by_training={0: 0.85, 7: 0.95}),
        "greedy/ir": worse._replace(by_training={0: 0.65, 7: 0.55}),
    }
    (claim,) = judged_in(of)
    assert claim["by_training"] == {"0": 0.2, "7": 0.4}
    assert ", +20.0, +40.0 by training" in table([claim])


def test_each_claim_is_one_row_with_a_column_for_every_test_set() -> None:
    (claim,) = judged_in({"lorid": result(90, 30), "greedy/ir": result(60, 50)})
    (other,) = judged_in({"pair": result(90, 30), "pair_unhinted": result(60, 50)})
    rows = [claim | {"test_set": "a"}, claim | {"test_set": "b"}, other | {"test_set": "b"}]
    head, _, first, second = (
        line.strip("|").split("|") for line in table(rows).split("\n\n")[0].splitlines()
    )
    assert [cell.strip() for cell in head] == ["claim", "policy", "a", "b"]
    assert [bool(cell.strip()) for cell in first + second] == [True] * 4 + [True, True, False, True]


@pytest.mark.parametrize("file", ['{"claims": ', "{}", '{"claims": [{"claim": "of an older form"}]}'])
def test_a_file_of_another_form_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    (tmp_path / "data").mkdir()
    for name, text in {"params.yaml": "", "dvc.yaml": "", "data/students.json": file}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ThoughtmillError, match=r"students\.json is torn or of an older form"):
        main()

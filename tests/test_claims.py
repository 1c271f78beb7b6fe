"""Claims: what shows, what does not, and what the same tokens buy."""

from train.claims import CLAIMS, equal_votes, held, table
from train.measuring import Result


def result(right: int, mean_new_tokens: float, problems: int = 100) -> Result:
    return Result({f"p{at:03}": float(at < right) for at in range(problems)}, mean_new_tokens)


def test_a_gain_whose_interval_is_above_nothing_shows() -> None:
    (claim,) = held({"lorid": result(90, 300), "greedy/ir": result(60, 50)})
    assert (claim["claim"], claim["shows"], claim["gain"]) == ("consistency beats IR alone", "yes", 0.3)
    assert 0 < claim["low"] < 0.3 < claim["high"]


def test_a_loss_does_not_show_and_a_gain_of_chance_is_unclear() -> None:
    (worse,) = held({"lorid": result(40, 300), "greedy/ir": result(60, 50)})
    assert worse["shows"] == "no"
    (chance,) = held({"lorid": result(61, 300), "greedy/ir": result(60, 50)})
    assert (chance["shows"], chance["low"]) == ("unclear", 0.0)


def test_the_ensemble_has_to_beat_the_best_of_its_thoughts() -> None:
    single = {"greedy/cot": result(50, 40), "greedy/pot": result(70, 50), "greedy/eot": result(60, 45)}
    found = {
        claim["policy"]: claim
        for claim in held(single | {"etd": result(75, 60), "etd_vote": result(80, 135)})
    }
    assert {claim["against"] for claim in found.values()} == {"greedy/pot"}
    assert (found["etd"]["gain"], found["etd_vote"]["gain"]) == (0.05, 0.1)


def test_a_claim_whose_policies_were_not_run_is_left_out() -> None:
    assert held({"lorid": result(1, 1)}) == []
    everything = {name: result(5, 5) for one, others in CLAIMS.values() for name in (one, *others)}
    assert [claim["claim"] for claim in held(everything)] == list(CLAIMS)


def test_the_vote_of_equal_cost_is_the_largest_that_costs_no_more() -> None:
    votes = {f"majority@{k}/ir": result(50 + k, 40.0 * k) for k in (1, 2, 3, 4)}
    assert equal_votes(votes, 130) == "majority@3/ir"
    assert equal_votes(votes, 39) is None
    assert equal_votes(votes | {"majority@3/cot": result(9, 125)}, 130) == "majority@3/ir"
    (claim,) = held(votes | {"lorid": result(52, 85), "greedy/ir": result(50, 40)})
    assert (claim["votes"], claim["votes_accuracy"]) == ("majority@2/ir", 0.52)


def test_shares_of_several_runs_count_as_shares() -> None:
    one = Result({"a": 1.0, "b": 0.5}, 10)
    (claim,) = held({"lorid": one, "greedy/ir": Result({"a": 0.5, "b": 0.5}, 5)})
    assert (claim["gain"], claim["accuracy"]) == (0.25, 0.75)


def test_the_table_says_of_each_claim_whether_it_shows_by_how_much_and_at_what_cost() -> None:
    votes = {"majority@2/ir": result(55, 80)}
    claims = held(votes | {"lorid": result(90, 300), "greedy/ir": result(60, 50)})
    head, _, row = table([{"test_set": "one, test"} | claim for claim in claims]).splitlines()
    assert head.count("|") == row.count("|") == 8
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:3] == ["consistency beats IR alone", "one, test", "**yes**"]
    assert cells[3].startswith("+30.0 (+2")
    assert cells[4:] == ["`lorid` 90.0, 300 tokens", "`greedy/ir` 60.0", "`majority@2/ir` 55.0"]


def test_a_claim_cheaper_than_any_vote_says_so() -> None:
    (claim,) = held({"lorid": result(90, 300), "greedy/ir": result(60, 50)})
    assert "none so cheap" in table([{"test_set": "one, test"} | claim])

"""Knowledge of students: lists are read before use, and training mixes kinds of knowledge by its shares."""

import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from tests import tiny
from tests.test_finetune import settings, trained
from tests.test_infer import corpus_of
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import own_knowledge, roles
from thoughtmill.train.finetune import prepare
from thoughtmill.train.roles import Example
from thoughtmill.train.roles.knowledge import KINDS, mixed, read

RULES = {f"p{at}": [f"rule {letter}{at}" for letter in "abc"] for at in range(300)}
NOWHERE = Path("nowhere.parquet")


def examples() -> list[Example]:
    return [Example(name, "dr", "A problem.", "\n".join(rules), "3") for name, rules in RULES.items()]


def given(kind: str) -> list[tuple[str, list[str]]]:
    """Return, by problem, the rules that an example of one kind of knowledge is given."""
    found = mixed(examples(), {kind: 1.0}, 0, NOWHERE)
    return [(one.problem_id, one.given.split("\n") if one.given else []) for one in found]


@pytest.mark.parametrize(
    ("text", "cut", "rules"),
    [
        ("Prices add up.\nThe rest is the total.", False, "Prices add up.\nThe rest is the total."),
        ("1. Prices add up.\n2) The rest is left.", False, "Prices add up.\nThe rest is left."),
        ("- Prices add up.\n\n* Prices  add up.", False, "Prices add up."),
        ("Prices add up.\nThe rest is the", True, "Prices add up."),
        ("Prices add up", True, None),
        ('["Prices add up.", "The rest is', True, "Prices add up."),
        ('["Prices add up.", "The rest is left."]', False, "Prices add up.\nThe rest is left."),
        ("12 bags.\nSum.\n#### 7", False, None),
        (
            "The sum of the sum of the sum of the sum of the sum of all.\nPrices add up.",
            False,
            "Prices add up.",
        ),
        ("", False, None),
        ("[1, 2", False, None),
    ],
)
def test_a_list_of_rules_is_read_before_it_is_used(text: str, cut: bool, rules: str | None) -> None:
    assert read(text, cut) == rules


def test_a_list_that_is_read_is_read_the_same_again() -> None:
    text = "The total of several amounts is their sum.\nWhat is left is the whole minus the part taken."
    assert read(text) == text


def test_each_kind_of_knowledge_is_what_its_name_says() -> None:
    assert given("gold") == list(RULES.items())
    assert given("none") == [(name, []) for name in RULES]
    shuffled = given("shuffled")
    assert all(sorted(rules) == RULES[name] for name, rules in shuffled)
    assert len({tuple(rule[5] for rule in rules) for _, rules in shuffled}) == 6  # every order of three
    others = given("other")
    assert all(rules in RULES.values() and rules != RULES[name] for name, rules in others)
    right = Counter(len({*rules} & {*RULES[name]}) for name, rules in given("partial"))
    wrong = Counter(len({*rules} - {*RULES[name]}) for name, rules in given("partial"))
    assert set(right) == set(wrong) == {0, 1, 2, 3}
    assert max(len(rules) for _, rules in given("partial")) == 3


def test_shares_are_kept_and_the_seed_decides_whatever_the_order_of_the_shares() -> None:
    shares = {"gold": 2.0, "none": 1.0, "other": 1.0}
    found = mixed(examples(), shares, 0, NOWHERE)
    kinds = Counter(
        "none" if not one.given else "gold" if one.given.split("\n") == RULES[one.problem_id] else "other"
        for one in found
    )
    assert kinds["gold"] == pytest.approx(150, abs=30)
    assert kinds["none"] == pytest.approx(75, abs=25)
    assert mixed(examples(), dict(reversed(shares.items())), 0, NOWHERE) == found
    assert mixed(examples(), shares, 1, NOWHERE) != found
    assert [(one.problem_id, one.target) for one in found] == [(name, "3") for name in RULES]


def test_without_shares_and_for_roles_without_knowledge_nothing_changes() -> None:
    chains = [Example("p", "ir", "A problem.", None, "3")]
    assert mixed(chains, {"other": 1.0}, 0, NOWHERE) == chains
    assert mixed(examples(), {}, 0, NOWHERE) == examples()
    assert mixed(examples()[:1], {"other": 1.0}, 0, NOWHERE)[0].given is None  # there is no other problem


def test_examples_of_one_problem_keep_their_own_rules() -> None:
    two = [Example("p", "dr", "A problem.", rules, "3") for rules in ("rule a1\nrule b1", "rule c1")]
    assert mixed(two, {"gold": 1.0}, 0, NOWHERE) == two


def test_a_plan_learns_with_the_knowledge_that_the_settings_name(tmp_path: Path) -> None:
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "corpus")))
    base = str(tiny.write_causal(tmp_path / "base"))
    _, _, plan = prepare("dr", corpus, settings(base=base, knowledge={"none": 1}))
    assert {one.given for one in plan.examples} == {None}
    assert {one.given for one in roles.examples(corpus, "dr")} != {None}
    with pytest.raises(
        ThoughtmillError, match=r"^finetune\.knowledge: own: `data/own_knowledge/embedded\.parq"
    ):
        prepare("dr", corpus, settings(base=base, knowledge={"own": 1}))


def test_faults_of_the_shares_are_named() -> None:
    with pytest.raises(ValueError, match=rf"unknown kind `golden`; there are: {', '.join(KINDS)}"):
        settings(knowledge={"golden": 1})
    with pytest.raises(ValueError, match="`knowledge`: give some kind a share above 0"):
        settings(knowledge={"gold": 0})
    for endless in (float("inf"), float("nan")):
        with pytest.raises(ValueError, match="finite number"):
            settings(knowledge={"gold": endless})
        with pytest.raises(ValueError, match="finite number"):
            settings(mix={"true": endless})


def test_the_knowledge_giver_writes_about_every_training_problem_and_the_reasoner_learns_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tiny.write_causal(tmp_path / "base")
    data = corpus_of(tmp_path / "data")
    trained(tmp_path / "data/adapters/tiny", base, "kg", data, steps=30)
    told = {
        "base": {"name": "tiny", "model": "base"},
        "infer": {"max_new_tokens": 70, "temperature": 0.1, "policies": ["greedy/ir"]},
    }
    (tmp_path / "params.yaml").write_text(json.dumps(told))
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.chdir(tmp_path)
    own_knowledge.main()
    rows = pd.read_parquet("data/own_knowledge/tiny.parquet")
    corpus = open_corpus("data")
    train = corpus.con.execute("select problem_id from problems where split = 'train'").fetchall()
    assert sorted(rows.problem_id) == sorted(name for (name,) in train)
    assert set(rows["round"]) == {1}
    assert set(rows.role) == {"kg"}
    by_problem = dict(zip(rows.problem_id, rows.text, strict=True))
    failed = dict(zip(rows.problem_id, rows.failure == "truncated", strict=True))
    given = {"base": {"name": "tiny", "model": "base"}, "knowledge": {"own": 1}}
    with pytest.raises(
        ThoughtmillError, match=r"`data/own_knowledge/tiny\.parquet` holds nothing about tiny-"
    ):
        prepare("dr", corpus, settings(**given))  # these records are of test problems too
    _, _, plan = prepare("dr", corpus, settings(**given, where="kept and p.split = 'train'"))
    assert len(plan.examples) == len(train)
    for one in plan.examples:
        assert one.given == read(by_problem[one.problem_id], failed[one.problem_id])

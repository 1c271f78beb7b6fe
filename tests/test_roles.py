import json
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from tests import tiny
from thoughtmill.factory.core.corpus import Corpus, open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import roles
from thoughtmill.train.roles import ROLES as REGISTRY
from thoughtmill.train.roles import Example, encoding
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training.plan import encode_all

ROLES = [name for name in REGISTRY.names() if not REGISTRY.named(name).variant_of]
"""The roles that can be trained."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    rows = [*tiny.records(), *tiny.long_records()]
    return open_corpus(str(tiny.write_corpus(tmp_path_factory.mktemp("corpus"), rows)))


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Base]:
    """A base of each kind of prompt."""
    plain, chat, t5 = (tmp_path_factory.mktemp(name) for name in ("plain", "chat", "t5"))
    return {"plain": tiny.causal(plain), "chat": tiny.causal(chat, chat=True), "t5": tiny.two_sided(t5)}


def test_every_role_finds_records_in_a_corpus_of_all_thoughts(corpus: Corpus) -> None:
    for role in ROLES:
        assert roles.examples(corpus, role), role


def test_a_chain_role_learns_one_kept_chain_per_problem_in_the_order_of_problems(corpus: Corpus) -> None:
    found = roles.examples(corpus, "ir")
    assert [one.problem_id for one in found] == sorted(f"tiny-{a}-{b}" for a, b in tiny.PAIRS)
    assert found[0] == Example(
        "tiny-2-2", "ir", "2 bags of 2 nuts. How many nuts?", None, "2 * 2 = 4 nuts.\n#### 4"
    )


def test_the_long_reasoner_learns_the_thinking_before_the_solution(corpus: Corpus) -> None:
    found = roles.examples(corpus, "ir_long")
    assert len(found) == len(tiny.PAIRS)
    assert found[0].target == "<think>\n2 + 2? No, 2 * 2 = 4.\n</think>\n\n#### 4"


def test_the_deep_reasoner_is_given_the_knowledge_of_its_problem(corpus: Corpus) -> None:
    found = roles.examples(corpus, "dr")
    assert len(found) == len(tiny.PAIRS)
    assert all(one.given and one.given.startswith("The total is") for one in found)
    assert all(one.target.endswith(f"#### {eval(one.target.split(' =')[0])}") for one in found)


def test_every_path_of_a_problem_is_given_its_first_knowledge(tmp_path: Path) -> None:
    rows = [row | {"kept": True} for row in tiny.records()]
    for row in rows:
        if row["thought"] == "knowledge":
            row["rationale"] = f"rule {row['sample']}"
    found = roles.examples(open_corpus(str(tiny.write_corpus(tmp_path, rows))), "dr")
    assert len(found) == 2 * len(tiny.PAIRS)
    assert {one.given for one in found} == {"rule 0"}


def test_the_ensemble_learns_the_union_each_thought_under_its_own_instruction(corpus: Corpus) -> None:
    union = roles.examples(corpus, "etd")
    assert union == [one for part in ("cot", "pot", "eot") for one in roles.examples(corpus, part)]
    asked = {
        one.role: roles.prompt(one.role, one.problem, one.given)
        for one in union
        if one.problem_id == "tiny-2-2"
    }
    assert len(set(asked.values())) == 3


@pytest.mark.parametrize(("role", "peer"), [("gp_hint", "ans = nuts"), ("eq_hint", "####")])
def test_a_hint_is_a_peers_answer_and_steps_as_often_wrong_as_right(
    corpus: Corpus, role: str, peer: str
) -> None:
    found = roles.examples(corpus, role)
    assert len(found) == 2 * len(tiny.PAIRS)
    wrong = [one for one in found if one.given and not _right(one)]
    assert len(wrong) == len(tiny.PAIRS)
    assert all(one.given and one.given.startswith("Answer: ") and peer in one.given for one in found)
    assert all(
        one.target == roles.examples(corpus, role.removesuffix("_hint"))[at // 2].target
        for at, one in enumerate(found)
    )


@pytest.mark.parametrize("role", ROLES)
def test_no_student_reads_or_writes_the_declaration_of_a_system(corpus: Corpus, role: str) -> None:
    assert corpus.con.execute("select count(*) from records where rationale like 'unknowns:%'").fetchall()
    for one in roles.examples(corpus, role):
        assert "unknowns:" not in f"{one.given}{one.target}"
        assert one.target.startswith("nuts = ") is (REGISTRY.named(one.role).thought == "eot")


def _right(one: Example) -> bool:
    a, b = map(int, one.problem_id.split("-")[1:])
    return bool(one.given) and str(one.given).startswith(f"Answer: {a * b}\n")


def test_no_more_right_hints_are_learnt_than_there_are_wrong_ones(tmp_path: Path) -> None:
    rows = [
        row for row in tiny.records() if row["sample"] == 0 or row["problem_id"] in ("tiny-2-2", "tiny-3-3")
    ]
    found = roles.examples(open_corpus(str(tiny.write_corpus(tmp_path, rows))), "gp_hint")
    assert sorted(map(_right, found)) == [False, False, True, True]


def test_records_of_another_split_are_never_learnt_nor_hinted(tmp_path: Path) -> None:
    rows = [
        row | {"split": "validation" if "-2-" in row["problem_id"] else "train"}
        for row in [*tiny.records(), *tiny.long_records()]
    ]
    corpus = open_corpus(str(tiny.write_corpus(tmp_path, rows)))
    for role in ROLES:
        assert not any(
            "-2-" in one.problem_id.removesuffix("-2") + "-" and one.problem_id.startswith("tiny-2-")
            for one in roles.examples(corpus, role)
        ), role


def test_a_condition_in_sql_chooses_what_is_learnt(corpus: Corpus) -> None:
    assert len(roles.examples(corpus, "pot", where="true")) == 2 * len(tiny.PAIRS)
    assert len(roles.examples(corpus, "pot", where="kept and r.problem_id < 'tiny-4'")) == 8


def test_a_role_of_parts_is_refused_where_one_of_them_has_no_records(corpus: Corpus) -> None:
    with pytest.raises(ThoughtmillError, match=r"^role `eot` has no records"):
        roles.examples(corpus, "etd", where="kept and r.thought <> 'eot'")


def test_a_role_without_records_is_refused_with_one_sentence(corpus: Corpus) -> None:
    with pytest.raises(ThoughtmillError, match=r"^role `pot` has no records: .*sample > 7"):
        roles.examples(corpus, "pot", where="sample > 7")


def test_a_role_with_hints_says_that_it_needs_wrong_ones(tmp_path: Path) -> None:
    right = [row for row in tiny.records() if row["kept"]]
    corpus = open_corpus(str(tiny.write_corpus(tmp_path / "right", right)))
    with pytest.raises(
        ThoughtmillError, match=r"`gp_hint` has no hints: .* no `eot` record of `train` is wrong"
    ):
        roles.examples(corpus, "gp_hint")


def test_a_condition_that_is_no_sql_is_named(corpus: Corpus) -> None:
    with pytest.raises(ThoughtmillError, match=r"^finetune\.where: kep: .*kep"):
        roles.examples(corpus, "pot", where="kep")


def test_an_unknown_role_is_refused_with_the_list_of_roles() -> None:
    with pytest.raises(ThoughtmillError, match=r"unknown role `pott`; there are: ir, ir_long, kg, dr"):
        REGISTRY.named("pott")


@pytest.mark.parametrize("role", [name for name in ROLES if not REGISTRY.named(name).parts])
@pytest.mark.parametrize("kind", ["plain", "chat", "t5"])
def test_training_asks_in_the_bytes_that_inference_asks_in(
    bases: dict[str, Base], corpus: Corpus, role: str, kind: str
) -> None:
    base, example = bases[kind], roles.examples(corpus, role)[0]
    ((taught, target),) = encode_all(base, [example])
    asked = encoding.render(base.tokenizer, role, example.problem, example.given)
    assert taught == asked
    assert _text(base.tokenizer, asked) == _expected(kind, roles.prompt(role, example.problem, example.given))
    assert _text(base.tokenizer, target) == example.target + "<end>"


def _expected(kind: str, text: str) -> str:
    return f"[user] {text}\n[assistant] " if kind == "chat" else f"{text}\n\n"


def _text(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> str:
    return "".join(map(str, tokenizer.convert_ids_to_tokens(ids)))


def test_braces_and_dollar_signs_of_a_problem_reach_the_prompt_untouched() -> None:
    problem = r"It costs $5 or \boxed{5} or {problem} or %s."
    assert roles.prompt("pot", problem).startswith(problem + "\n")


def test_every_role_asks_for_something_else() -> None:
    asked = [roles.prompt(name, "P", "G") for name in ROLES if not REGISTRY.named(name).parts]
    assert len(set(asked)) == len(asked)


def test_the_parts_of_a_role_are_roles_without_parts() -> None:
    for role in ROLES:
        assert all(not REGISTRY.named(part).parts for part in roles.parts_of(role))


def test_examples_are_the_same_from_the_database_as_from_its_parquet(tmp_path: Path, corpus: Corpus) -> None:
    import duckdb

    folder = tiny.write_corpus(tmp_path / "again", [*tiny.records(), *tiny.long_records()])
    with duckdb.connect(str(tmp_path / "corpus.duckdb")) as con:
        for table in ("problems", "records"):
            con.execute(f"create table {table} as from '{folder / table}.parquet'")
        con.execute("create table meta as select 'data_version' as key, ? as value", [json.dumps("v")])
    database = open_corpus(str(tmp_path / "corpus.duckdb"))
    for role in ROLES:
        assert roles.examples(database, role) == roles.examples(corpus, role)

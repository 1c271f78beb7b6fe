"""Exports: released records in the forms of trainers, which TRL reads and trains on as they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from accelerate.state import AcceleratorState
from datasets import Dataset, load_dataset
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from tests.commands import run
from tests.small_corpus import THOUGHTS
from thoughtmill import rewards
from thoughtmill.factory.commands.export import WITH_ROLES
from thoughtmill.factory.core import connections, corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.exports import check_condition, exported
from thoughtmill.factory.exports.writing import write
from thoughtmill.train import roles

BASE = Path(__file__).parents[1] / "train" / "embedded" / "base"
PROBLEM = "Mo has 3 bags of 4 <b>nuts</b>. How many nuts?"
ASKED = f"{PROBLEM}\n\nSolve the problem step by step. End with `#### ` and the answer."
CHAIN = "ours-train-0/cot/0@%"
TEMPLATE = "{% for turn in messages %}{{ turn['content'] + '\n' }}{% endfor %}"


@pytest.fixture(scope="module")
def chains(small_corpora: tuple[Path, Path]) -> duckdb.DuckDBPyConnection:
    """The small corpus with more chains of its first problem: a wrong one, and one without an answer."""
    con = connections.connect()
    corpus.fill(con, small_corpora[1], THOUGHTS, "table", described=False)
    for sample, said, answer, failure in (
        (1, "3 + 4 = 7\n#### 7", "7", None),
        (2, "Nuts!", None, "no_answer"),
    ):
        own = f"ours-train-0/cot/{sample}"
        con.execute(
            """
            insert into completions select * replace ($own as completion_id, $sample as sample,
                'Let me count.' as reasoning)
            from completions where completion_id like 'ours-train-0/cot/0@%'
            """,
            {"own": own, "sample": sample},
        )
        con.execute(
            """
            insert into records select * replace ($own as record_id, $sample as sample, $own as completion_id,
                $said as rationale, $answer as predicted_answer, $failure as failure,
                if($failure is null, false, null) as correct, false as kept, 'incorrect' as drop_reason)
            from records where record_id = 'ours-train-0/cot/0'
            """,
            {"own": own, "sample": sample, "said": said, "answer": answer, "failure": failure},
        )
    return con


@pytest.fixture
def con(chains: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, to change as a test likes."""
    with chains.cursor() as con:
        yield con.begin()


def rows(
    con: duckdb.DuckDBPyConnection, export: str, form: str | None = None, file: str = "train"
) -> list[Any]:
    return exported(con, export, file, form, WITH_ROLES).read_all().to_pylist()


def test_sft_is_a_conversation_of_the_problem_and_each_released_record(
    con: duckdb.DuckDBPyConnection,
) -> None:
    chain, program = rows(con, "sft")
    assert chain == {
        "messages": [
            {"role": "user", "content": ASKED},
            {"role": "assistant", "content": "3 * 4 = 12\n#### 12"},
        ],
        "record_id": "ours-train-0/cot/0",
        "thought": "cot",
        "reasoning": None,
        "verified_by": "gold",
        "license": "MIT",
    }
    assert program["messages"][1]["content"] == "ans = 3 * 4"
    assert [row["record_id"] for row in rows(con, "sft", file="test")] == ["ours-test-0/cot/0"]


def test_a_condition_chooses_among_released_records_by_their_checks(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update checks set passed = false where record_id = 'ours-train-0/cot/0'")
    where = """
    record_id in (select record_id from checks where passed)
    and problem_id in (select problem_id from difficulty where right_share > 0)
    """
    for export, form, wanted in (("sft", None, (2, 1)), ("roles", "ir", (1, 0)), ("roles", "pot", (1, 1))):
        every, fewer = (
            exported(con, export, "train", form, WITH_ROLES, condition).read_all().num_rows
            for condition in ("true", where)
        )
        assert (every, fewer) == wanted, (export, form)


def test_a_condition_that_is_no_sql_is_one_line(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ThoughtmillError, match=r"^--where: kep: [^\n]*kep[^\n]*$"):
        check_condition(con, "kep", "--where")


def test_other_forms_of_sft_say_the_same(con: duckdb.DuckDBPyConnection) -> None:
    said = "3 * 4 = 12\n#### 12"
    pair, share, alpaca = (rows(con, "sft", form)[0] for form in ("prompt_completion", "sharegpt", "alpaca"))
    assert (pair["prompt"][0]["content"], pair["completion"][0]["content"]) == (ASKED, said)
    assert [turn["value"] for turn in share["conversations"]] == [ASKED, said]
    assert f"{alpaca['input']}\n\n{alpaca['instruction']}" == ASKED
    assert alpaca["output"] == said


def test_thinking_is_a_column_beside_the_conversation(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "update completions set reasoning = 'Three fours.' where completion_id like 'ours-train-0/cot/0@%'"
    )
    chain, program = rows(con, "sft")
    assert (chain["reasoning"], program["reasoning"]) == ("Three fours.", None)
    assert "Three fours." not in str(chain["messages"])


def test_a_long_chain_is_exported_without_its_thinking(con: duckdb.DuckDBPyConnection) -> None:
    said = "<think>\nx\n</think>\n\n#### 12"
    con.execute(
        "update records set thought = 'long_cot', rationale = ? where completion_id like ?", [said, CHAIN]
    )
    con.execute(
        "update completions set reasoning = 'x', completion = '#### 12' where completion_id like ?", [CHAIN]
    )
    chain = rows(con, "sft")[0]
    assert (chain["messages"][1]["content"], chain["reasoning"]) == ("#### 12", "x")


def test_every_wrong_rationale_meets_a_right_one_and_says_why(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "preferences")
    assert [(row["rejected"][0]["content"], row["why"]) for row in found] == [
        ("3 + 4 = 7\n#### 7", "its answer is 7, not 12"),
        ("Nuts!", "no_answer"),
    ]
    assert {row["chosen"][0]["content"] for row in found} == {"3 * 4 = 12\n#### 12"}
    assert {row["prompt"][0]["content"] for row in found} == {ASKED}


def test_kto_labels_each_rationale(con: duckdb.DuckDBPyConnection) -> None:
    found = {row["record_id"]: row["label"] for row in rows(con, "kto")}
    assert found == {
        "ours-train-0/cot/0": True, "ours-train-0/cot/1": False, "ours-train-0/cot/2": False,
        "ours-train-0/pot/0": True, "ours-train-1/cot/0": False, "ours-train-1/pot/0": False,
    }  # fmt: skip


def test_rl_has_each_problem_once_also_unsolved_ones_and_its_rewards_judge_them(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(con, "rl")
    assert [(row["problem_id"], row["thought"], row["solution"]) for row in found] == [
        ("ours-train-0", "cot", "12"), ("ours-train-0", "pot", "12"),
        ("ours-train-1", "cot", "14"), ("ours-train-1", "pot", "14"),
    ]  # fmt: skip
    columns = {name: [row[name] for row in found] for name in found[0]}
    said = [
        "#### 12",
        "ans = open('/etc/passwd')",
        [{"role": "assistant", "content": "#### 14"}],
        "ans = 7 * 2",
    ]
    assert rewards.correct(said, **columns) == [1.0, 0.0, 1.0, 1.0]
    assert (
        rewards.correct_rollout([{"role": "assistant", "content": "ans = 14"}], "14", {"thought": "pot"})
        == 1.0
    )
    assert rewards.correct_rollout([], "14") == 0.0


@pytest.mark.parametrize("role", ["ir", "eq_hint"])
def test_a_role_is_exported_as_it_is_trained(con: duckdb.DuckDBPyConnection, role: str) -> None:
    con.execute("update records set thought = 'eot' where thought = 'pot'")
    found = rows(con, "roles", role)
    trained = roles.examples(corpus.Corpus(con, "x"), role)
    assert trained
    assert [(row["prompt"][0]["content"], row["completion"][0]["content"]) for row in found] == [
        (roles.prompt(example.role, example.problem, example.given), example.target) for example in trained
    ]


def test_every_export_of_ours_has_rows_in_the_small_corpus(con: duckdb.DuckDBPyConnection) -> None:
    assert all(rows(con, name) for name in WITH_ROLES.ours)


def test_an_unknown_form_lists_the_forms(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ThoughtmillError, match="no form `chatml`; there are: messages, prompt_completion"):
        exported(con, "sft", "train", "chatml")


def test_parquet_and_json_lines_hold_the_same_rows(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for format_ in ("jsonl", "parquet"):
        assert write(tmp_path / f"x.{format_}", format_, exported(con, "preferences", "train")) == 2
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text("utf-8").splitlines()]
    assert lines == pq.read_table(tmp_path / "x.parquet").to_pylist()
    assert (
        load_dataset(
            "json", data_files=str(tmp_path / "x.jsonl"), split="train", cache_dir=str(tmp_path)
        ).num_rows
        == 2
    )


def test_the_command_writes_a_file_and_an_empty_export_leaves_none(
    built_corpus: Path, tmp_path: Path
) -> None:
    (built_corpus.parent / "params.yaml").write_text("thoughts: [cot, pot]\n")
    (built_corpus.parent / "dvc.yaml").write_text("stages: {}\n")
    done = run(built_corpus.parent, "export", "sft", "-o", "sft.jsonl")
    assert (done.returncode, done.stdout) == (0, "sft.jsonl: 2 rows\n"), done.stderr
    assert len((built_corpus.parent / "sft.jsonl").read_text().splitlines()) == 2
    empty = run(built_corpus.parent, "export", "preferences", "-o", "none.jsonl")
    assert (empty.returncode, "no row in train" in empty.stderr) == (2, True)
    assert not (built_corpus.parent / "none.jsonl").exists()
    odd = run(built_corpus.parent, "export", "sft", "-o", "sft.xlsx")
    assert (odd.returncode, "give --format" in odd.stderr) == (2, True)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, PreTrainedTokenizerBase]:
    """The folder of a random model of one narrow layer, and the embedded base's tokenizer with a template."""
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.chat_template = TEMPLATE
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=512,
    )  # fmt: skip
    folder = str(tmp_path_factory.mktemp("tiny"))
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder, tokenizer


@pytest.fixture
def accelerator() -> Iterator[None]:
    """Forget what a trainer says of this process, so that another may say otherwise."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("accelerator")
@pytest.mark.filterwarnings("ignore")  # TRL warns of its own classes
@pytest.mark.parametrize(
    ("export", "form"),
    [("sft", "messages"), ("sft", "prompt_completion"), ("roles", "ir"), ("preferences", None), ("kto", None),
     ("rl", None)],
)  # fmt: skip
def test_trl_trains_two_steps_on_an_export_as_it_is(
    con: duckdb.DuckDBPyConnection, tiny: tuple[str, PreTrainedTokenizerBase], tmp_path: Path,
    export: str, form: str | None,
) -> None:  # fmt: skip
    import trl
    from trl.experimental.kto import KTOConfig, KTOTrainer

    model, tokenizer = tiny
    asked: dict[str, Any] = {
        "output_dir": str(tmp_path), "max_steps": 2, "report_to": "none", "use_cpu": True,
        "save_strategy": "no", "per_device_train_batch_size": 2, "logging_steps": 1,
    }  # fmt: skip
    given: dict[str, Any] = {
        "model": model,
        "train_dataset": Dataset.from_list(rows(con, export, form)),
        "processing_class": tokenizer,
    }
    if export == "rl":
        config = trl.GRPOConfig(**asked, num_generations=2, max_completion_length=8)
        trainer: Any = trl.GRPOTrainer(**given, args=config, reward_funcs=rewards.correct)
    elif export == "preferences":
        trainer = trl.DPOTrainer(**given, args=trl.DPOConfig(**asked))
    elif export == "kto":
        trainer = KTOTrainer(**given, args=KTOConfig(**asked))
    else:
        trainer = trl.SFTTrainer(**given, args=trl.SFTConfig(**asked))
    trainer.train()
    assert trainer.state.global_step == 2
    if export == "rl":
        assert any("rewards/correct/mean" in line for line in trainer.state.log_history)

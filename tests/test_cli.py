"""`thoughtmill`: commands that answer from any folder, and say in one line what is wrong."""

import argparse
import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import psutil
import pytest

import thoughtmill
from tests.commands import run
from tests.fork_server import forked_by
from tests.waiting import PATIENCE_S, until
from thoughtmill.factory.commands import cli
from thoughtmill.factory.commands import ledger as shared
from thoughtmill.factory.ledger import FailureRow, Ledger, ResultRow

ROOT = Path(__file__).parents[1]
PIPELINE = (
    "stages:\n  seed:\n    cmd: python -m thoughtmill.factory.seed\n"
    "    outs:\n      - data/problems.parquet\n"
)


@pytest.fixture
def project(built_corpus: Path) -> Path:
    folder = built_corpus.parent
    (folder / "params.yaml").write_text("thoughts: [cot, pot]\n")
    (folder / "dvc.yaml").write_text(PIPELINE)
    (folder / "deep" / "er").mkdir(parents=True)
    return folder / "deep" / "er"


def test_sql_prints_a_table_from_any_folder(project: Path) -> None:
    done = run(project, "sql", "select problem_id, answer from problems order by all")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].split() == ["problem_id", "answer"]
    assert done.stdout.splitlines()[2].split() == ["ours-test-0", "18"]


def test_a_text_of_the_corpus_does_not_command_the_terminal_and_is_untouched_in_a_pipe(project: Path) -> None:
    query = "select chr(27) || '[2J' as problem"
    assert "\x1b[2J" in run(project, "sql", query).stdout
    terminal, side = pty.openpty()
    subprocess.run([sys.executable, "-m", "thoughtmill", "sql", query], cwd=project, stdout=side, check=True)
    shown = os.read(terminal, 1000).decode()
    os.close(side)
    os.close(terminal)
    assert "\x1b" not in shown
    assert "\N{REPLACEMENT CHARACTER}[2J" in shown


def test_an_error_does_not_command_the_terminal(project: Path) -> None:
    assert "\x1b" not in run(project, "sql", "select \x1b[2J").stderr


def test_a_number_that_json_does_not_have_is_null_in_json(project: Path) -> None:
    printed = run(project, "sql", "select 'nan'::double as a, '-inf'::double as b, 0.5 as c", "--json").stdout
    assert printed == '[{"a": null, "b": null, "c": "0.5"}]\n'


def test_sql_prints_csv_and_json_without_cutting(project: Path) -> None:
    query = "select problem, null as unknown from problems where problem_id = 'ours-train-0'"
    text = "Mo has 3 bags of 4 <b>nuts</b>. How many nuts?"
    sheet = list(csv.reader(io.StringIO(run(project, "sql", query, "--csv").stdout)))
    assert sheet == [["problem", "unknown"], [text, ""]]
    assert json.loads(run(project, "sql", query, "--json").stdout) == [{"problem": text, "unknown": None}]


def test_a_long_table_is_cut_with_a_note_and_all_shows_it(project: Path) -> None:
    query = "select range from range(13600)"
    lines = run(project, "sql", query).stdout.splitlines()
    assert len(lines) == 2 + 40 + 1
    assert lines[-1] == "… 13,560 more rows; --all shows them"
    assert len(run(project, "sql", query, "--all").stdout.splitlines()) == 2 + 13600
    assert len(run(project, "sql", query, "--csv").stdout.splitlines()) == 1 + 13600


def test_an_interrupt_ends_a_query_at_once(project: Path, python: str) -> None:
    query = "select count(*) from range(1000000) a, range(1000000) b where hash(a.range, b.range) = 7"
    command = [python, "-m", "thoughtmill", "sql", query]
    with subprocess.Popen(
        command,
        cwd=project,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT), "THOUGHTMILL_LEDGER": str(project / "ledger.sqlite")},
    ) as process:
        try:
            # all before the query takes less than a second of processor time
            until(lambda: sum(psutil.Process(forked_by(process)).cpu_times()[:2]) > 1)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 130
            assert process.stderr is not None and process.stderr.read() == "interrupted\n"
        finally:
            process.kill()


@pytest.mark.parametrize("held", ["{", "[]", "{}", '"text"'])
@pytest.mark.parametrize("words", [("summary",), ("sql", "select 1"), ("show", "ours-train-1")], ids=" ".join)
def test_a_torn_manifest_is_one_line(project: Path, words: tuple[str, ...], held: str) -> None:
    (project.parents[1] / "data" / "manifest.json").write_text(held)
    done = run(project, *words)
    assert done.returncode == 2
    assert "manifest.json" in done.stderr
    assert "build the corpus with `dvc repro`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_help_imports_no_command_and_sql_imports_no_tables(project: Path) -> None:
    heavy = {
        "duckdb",
        "pandas",
        "pandera",
        "pyarrow",
        "datasets",
        "dvc",
        "openai",
        "torch",
        "sympy",
        "pydantic",
    }
    program = (
        "import sys; from thoughtmill.factory.commands import cli\n"
        "sys.argv = ['thoughtmill', *sys.argv[1:]]\n"
        "try: cli.main()\n"
        f"except SystemExit: print(sorted({heavy} & sys.modules.keys()))"
    )
    for words, needed in (
        (["--help"], []),
        (["--version"], []),
        (["sql", "select 1"], ["duckdb", "pydantic"]),
    ):
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=project, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1] == str(needed)


def test_the_help_names_every_command(project: Path) -> None:
    said = run(project, "--help").stdout
    assert all(f"    {name}" in said for name in cli.COMMANDS)


def test_the_version_is_that_of_the_package(project: Path) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run(project, "--version").stdout == f"thoughtmill {declared}\n"
    assert thoughtmill.__version__ == declared


def test_the_summary_counts_what_the_report_counts(project: Path) -> None:
    lines = [line.split() for line in run(project, "summary").stdout.replace("\xa0", " ").splitlines()]
    assert ["cot", "2", "of", "3", "(66.7", "%)", "1"] in lines
    assert ["2", "of", "2", "2", "1", "of", "2", "(50.0", "%)"] in lines
    assert "refused rows: 1 see: thoughtmill sql 'from refused'".split() in lines
    assert "doubtful gold answers: 1 see: thoughtmill sql 'from doubtful_golds'".split() in lines


def test_a_log_gets_no_bars_of_the_hub(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        cli, "show", lambda text: shown.append(os.environ.get("HF_HUB_DISABLE_PROGRESS_BARS"))
    )
    shown: list[str | None] = []
    assert run(project, "sql", "select 1").returncode == 0
    assert run(project, "sql", "select 1", HF_HUB_DISABLE_PROGRESS_BARS="0").returncode == 0
    assert shown == ["1", "0"]


def test_sql_cannot_write(project: Path) -> None:
    for query in ("drop table records", "copy (select 1) to 'out.csv'", "", "-- c", "select 1; select 2"):
        done = run(project, "sql", query)
        assert done.returncode == 2
        assert "error: `sql` answers a single query" in done.stderr
    assert not list(project.rglob("out.csv"))


def test_sql_reads_queries_from_a_file_and_from_standard_input(project: Path, python: str) -> None:
    (project / "queries.sql").write_text(
        "select 6 as first; -- a comment; with a semicolon\nselect 7 as second\n"
    )
    done = run(project, "sql", "--file", "queries.sql", "--csv")
    assert (done.returncode, done.stdout) == (0, "first\n6\n\nsecond\n7\n")
    command = [python, "-m", "thoughtmill", "sql", "--csv"]
    env = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=project,
        env=env,
        input="select 8 as third; select 9",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "third\n8\n\n9\n9\n")
    done = run(project, "sql", "--csv", "select 'é'".encode().decode("ascii", "surrogateescape"))  # LC_ALL=C
    assert done.stdout.splitlines()[1] == "é"
    assert "error: the query is not UTF-8: " in run(project, "sql", "select '\udcff'").stderr
    (project / "queries.sql").write_text("select 1; drop table records")
    assert run(project, "sql", "--file", "queries.sql").returncode == 2


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_sql_writes_rows_to_a_file(project: Path, suffix: str) -> None:
    done = run(project, "sql", "select record_id, correct from records -- all", "-o", f"out.{suffix}")
    assert (done.returncode, done.stdout) == (0, f"6 rows are in out.{suffix}\n")
    counted = run(project, "sql", f"select count(*) as rows from 'out.{suffix}'", "--csv")
    assert counted.stdout == "rows\n6\n"


def test_sql_writes_no_other_file_and_nothing_of_a_query_that_fails(project: Path) -> None:
    for words in (
        ("select 1", "-o", "out.txt"),
        ("drop table records", "-o", "out.csv"),
        ("select x", "-o", "out.csv"),
    ):
        done = run(project, "sql", *words)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert not list(project.glob("*out*"))


def test_sql_opens_another_corpus(project: Path) -> None:
    data = project.parents[1] / "data"
    for source in (data, data / "release", data / "corpus.duckdb"):
        done = run(Path("/"), "sql", "--from", str(source), "select count(*) as rows from records", "--csv")
        assert (done.returncode, done.stdout) == (0, "rows\n6\n")


def test_a_wrong_query_is_one_line_and_status_2(project: Path) -> None:
    done = run(project, "sql", "select * from recods")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: Catalog Error")
    assert done.stderr.count("\n") == 1


def test_show_prints_a_problem_with_every_thought_and_verdict(project: Path) -> None:
    said = run(project, "show", "ours-train-1").stdout
    for part in (
        "Ida cuts 7 pies",
        "gold answer: 14",
        "ours-train-1/cot/0",
        "ans = 7 + 2",
        "incorrect",
        "its answer is 9",
    ):
        assert part in said


def test_show_names_the_nearest_problem(project: Path) -> None:
    done = run(project, "show", "ours-train-9")
    assert done.returncode == 2
    assert "no problem ours-train-9; the nearest is ours-train-0" in done.stderr


def test_outside_a_project_every_command_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "status")
    assert done.returncode == 2
    assert "not inside a Thoughtmill project" in done.stderr
    assert "`thoughtmill init FOLDER` makes one" in done.stderr


def test_a_misspelt_command_is_one_line_with_the_nearest(tmp_path: Path) -> None:
    done = run(tmp_path, "sumary")
    assert (done.returncode, done.stderr) == (
        2,
        "error: `sumary` is not a command; did you mean `summary`?\n",
    )


def test_no_command_shows_how_to_call(project: Path) -> None:
    done = run(project)
    assert done.returncode == 2
    assert "usage: thoughtmill" in done.stderr


def test_an_estimate_says_what_each_thought_would_take(project: Path) -> None:
    root = project.parents[1]
    prices = "{m: {prompt: 1.0, completion: 2.0}}"
    (root / "params.yaml").write_text(
        f"thoughts: [cot, pot]\ngenerate: {{teacher: openai, openai: {{model: m, prices: {prices}}}}}\n"
    )
    (root / "data" / "exemplars.jsonl").touch()
    lines = [line.split() for line in run(project, "estimate").stdout.splitlines()]
    assert [line[:3] for line in lines[2:]] == [["cot", "3", "0"], ["pot", "3", "0"], ["all", "6", "0"]]
    assert 0 < float(lines[-1][-2]) <= float(lines[-1][-1])


def test_the_estimate_of_a_teacher_that_is_free_says_so(project: Path) -> None:
    for words in (["estimate"], ["estimate", "--pilot", "20"]):
        done = run(project, *words)
        said = "no endpoint is asked, and the run costs nothing: the teacher is `embedded`\n"
        assert (done.returncode, done.stdout) == (0, said)


def test_the_ledger_is_shared_as_shards(project: Path) -> None:
    assert run(project, "ledger", "export").stdout.startswith("0 new shards in ")
    done = run(project, "ledger", "import", "gone")
    assert done.returncode == 2
    assert "gone holds no ledger shards" in done.stderr


def test_a_ledger_that_was_exported_can_be_taken_in_elsewhere(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = b'{"choices": [{"message": {"content": "4"}}]}'
    result = ResultRow("a" * 64, "endpoint", "m", "pot", "b" * 64, answer, "stop", 10, 0, 3, 0.1, 0.5, 1.0)
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "mine.sqlite"))
    with Ledger() as ledger:
        ledger.write([result], failures=[FailureRow("c" * 64, "m", "unanswered", "oops", 1.0)])
    words = argparse.Namespace(direction="export", folder=tmp_path / "shards")
    assert shared.call(words).startswith("2 new shards")
    assert shared.call(words).startswith("0 new shards")
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "theirs.sqlite"))
    words.direction = "import"
    assert shared.call(words) == "1 answers are new to the ledger; 1 requests count as failed"
    with Ledger() as ledger:
        assert ledger.get("a" * 64) == result
    words.direction = "retry"
    assert shared.call(words) == "1 requests that failed or have no content will be asked again"

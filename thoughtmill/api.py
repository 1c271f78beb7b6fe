"""The functions that `import thoughtmill` offers."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from thoughtmill.factory.core.errors import ThoughtmillError

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from thoughtmill.factory.solvers.outcome import Outcome
    from thoughtmill.train.policies.plans import Decision


def verify(rows: Iterable[Mapping[str, Any]], thought: str | None = None) -> list[dict[str, Any]]:
    """Return each completion with its verdict: read, solved in the fences, and compared with the gold answer.

    A row holds `problem`, `answer` (the gold answer: a number, any mathematics in LaTeX, words) and
    `completion`; more keys pass through. `thought` says what completions are (`cot`, `pot`, `eot`), unless
    rows have a key `thought`. A verdict has the keys `rationale`, `predicted_answer`,
    `predicted_kind`, `failure`, `detail`, `correct`, `fence`, `elapsed_s` and `checks`.
    Inside a project the limits are those of its section `verify`. Files of any size are for the command
    `thoughtmill verify`.

    >>> rows = [{"problem": "Mo has 3 bags of 4 nuts. How many nuts?", "answer": 12, "completion": text}
    ...         for text in ("ans = 3 * 4", "ans = 3 + 4", "while True: pass")]
    >>> [(row["predicted_answer"], row["correct"], row["failure"]) for row in verify(rows, "pot")]
    [('12', True, None), ('7', False, None), (None, None, 'timeout')]
    """
    from thoughtmill.factory.commands.verify_rows import Line, fault_of, verified
    from thoughtmill.factory.solvers.solvers import Solvers
    from thoughtmill.factory.thoughts import solving

    lines = [Line(dict(row)) for row in rows]
    for number, line in enumerate(lines):
        fault = fault_of(line, thought)
        if fault is not None:
            raise ThoughtmillError(f"row {number}: {fault}")
    settings = solving.configured()
    with Solvers(settings.limits, settings.equations_timeout_s) as solvers:
        verdicts = verified(lines, thought, lambda jobs: iter(solving.solve(list(jobs), solvers)))
        return [line.row | verdict for line, verdict in verdicts]


def solve(rationale: str, thought: str, problem: str = "", answer_kind: str = "number") -> "Outcome":
    """Return the answer of a rationale, or why it has none; programs run in the fences.

    Some thoughts read the problem too: a chain may name its answer in the problem's words. `answer_kind` is
    the kind of answer that the problem asks for.

    >>> solve("unknowns: x\\n3*x + 1 = 12", "eot").answer
    Answer(text='11/3', kind='number')
    >>> solve("ans = open('/etc/passwd').read()", "pot").failure
    'forbidden'
    """
    from thoughtmill.factory.solvers.solvers import Solvers
    from thoughtmill.factory.thoughts import THOUGHTS
    from thoughtmill.factory.thoughts.solving import configured

    settings = configured()
    with Solvers(settings.limits, settings.equations_timeout_s) as solvers:
        return THOUGHTS.named(thought).solve(rationale, problem, answer_kind, solvers)


def open_corpus(source: "str | Path", revision: str | None = None) -> "DuckDBPyConnection":
    """Return a connection to DuckDB with all tables and views of a corpus.

    `source` is a `.duckdb` file, the data folder of a corpus, the folder of a release, or `owner/name` of a
    release on the Hub, which needs its `revision`.

    >>> con = open_corpus("data/release")
    >>> con.sql("select thought, count(*) from records where correct group by all order by all").fetchall()
    [('cot', 2), ('pot', 1)]
    """
    from thoughtmill.factory.core import corpus

    return corpus.open_corpus(source, revision).con


class PolicyReplay(NamedTuple):
    """The answers of a policy by problem, and its figures, named like the columns of `policy_results`."""

    decisions: "dict[str, Decision]"
    figures: dict[str, Any]


def run_policy(
    name: str, samples: Iterable[Mapping[str, Any]], answers: Mapping[str, str | int | float], **settings: Any
) -> PolicyReplay:
    """Return what a policy answers on stored samples, how often it is right, and what that costs.

    A sample holds `problem_id`, `role`, `sample`, `predicted_answer` (None for none) and `new_tokens`; its
    `round` is 0 if it is greedy, and `sample + 1` where it is not given. `predicted_kind` may name the kind
    of its answer. `answers` are the gold answers by problem, `settings` those of `infer.policy`, such as
    `max_rounds`. A sample that is needed and was never stored is a `ThoughtmillError`.

    >>> row = {"problem_id": "p", "role": "ir", "new_tokens": 40}
    >>> samples = [row | {"sample": number, "predicted_answer": answer}
    ...            for number, answer in enumerate(["12", "7", "12.0"])]
    >>> replay = run_policy("majority@3/ir", samples, {"p": 12})
    >>> replay.decisions["p"].answers, replay.figures["accuracy"], replay.figures["mean_new_tokens"]
    ((Answer(text='12', kind='number'),), 1.0, 120.0)
    """
    from thoughtmill.factory.answers import KINDS, Answer, answer_of
    from thoughtmill.factory.core.params import validated
    from thoughtmill.train.measuring.scores import figures, scored
    from thoughtmill.train.policies import PolicySettings, policy
    from thoughtmill.train.policies.plans import Sample, replay

    stored, kinds = {}, KINDS.names()
    for row in samples:
        turn = (row["round"], row["sample"]) if "round" in row else (row["sample"] + 1, 0)
        given, kind = row["predicted_answer"], row.get("predicted_kind")
        predicted = None if given is None else answer_of(str(given), (kind,) if kind else kinds)
        sample = Sample(row.get("text") or "", predicted, row.get("failure"), row["new_tokens"])
        stored[row["problem_id"], row["role"], *turn] = sample
    gold = {name: answer_of(str(answer), kinds) or Answer(str(answer)) for name, answer in answers.items()}
    chosen = policy(name, validated(settings, PolicySettings, "settings"), {role for _, role, _, _ in stored})
    outcome = replay(chosen, sorted(gold), stored)
    return PolicyReplay(outcome.decisions, figures([scored(chosen, outcome, gold)]))

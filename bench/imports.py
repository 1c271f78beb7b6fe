"""A corpus of others, verified in flat memory: `python -m bench.imports FOLDER 100000` with GSM8K's train.

Rows are made of `train.jsonl` with other numbers: two rows a problem, each with a chain. Every 50th problem
has a wrong chain, and every 100th a wrong gold answer. A line is a stage: CPU seconds, and the peak of its
largest process (MiB). What the corpus found is printed beside what was put in.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from random import Random

import yaml

from bench.growth import measured
from thoughtmill.factory.core import corpus
from thoughtmill.factory.solutions import Solution, parse
from thoughtmill.factory.solutions.calculations import UnusableSolution
from thoughtmill.factory.solutions.graphs import NAMED, calculate

WRONG_CHAIN, WRONG_GOLD = 50, 100


def main() -> None:
    """Print the stages, and what was found."""
    source, wanted = Path(sys.argv[1]) / "train.jsonl", int(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder)
        with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
            for row in rows(source, wanted):
                file.write(json.dumps(row) + "\n")
        for stage in ("seed", "generate cot", "verify cot", "grow", "curate", "tabulate"):
            words = stage.split()
            seconds, peak = measured(folder, words)
            print(f"{stage:14} {seconds:8.0f} CPU s {peak:8.0f} MiB", flush=True)
        with corpus.opened(folder / "data", ("cot",)) as con:
            for query in (
                "select rows, samples, refused from sources",
                "select drop_reason, count(*) from records where not kept group by 1 order by 1",
                "select reason, count(*) from doubtful_golds group by 1 order by 1",
            ):
                print(con.execute(query).fetchall())
        problems = wanted // 2
        print(f"put in: {problems // WRONG_CHAIN} wrong chains, {problems // WRONG_GOLD} wrong gold answers")


def write_project(folder: Path) -> None:
    """Write a project that replays the rows."""
    columns = {"problem": "question", "answer": "gold", "cot": "response"}
    params = {
        "thoughts": ["cot"],
        "seed": {"sources": [{"set": "table", "name": "others", "file": "rows.jsonl", "columns": columns}]},
        "generate": {"teacher": "replay", "replay": {"sources": "seed"}},
        "verify": {"workers": 1},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    (folder / "dvc.yaml").touch()
    (folder / "data").mkdir()
    (folder / "data" / "exemplars.jsonl").touch()


def rows(source: Path, wanted: int) -> Iterator[dict[str, str]]:
    """Yield so many rows, two a problem, whose texts all differ."""
    texts = [json.loads(line) for line in source.open(encoding="utf-8")]
    random, made, seen = Random(1), 0, set[str]()
    while made < wanted // 2:
        row = random.choice(texts)
        problem = changed(row["question"], row["answer"], random)
        if problem is None or problem[0] in seen:
            continue
        seen.add(problem[0])
        made += 1
        text, steps, answer = problem
        wrong_chain, wrong_gold = made % WRONG_CHAIN == 1, made % WRONG_GOLD == 2
        gold = str(answer + 1 if wrong_gold else answer)
        for opening in ("", "Let us calculate.\n"):
            said = answer + 2 if wrong_chain and not opening else answer
            yield {"question": text, "gold": gold, "response": f"{opening}{steps}\n#### {said}"}


def changed(problem: str, solution: str, random: Random) -> tuple[str, str, Fraction] | None:
    """Return a problem with other numbers, its calculations and its answer; None where they are not whole."""
    try:
        read = parse(solution, problem)
    except UnusableSolution:
        return None
    values: dict[str, Fraction] = {}
    for given in read.givens:
        figure = re.compile(rf"(?<![\d.,]){given.value}(?![\d.,]*\d)")
        once = len(figure.findall(problem)) == 1 and given.value > 2
        values[given.name] = given.value * random.randint(2, 9) if once else given.value
        problem = figure.sub(str(values[given.name]), problem) if once else problem
    lines = list(_lines(read, values))
    answer = values[read.steps[-1].name]
    whole = all(value.denominator == 1 and value > 0 for value in values.values())
    return (problem, "\n".join(lines), answer) if whole else None


def _lines(solution: Solution, values: dict[str, Fraction]) -> Iterator[str]:
    """Yield each calculation in numbers, and note its value."""
    for step in solution.steps:
        value = calculate(step.expression, values)
        values[step.name] = Fraction(0) if value is None else value
        shown = NAMED.sub(lambda name: str(values[name[0]]), step.expression)
        yield f"{shown} = {values[step.name]}"


if __name__ == "__main__":
    main()

"""What a teacher may write instead of a problem: the good is kept, and the bad is not, whoever solves it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests import stages
from thoughtmill.factory import grow, seed
from thoughtmill.factory.core import tables
from thoughtmill.factory.growths.rewriting import CHANGED, DISAGREE, text_of
from thoughtmill.schemas import Growths

PENS = "Mo buys 12 pens for $3 each. How much does he pay?", "36"
STAMPS = "Mo has 8 more stamps than Sam. Sam has 14 stamps. How many stamps does Mo have?", "22"
ROLLS = (
    "A baker makes 40 rolls. Mo sells 25 of them in the morning and 6 in the afternoon. How many are left?",
    "9",
)
WAGE = "Mo earns $300 a week and saves 20% of it. How many dollars does he save in 6 weeks?", "360"
EGGS = "Mo packs 24 eggs in four boxes. How many eggs are in a box?", "6"
APIECE = "Pens cost $3 apiece, and Mo takes 12 of them."


class RewritingCase(NamedTuple):
    """What a teacher made of a problem; what its chain and its program find, as both read it faithfully."""

    growth: str
    parent: tuple[str, str]
    text: str
    found: str
    reason: str | None
    program: str | None = None


KEPT = [
    RewritingCase("rephrase", PENS, f"{APIECE} What must he pay?", "36", None),
    RewritingCase(
        "rephrase", PENS, "The price of a pen is $3. Find the sum that Mo spends on 12 of them.", "36", None
    ),
    RewritingCase(
        "rephrase",
        PENS,
        f"Here is the problem in other words:\n\n{APIECE} What must he pay?",
        "36",
        None,
    ),
    RewritingCase(
        "rephrase",
        STAMPS,
        "Sam owns 14 stamps, and Mo owns 8 above that. What does Mo's album hold?",
        "22",
        None,
    ),
    RewritingCase(
        "rephrase",
        ROLLS,
        "Of 40 rolls from the oven, Mo finds buyers for 25 before noon and for 6 after it. What remains?",
        "9",
        None,
    ),
    RewritingCase(
        "rephrase",
        WAGE,
        "Each week Mo puts aside 20% of a wage of $300. What has he put aside after 6 weeks, in dollars?",
        "360",
        None,
    ),
    RewritingCase(
        "self_verification", EGGS, "Mo packs 24 eggs in four boxes. A box holds 6 eggs.", "24", None
    ),
    RewritingCase(
        "evolve",
        PENS,
        "Mo buys 12 pens for $3 each and gives a note of $50. What does he get back?",
        "14",
        None,
    ),
]
NOT_KEPT = [
    # Who has what, and more or fewer: only the answers show it.
    RewritingCase(
        "rephrase", STAMPS, "Sam owns 14 stamps, which is 8 above what Mo owns. What has Mo?", "6", CHANGED
    ),
    RewritingCase(
        "rephrase",
        STAMPS,
        "Sam owns 14 stamps. Mo's album has 8 fewer. What does Mo's album hold?",
        "6",
        CHANGED,
    ),
    RewritingCase("rephrase", STAMPS, "Mo owns 14 stamps, and Sam 8 above that. What has Mo?", "14", CHANGED),
    # Two numbers change their parts.
    RewritingCase(
        "rephrase",
        ROLLS,
        "Of 25 rolls from the oven, Mo sells 6 early and wants 40. What lacks?",
        "21",
        CHANGED,
    ),
    RewritingCase(
        "rephrase",
        WAGE,
        "Each week Mo puts aside $20 of $300. What has he after 6 weeks, at 1%?",
        "120",
        CHANGED,
    ),
    RewritingCase(
        "rephrase",
        WAGE,
        "Mo spends 20% of $300 each week and saves the rest. What is it in 6 weeks?",
        "1440",
        CHANGED,
    ),
    RewritingCase(
        "rephrase", WAGE, "Mo gets $300 for 6 weeks. He saves 20% of it. What does he save?", "60", CHANGED
    ),
    # Another quantity is asked for, or none, or two.
    RewritingCase("rephrase", PENS, f"{APIECE} How many pens does he own now?", "12", CHANGED),
    RewritingCase(
        "rephrase", ROLLS, "A baker has 40 rolls; 25 go early and 6 late. How many go?", "31", CHANGED
    ),
    RewritingCase("rephrase", PENS, APIECE, "36", "it asks nothing"),
    RewritingCase(
        "rephrase", ROLLS, "Of 40 rolls, 25 go early and 6 late. Some are left.", "9", "it asks nothing"
    ),
    RewritingCase(
        "rephrase", PENS, f"{APIECE} Is he glad? What must he pay?", "36", "it asks more than its parent"
    ),
    # Numbers are lost or come along, the answer among them.
    RewritingCase(
        "rephrase",
        PENS,
        "Pens cost $3. Mo takes a few. What must he pay?",
        "36",
        "a number of its parent is lost",
    ),
    RewritingCase(
        "rephrase",
        PENS,
        f"{APIECE} He has $90. What must he pay?",
        "36",
        "it has a number that its parent lacks",
    ),
    RewritingCase(
        "rephrase",
        PENS,
        f"{APIECE} He pays $36. What must he pay?",
        "36",
        "it has a number that its parent lacks",
    ),
    RewritingCase(
        "rephrase",
        PENS,
        f"{APIECE} At thirty-six dollars, what must he pay?",
        "36",
        "it has a number that its parent lacks",
    ),
    # It is solved, or talked about, or the parent itself.
    RewritingCase(
        "rephrase", PENS, f"{APIECE} What must he pay?\nSolution: multiply.", "36", "it holds a solution"
    ),
    RewritingCase("rephrase", PENS, f"{APIECE} What is 12 * 3 =?", "36", "it holds a solution"),
    RewritingCase("rephrase", PENS, f"{APIECE} What must he pay?\n#### 36", "36", "it holds a solution"),
    RewritingCase(
        "rephrase",
        PENS,
        f"{APIECE} What must he pay?\n\nThis keeps the same numbers.",
        "36",
        "it talks about the problem",
    ),
    RewritingCase("rephrase", PENS, f"{PENS[0]} {APIECE}", "36", "it repeats its parent"),
    RewritingCase(
        "rephrase", PENS, PENS[0].replace("pay?", "pay then?"), "36", "it is a near-duplicate of its parent"
    ),
    RewritingCase("rephrase", PENS, "", "36", "the teacher's completion is `empty`"),
    # One thought alone comes to the answer.
    RewritingCase("rephrase", PENS, f"{APIECE} What must he pay?", "36", CHANGED, program="39"),
    # Statements that ask, tell no answer, give the hidden number away, or give the answer to another thing.
    RewritingCase(
        "self_verification",
        EGGS,
        "Mo packs 24 eggs in four boxes. Are 6 in a box?",
        "24",
        "it still asks a question",
    ),
    RewritingCase(
        "self_verification",
        EGGS,
        "A puzzle about cards of a deck: four of them are worth 24 points, and the answer is 6.",
        "24",
        "it tells another story than its parent",
    ),
    RewritingCase(
        "self_verification", EGGS, "Mo packs 24 eggs in four boxes.", "24", "it does not state the answer"
    ),
    RewritingCase(
        "self_verification",
        EGGS,
        "Mo packs 24 eggs in four boxes. Of 24 eggs, 6 are in each.",
        "24",
        "it has no number to hide",
    ),
    RewritingCase(
        "self_verification", EGGS, "Mo packs 24 eggs in four boxes. 6 of the boxes are full.", "6", CHANGED
    ),
    # Harder problems that are not.
    RewritingCase(
        "evolve", PENS, "Mo buys 12 pens for $3 each and gives a note of $50.", "14", "it asks nothing"
    ),
    RewritingCase(
        "evolve",
        PENS,
        "At $3 each, what do 12 pens cost, as Mo wonders?",
        "36",
        "it has no number that its parent lacks",
    ),
    RewritingCase(
        "evolve",
        PENS,
        "1. 12 pens\n2. $3 each\n3. $50 to calculate with\nThere is only 1 answer to this question.",
        "14",
        "it talks about the problem",
    ),
    RewritingCase(
        "evolve",
        PENS,
        "Mo buys 12 pens for $3 each and so pays $36. How much is that?",
        "36",
        "it states its parent's answer",
    ),
    RewritingCase(
        "evolve",
        PENS,
        "Mo gives a note of $50 for pens of $3. What does he get back?",
        "14",
        "a number of its parent is lost",
    ),
    RewritingCase(
        "evolve",
        PENS,
        "Mo buys 12 pens for $3 each with some of $50. What is left?",
        "14",
        DISAGREE,
        program="50",
    ),
]


@pytest.fixture(scope="module")
def reasons(tmp_path_factory: pytest.TempPathFactory) -> list[str | None]:
    """Replay all rewritings in one project; return why each is rejected."""
    folder = tmp_path_factory.mktemp("rewritings")
    (folder / "data").mkdir()
    (folder / "data" / "exemplars.jsonl").touch()
    (folder / "dvc.yaml").touch()
    problems, lines = [], []
    for number, each in enumerate([*KEPT, *NOT_KEPT]):
        parent = f"ours-train-{number}"
        problems.append({"problem": f"{each.parent[0]} ({chr(65 + number)})", "answer": each.parent[1]})
        child = f"{parent}+{each.growth}-0"
        said = {
            (parent, "cot"): f"#### {each.parent[1]}",
            (parent, "pot"): f"ans = {each.parent[1]}",
            (parent, each.growth): each.text,
            (child, "cot"): f"#### {each.found}",
            (child, "pot"): f"ans = {each.program or each.found}",
        }
        lines += [
            {"problem_id": name, "thought": thought, "sample": 0, "completion": text, "model": "m"}
            for (name, thought), text in said.items()
        ]
    for name, rows in {"ours.jsonl": problems, "replay.jsonl": lines}.items():
        (folder / name).write_text("\n".join(map(json.dumps, rows)))
    given: dict[str, Any] = {
        "thoughts": ["cot", "pot"],
        "seed": {"sources": [{"set": "table", "name": "ours", "file": "ours.jsonl"}]},
        "generate": {"teacher": "replay", "replay": {"files": ["replay.jsonl"]}},
        "verify": {"workers": 1},
        "curate": {"without_gold": {"agree": 2}},
        "grow": {"rephrase": 1, "self_verification": 1, "evolve": 1},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(given))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("THOUGHTMILL_LEDGER", str(folder / "ledger.sqlite"))
        seed.main()
        stages.generate_and_verify()
        grow.main()
    found = {
        (row["parent_id"], row["growth"]): row["reason"]
        for row in tables.TableReader(Path(folder, "data", "grown", "growths.parquet"), Growths)
    }
    return [found[f"ours-train-{number}", each.growth] for number, each in enumerate([*KEPT, *NOT_KEPT])]


def test_every_good_rewriting_is_kept_and_every_bad_one_is_not(reasons: list[str | None]) -> None:
    texts = [(each.growth, each.text, each.reason) for each in [*KEPT, *NOT_KEPT]]
    found = [(each.growth, each.text, why) for each, why in zip([*KEPT, *NOT_KEPT], reasons, strict=True)]
    assert found == texts


@pytest.mark.parametrize(
    "heading",
    ["Rewritten problem: ", "**New problem:**\n\n", "Sure! Here is the problem in other words:\n\n", ""],
)
def test_a_heading_is_no_part_of_the_problem(heading: str) -> None:
    assert text_of(heading + APIECE) == APIECE


def test_a_story_that_begins_with_a_problem_is_left_alone() -> None:
    text = "Ann has 2 problems with her bike: the chain and the bell. What do both cost at $7?"
    assert text_of(text) == text

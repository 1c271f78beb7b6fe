"""A problem with a verified program, equations and chain, for the tests of growths."""

from random import Random

from thoughtmill.factory.growths import GROWTHS, Barren, Child, Parent
from thoughtmill.factory.solvers.solvers import Solvers

PROBLEM = (
    "A farmer fills 12 crates with 30 apples each and sells 40% of the apples. How many apples are left?"
)
PROGRAM = "crates = 12\napples = crates * 30\nsold = apples * 0.4\nans = apples - sold"
EQUATIONS = "unknowns: apples, ans\napples = 12 * 30\nans = apples - 40 / 100 * apples"
CHAIN = """There are 12 * 30 = 360 apples.
He sells 40 / 100 * 360 = 144 apples.
360 - 144 = 216 apples are left.
#### 216"""


def parent(problem: str = PROBLEM, answer: str = "216", **rationales: str) -> Parent:
    """Return a problem with verified rationales by thought."""
    records = {
        thought: {"thought": thought, "rationale": text, "predicted_answer": answer, "sample": 0}
        for thought, text in rationales.items()
    }
    row = {"problem_id": "p", "problem": problem, "answer": answer, "answer_kind": "number"}
    return Parent(row, records)


def farmer() -> Parent:
    """Return the farmer's problem with all its rationales."""
    return parent(pot=PROGRAM, eot=EQUATIONS, cot=CHAIN)


def made(growth: str, grown: Parent, solvers: Solvers, count: int = 4) -> list[Child]:
    """Return the children that a growth makes; there must be some."""
    found = list(GROWTHS.named(growth).grow(grown, count, Random("1"), solvers))
    children = [child for child in found if isinstance(child, Child)]
    assert children, found
    return children


def reason(growth: str, grown: Parent, solvers: Solvers) -> str:
    """Return why a growth makes nothing."""
    (found,) = GROWTHS.named(growth).grow(grown, 4, Random("1"), solvers)
    assert isinstance(found, Barren)
    return found.reason

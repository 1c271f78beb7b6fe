"""Write the general rules that a solution needs but does not state.

A rule belongs to a pattern of operations and has several wordings. The wording depends only on the names in
the calculation, so that equal problems get equal rules.
"""

import re
from collections.abc import Sequence
from zlib import crc32

from thoughtmill.factory.solutions.graphs import GraphStep

WORDINGS: dict[str, tuple[str, ...]] = {
    "percent": (
        "A percentage of an amount is the amount multiplied by the percentage taken as hundredths.",
        "Percent means hundredths, so a percentage of a quantity is that many hundredths of the quantity.",
    ),
    "fraction": (
        "A fraction of an amount is the amount multiplied by the numerator and divided by the denominator.",
        "To find a fraction of a quantity, divide it by the denominator and multiply by the numerator.",
    ),
    "*": (
        "The total of equal groups is the number of groups times the size of each group.",
        "When all units have the same value, the total value is the number of units times the value of each.",
        "An amount that is several times as large as another is the other multiplied by that factor.",
    ),
    "/": (
        "The size of an equal share is the total divided by the number of shares.",
        "The number of equal groups in a total is the total divided by the size of each group.",
        "A rate per unit is the whole amount divided by the number of units.",
    ),
    "//": ("The number of full groups is the whole part of the amount divided by the size of a group.",),
    "%": ("What is left over is the remainder of the amount divided by the size of a group.",),
    "+": (
        "The total of several amounts is their sum.",
        "To find how much there is altogether, add the amounts of all parts.",
        "When an amount grows, the new amount is the amount before plus what was added.",
    ),
    "-": (
        "What is left of an amount is the amount before minus what was taken away.",
        "The difference between two amounts is the larger minus the smaller.",
        "A missing part is the whole minus the parts that are known.",
    ),
    "*+": (
        "To combine groups of different kinds, multiply within each kind and then add the products.",
        "The total of different kinds is the sum, over the kinds, of the number of units times their value.",
    ),
    "*-": (
        "To reduce or compare totals of equal groups, multiply within each group and then subtract.",
        "What remains of a total of equal groups is their number times their size minus what is taken away.",
    ),
    "/+": (
        "The average of several amounts is their sum divided by how many there are.",
        "To share several amounts equally, add them and then divide the sum by the number of shares.",
    ),
    "/-": ("To share what is left of an amount, subtract what is set apart and then divide by the shares.",),
    "+-": (
        "To follow an amount through changes, add what comes in and subtract what goes out.",
        "What is left after several changes is the start plus all gains minus all losses.",
    ),
}
WHY: dict[str, str] = {
    "percent": "a percentage counts parts of a hundred",
    "fraction": "the denominator says how many equal parts make the whole, and the numerator how many count",
    "*": "every group adds the same amount again",
    "/": "sharing equally undoes adding the same amount again and again",
    "//": "a group counts only when it is full",
    "%": "only what fills no group stays over",
    "+": "each part counts once in the whole",
    "-": "the part that is gone or known and the part that is asked for make up the whole",
    "*+": "only totals of the same thing can be added, and each kind has a total first",
    "*-": "only totals of the same thing can be compared, and each has to be known first",
    "/+": "an average gives everybody the same without changing the whole",
    "/-": "what is set apart is not shared",
    "+-": "every change acts on what the changes before it have left",
}
"""Why the operations of each pattern are the right ones."""
OPERATOR = re.compile(r"//|[-+*/%]")
HUNDREDTHS = re.compile(r"/ 100\b|\b0\.\d+|\bpercent|\bshare_of|\b100 /")


def rules(steps: Sequence[GraphStep], why: bool = False) -> list[str]:
    """Return the rules that some calculations need, each once, in the order of the calculations.

    With `why`, each rule also says why its operations are the right ones.

    >>> from fractions import Fraction
    >>> rules([GraphStep("students", "classes * 2", Fraction(24))])
    ['When all units have the same value, the total value is the number of units times the value of each.']
    """
    found = [rule for step in steps for rule in _of_step(step)]
    told = [f"{rule[:-1]}, because {WHY[pattern]}." if why else rule for pattern, rule in found]
    return list(dict.fromkeys(told))


def _of_step(step: GraphStep) -> list[tuple[str, str]]:
    """Return each pattern in a calculation with its rule; its names choose the wording."""
    used = set(OPERATOR.findall(step.expression))
    signs = [sign for sign in WORDINGS if sign in used]
    if HUNDREDTHS.search(step.expression) and used & {"*", "/"}:
        patterns = ["percent", *(sign for sign in signs if sign in "+-")]
    elif {"*", "/"} <= used:
        patterns = ["fraction", *(sign for sign in signs if sign in "+-")]
    else:
        patterns = ["".join(signs)] if "".join(signs) in WORDINGS else signs
    draw = crc32(re.sub(r"\d", "", f"{step.name} = {step.expression}").encode())
    return [(pattern, WORDINGS[pattern][draw % len(WORDINGS[pattern])]) for pattern in patterns]

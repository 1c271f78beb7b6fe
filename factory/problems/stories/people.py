"""Steps of stories about groups of people: the state is `people`, the noun the slot `guest`."""

from thoughtmill.factory.problems.stories.parts import (
    Move,
    Step,
    below,
    divisor,
    numerator,
    percent,
    size,
    span,
)
from thoughtmill.factory.problems.stories.things import (
    FRACTION_RULE,
    FULL_RULE,
    GAIN_RULE,
    LOSS_RULE,
    REMAINDER_RULE,
    SHARE_RULE,
)

ASK_PEOPLE = ("How many {+guest} are there now?", "How many {+guest} are there then?")
ARRIVE = Step(
    "add",
    "people",
    "people",
    {"arriving": span(3, 40)},
    ("Then {#arriving} more {+guest} arrive.", "Another {arriving guest} come a little later."),
    (Move("joined", "it + arriving", "That makes {= guest}.", GAIN_RULE),),
    ASK_PEOPLE,
)
LEAVE = Step(
    "take_away",
    "people",
    "people",
    {"leaving": below("it", 2, 50)},
    ("After a while {leaving guest} leave.", "{leaving guest} have to go home early."),
    (Move("staying", "it - leaving", "That leaves {= guest}.", LOSS_RULE),),
    ("How many {+guest} are still there?", "How many {+guest} stay?"),
)
PART = Step(
    "fraction",
    "people",
    "people",
    {"denominator": divisor("it", 3, 8), "numerator": numerator()},
    (
        "Then {#numerator}/{#denominator} of the {+guest} who are there go home.",
        "{#numerator}/{#denominator} of the {+guest} who are still there leave early.",
    ),
    (
        Move("fraction", "it * numerator / denominator", "That part is {= guest}.", FRACTION_RULE),
        Move("rest", "it - fraction", "The rest is {= guest}.", LOSS_RULE),
    ),
    ("How many {+guest} are still there?", "How many {+guest} remain?"),
)
SHARE_OF = Step(
    "percent_of",
    "people",
    "wearing",
    {"percent": percent("it", 10, 90)},
    (
        "{#percent}% of the {+guest} who are there now {mark}.",
        "Of all {+guest} who are there now, {#percent} percent {mark}.",
    ),
    (
        Move(
            "marked",
            "it * percent / 100",
            "That share is {= guest}.",
            "A percentage of an amount is the amount times the percentage divided by one hundred.",
        ),
    ),
    ("How many of the {+guest} there {mark}?",),
)
TEAMS = Step(
    "share",
    "people",
    "team",
    {"teams": divisor("it", 2, 9)},
    (
        "All {+guest} who are there now form {teams group} of equal size.",
        "All {+guest} who are there now are split into {teams group} of the same size.",
    ),
    (Move("team", "it / teams", "Each group has {= guest}.", SHARE_RULE),),
    ("How many {+guest} are in each group?",),
)
TABLES = Step(
    "pack",
    "people",
    "tables",
    {"pack_size": size(4, 10)},
    ("All {+guest} who are there now sit down at tables for {#pack_size}, filling one after the other.",),
    (Move("full", "it // pack_size", "Completely filled are {=}.", FULL_RULE),),
    ("How many tables are full?", "How many tables do the {+guest} fill completely?"),
)
LAST_TABLE = Step(
    "left_over",
    "people",
    "last",
    {"pack_size": size(4, 10)},
    (
        "All {+guest} who are there now sit down at tables for {#pack_size}, and"
        " only the last table is not full.",
    ),
    (Move("extra", "it % pack_size", "Left over: {= guest}.", REMAINDER_RULE, low=1),),
    ("How many {+guest} sit at the last table?",),
)
WAYS = {"mark": ("wear glasses|", "wear a hat|", "have a camera|", "carry an umbrella|")}
PEOPLE = (ARRIVE, LEAVE, PART, SHARE_OF, TEAMS, TABLES, LAST_TABLE)

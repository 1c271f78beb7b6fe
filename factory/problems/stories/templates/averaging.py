"""Stories about averages."""

from thoughtmill.factory.problems.stories.parts import Move, Step, Template, below, of, opening, span
from thoughtmill.factory.problems.stories.things import DIFFERENCE_RULE, GROUPS_RULE, LOSS_RULE, SUM_RULE

AVERAGE_RULE = "An average is the total divided by the number of values."

SCORES = Template(
    "scores",
    opening(
        "average",
        "average",
        {"first": span(50, 100), "second": span(50, 100), "third": span(50, 100)},
        (
            "In three tests {who} gets {#first}, {#second} and {#third} points.",
            "{who} writes three {subject} tests and gets {#first}, {#second} and {#third} points.",
        ),
        (
            Move("points", "first + second + third", "All tests give {= point}.", SUM_RULE),
            Move("average", "points / 3", "The average is {= point}.", AVERAGE_RULE),
        ),
        ("What is {who}'s average score?", "What is the average of the three scores?"),
    ),
    (
        Step(
            "compare",
            "average",
            "gap",
            {"class_average": below("it", 3, 70)},
            ("The average of the class is {#class_average} points.",),
            (Move("ahead", "it - class_average", "{who} is ahead by {= point}.", DIFFERENCE_RULE),),
            ("By how many points is {who}'s average above the class average?",),
        ),
        Step(
            "goal",
            "average",
            "needed",
            {"_more": span(2, 15), "aim": of("it + _more")},
            ("{who} wants to reach an average of {#aim} points next time.",),
            (Move("to_gain", "aim - it", "{who} has to gain {= point}.", DIFFERENCE_RULE),),
            ("By how many points must {who}'s average rise?",),
        ),
    ),
    {"subject": ("English", "science", "history", "geography")},
    ("Each test takes {#idle} times five minutes.", "There are {#idle} rows of desks in the room."),
)
WEATHER = Template(
    "visitors_average",
    opening(
        "average",
        "average",
        {
            "monday": span(10, 90),
            "tuesday": span(10, 90),
            "wednesday": span(10, 90),
            "thursday": span(10, 90),
        },
        (
            "A {place} counts {#monday} visitors on Monday, {#tuesday} on Tuesday, {#wednesday} on"
            " Wednesday and {#thursday} on Thursday.",
        ),
        (
            Move("early", "monday + tuesday", "Monday and Tuesday have {=}.", SUM_RULE),
            Move("late", "wednesday + thursday", "Wednesday and Thursday have {=}.", SUM_RULE),
            Move("visitors", "early + late", "The four days have {=}.", SUM_RULE),
            Move("average", "visitors / 4", "The average is {= visitor}.", AVERAGE_RULE),
        ),
        ("What is the average number of visitors per day?",),
    ),
    (
        Step(
            "compare",
            "average",
            "gap",
            {"last_year": below("it", 3, 60)},
            ("Last year the daily average was {#last_year}.",),
            (Move("rise", "it - last_year", "It rose by {=}.", DIFFERENCE_RULE),),
            ("By how much did the daily average rise?",),
        ),
    ),
    {"place": ("small museum", "library", "climbing hall", "bookshop")},
    ("The building has {#idle} rooms.", "The building is {#idle} years old."),
)
MACHINES = Template(
    "machines",
    opening(
        "two_rates_sum",
        "output",
        {"old": span(5, 30), "new": span(20, 60), "hours": span(2, 9)},
        (
            "An old machine makes {old thing} an hour and a new one makes {#new}. Both run for {hours hour}.",
            "In a workshop one machine makes {#new} {+thing} an hour and an older one only {#old}. They"
            " both run for {hours hour}.",
        ),
        (
            Move(
                "an_hour",
                "old + new",
                "In an hour both make {= thing}.",
                "Working together, the rates add up.",
            ),
            Move(
                "output",
                "an_hour * hours",
                "In {hours hour} that is {= thing}.",
                "A total is the amount per unit of time multiplied by the time.",
            ),
        ),
        ("How many {+thing} do the two machines make together?", "How many {+thing} are made in all?"),
    ),
    (
        Step(
            "take_away",
            "output",
            "output",
            {"faulty": span(2, 30)},
            ("{faulty thing} are faulty and thrown away.",),
            (Move("good", "it - faulty", "That leaves {= thing}.", LOSS_RULE),),
            ("How many good {+thing} are left?",),
        ),
        Step(
            "pack",
            "output",
            "packs",
            {"pack_size": span(4, 24)},
            ("All good {+thing} are packed into cartons of {#pack_size}.",),
            (
                Move(
                    "cartons",
                    "it // pack_size",
                    "Full cartons: {=}.",
                    "The number of full groups is the whole part of the amount divided by the size of a"
                    " group.",
                ),
            ),
            ("How many cartons can be filled?",),
        ),
        Step(
            "times",
            "output",
            "week",
            {"work_days": span(2, 6)},
            ("This is repeated on {work_days day} a week.",),
            (Move("a_week", "it * work_days", "In a week that is {= thing}.", GROUPS_RULE, high=3000),),
            ("How many good {+thing} is that per week?",),
        ),
    ),
    {"thing": ("screw", "bottle", "toy block", "wooden spoon")},
    ("The new machine is {#idle} months old.", "The workshop has {#idle} windows."),
)
AVERAGING = (SCORES, WEATHER, MACHINES)

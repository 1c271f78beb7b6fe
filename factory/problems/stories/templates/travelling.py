"""Stories about ways: distances in kilometres, speeds, and what a way takes."""

from thoughtmill.factory.problems.stories.parts import Move, Step, Template, divisor, of, opening, pick, span
from thoughtmill.factory.problems.stories.things import DIFFERENCE_RULE, GAIN_RULE, SUM_RULE

DISTANCE_RULE = "Distance is speed times time."
FUEL_RULE = "The fuel needed is the distance divided by the distance that one litre lasts."
ASK_WAY = ("How many kilometres does {who} travel in all?", "Find how many kilometres {who} covers in all.")

FURTHER = Step(
    "add",
    "way",
    "way",
    {"further": span(5, 60)},
    (
        "After a break {who} goes another {further kilometre}.",
        "Then {who} covers {#further} more kilometres.",
    ),
    (Move("longer", "it + further", "With the rest it is {= kilometre}.", GAIN_RULE),),
    ASK_WAY,
)
RETURN = Step(
    "double",
    "way",
    "way",
    {},
    ("Later {who} goes back the whole way.", "Then {who} returns home the same way."),
    (Move("both_ways", "it * 2", "There and back is {= kilometre}.", "There and back is twice the way."),),
    ASK_WAY,
)
TO_GO = Step(
    "goal",
    "way",
    "to go",
    {"_rest": span(5, 90), "planned": of("it + _rest")},
    ("The whole trip is {planned kilometre} long.", "{who} wants to cover {planned kilometre} in all."),
    (Move("to_go", "planned - it", "That leaves {= kilometre}.", DIFFERENCE_RULE),),
    ("How many kilometres are still to go?", "How many more kilometres does {who} have to go?"),
)
STAGES = Step(
    "share",
    "way",
    "a day",
    {"stages": divisor("it", 2, 6)},
    ("{who} divides the whole trip into {stages stage} of equal length.",),
    (
        Move(
            "stage",
            "it / stages",
            "Each stage is {= kilometre}.",
            "An average is the total divided by the number of parts.",
        ),
    ),
    ("How many kilometres long is each stage?",),
)
FUEL = Step(
    "fuel",
    "way",
    "fuel",
    {"per_litre": divisor("it", 8, 20), "litre_price": pick(2, 3)},
    ("The vehicle goes {per_litre kilometre} on a litre of fuel, and a litre costs {$litre_price}.",),
    (
        Move("litres", "it / per_litre", "That takes {= litre}.", FUEL_RULE),
        Move(
            "fuel_cost",
            "litres * litre_price",
            "The fuel costs {=} dollars.",
            "The cost is the amount times the price of one unit.",
        ),
    ),
    ("How much does the fuel for the trip cost?", "How many dollars does the fuel cost?"),
)
DRIVE = Template(
    "drive",
    opening(
        "rate",
        "way",
        {"speed": span(40, 100, 5), "hours": span(2, 8)},
        (
            "{who} drives {a car} at {#speed} kilometres per hour for {hours hour}.",
            "For {hours hour} {who} drives {a car} at a steady {#speed} kilometres per hour.",
        ),
        (Move("way", "speed * hours", "In {hours hour} that is {= kilometre}.", DISTANCE_RULE),),
        ("How many kilometres does {who} drive?", "How far does {who} drive, in kilometres?"),
    ),
    (FURTHER, RETURN, TO_GO, FUEL),
    {"car": ("car", "van", "delivery truck")},
    ("{who} listens to {#idle} songs on the way.", "The vehicle is {#idle} years old."),
)
CYCLING = Template(
    "cycling",
    opening(
        "rate",
        "way",
        {"speed": span(10, 24), "hours": span(2, 6)},
        (
            "{who} rides a bicycle for {hours hour} at {#speed} kilometres per hour.",
            "At {#speed} kilometres per hour, {who} cycles for {hours hour}.",
        ),
        (Move("way", "speed * hours", "In {hours hour} that is {= kilometre}.", DISTANCE_RULE),),
        ("How many kilometres does {who} ride?", "How far does {who} ride, in kilometres?"),
    ),
    (FURTHER, RETURN, TO_GO, STAGES),
    {},
    ("The bicycle has {#idle} gears.", "{who} drinks water {#idle} times."),
    reserved=True,
)
HIKE = Template(
    "two_stage_hike",
    opening(
        "two_rates_sum",
        "way",
        {"slow": span(2, 4), "slow_hours": span(1, 3), "fast": span(5, 6), "fast_hours": span(1, 3)},
        (
            "{who} hikes uphill for {slow_hours hour} at {#slow} kilometres per hour and then downhill for"
            " {fast_hours hour} at {#fast} kilometres per hour.",
            "On a hike {who} walks at {#slow} kilometres per hour for {slow_hours hour} and then at {#fast}"
            " kilometres per hour for {fast_hours hour}.",
        ),
        (
            Move("first_part", "slow * slow_hours", "The first part is {= kilometre}.", DISTANCE_RULE),
            Move("second_part", "fast * fast_hours", "The second part is {= kilometre}.", DISTANCE_RULE),
            Move("way", "first_part + second_part", "Together it is {= kilometre}.", SUM_RULE),
        ),
        ("How many kilometres does {who} walk?", "How long is the hike in kilometres?"),
    ),
    (RETURN, STAGES),
    {},
    ("{who} carries {#idle} kilograms in {his} backpack.", "The trail has {#idle} viewpoints."),
)
MEET = Template(
    "driving_apart",
    opening(
        "joint_rate",
        "apart",
        {"first_speed": span(40, 90, 5), "second_speed": span(40, 90, 5), "hours": span(2, 6)},
        (
            "{who} and {pal} leave the same town in opposite directions. {who} drives at {#first_speed}"
            " kilometres per hour and {pal} at {#second_speed} kilometres per hour for {hours hour}.",
            "Starting in the same town, {who} and {pal} drive in opposite directions for {hours hour}:"
            " {who} at {#first_speed} kilometres per hour and {pal} at {#second_speed} kilometres per hour.",
        ),
        (
            Move(
                "speeds",
                "first_speed + second_speed",
                "Each hour adds {= kilometre}.",
                "Moving apart, the speeds add up.",
            ),
            Move(
                "apart", "speeds * hours", "In {hours hour} that is {= kilometre}.", DISTANCE_RULE, high=1200
            ),
        ),
        (
            "How many kilometres apart are {who} and {pal} then?",
            "What is then the distance between {who} and {pal} in kilometres?",
        ),
    ),
    (),
    {},
    ("They have been friends for {#idle} years.",),
)
TRAVELLING = (DRIVE, CYCLING, HIKE, MEET)

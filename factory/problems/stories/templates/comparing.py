"""Stories about two people whose ages or savings are compared, and one of them is unknown."""

from thoughtmill.factory.problems.stories.parts import Move, Step, Template, divisor, of, opening, span
from thoughtmill.factory.problems.stories.things import DIFFERENCE_RULE, GAIN_RULE, SUM_RULE

RATIO_RULE = "If one amount is several times the other, the difference is one part fewer."
PART_RULE = "One part is the difference divided by the number of parts it is."

AGES_TIMES = Template(
    "ages_times",
    opening(
        "ratio_difference",
        "younger",
        {"gap": span(20, 40), "_parts": divisor("gap", 2, 5), "times": of("_parts + 1")},
        (
            "{who}'s {parent} is {#times} times as old as {who} and {#gap} years older.",
            "{who} is {#gap} years younger than {his} {parent}, who is {#times} times as old as {he} is.",
        ),
        (
            Move("parts", "times - 1", "The difference is {= part}.", RATIO_RULE, low=1),
            Move("child", "gap / parts", "{who} is {= year} old.", PART_RULE),
        ),
        ("How old is {who}?",),
    ),
    (
        Step(
            "add",
            "younger",
            "later",
            {"later": span(2, 20)},
            ("{who} thinks of the time {later year} from now.",),
            (Move("child_later", "it + later", "Then {who} is {= year} old.", GAIN_RULE),),
            ("How old will {who} be then?",),
        ),
        Step(
            "add",
            "younger",
            "older",
            {},
            ("Both have their birthday today.",),
            (Move("elder", "it + gap", "The {parent} is {= year} old.", GAIN_RULE),),
            ("How old is the {parent}?",),
        ),
    ),
    {"parent": ("mother", "father", "aunt", "uncle")},
    ("They live in a house with {#idle} rooms.",),
    ("elder = times * child", "elder - child = gap"),
)
AGES_SUM = Template(
    "ages_sum",
    opening(
        "sum_difference",
        "younger",
        {"_young": span(3, 16), "older_by": span(2, 12), "ages": of("_young + _young + older_by")},
        (
            "{who} is {#older_by} years older than {his} {sibling}. Together they are {#ages} years old.",
            "Together {who} and {his} {sibling} are {#ages} years old, and {who} is {#older_by} years older.",
        ),
        (
            Move(
                "doubled",
                "ages - older_by",
                "Twice the younger age is {=}.",
                "The sum of two numbers minus their difference is twice the smaller one.",
            ),
            Move(
                "younger",
                "doubled / 2",
                "The {sibling} is {= year} old.",
                "Half of an amount is the amount divided by two.",
            ),
        ),
        ("How old is {who}'s {sibling}?",),
    ),
    (
        Step(
            "add",
            "younger",
            "older",
            {},
            ("Both have their birthday in May.",),
            (Move("older", "it + older_by", "{who} is {= year} old.", GAIN_RULE),),
            ("How old is {who}?",),
        ),
    ),
    {"sibling": ("brother", "sister")},
    ("{who}'s grandmother has {#idle} cats.",),
    ("older = younger + older_by", "older + younger = ages"),
)
CATCH_UP = Template(
    "catch_up",
    opening(
        "catch_up",
        "weeks",
        {
            "_weeks": span(2, 15),
            "slow": span(2, 12),
            "_faster": span(1, 8),
            "fast": of("slow + _faster"),
            "behind": span(5, 40),
            "ahead": of("behind + _weeks * _faster"),
        },
        (
            "{who} has {$behind} and saves {$fast} a week. {pal} has {$ahead} and saves {$slow} a week.",
            "{pal} saves {$slow} a week and already has {$ahead}. {who} has only {$behind} but saves"
            " {$fast} a week.",
        ),
        (
            Move("lead", "ahead - behind", "{pal} is ahead by {= dollar}.", DIFFERENCE_RULE),
            Move("gain", "fast - slow", "Each week {who} gains {= dollar}.", DIFFERENCE_RULE, low=1),
            Move(
                "weeks",
                "lead / gain",
                "So it takes {= week}.",
                "The time to catch up is the lead divided by the gain per unit of time.",
            ),
        ),
        (
            "After how many weeks do {who} and {pal} have the same amount?",
            "In how many weeks does {who} catch up with {pal}?",
        ),
    ),
    (
        Step(
            "start_plus_rate",
            "weeks",
            "amount",
            {},
            ("{who} and {pal} compare their money when both have the same amount.",),
            (
                Move(
                    "saved",
                    "it * fast",
                    "Until then {who} saves {=} dollars.",
                    "The total is the amount for one week times the number of weeks.",
                ),
                Move("amount", "behind + saved", "Each has {=} dollars.", SUM_RULE),
            ),
            ("How many dollars does each have at that time?", "How much money does each have then?"),
        ),
    ),
    {},
    ("They have known each other for {#idle} years.",),
    ("behind + fast * weeks = ahead + slow * weeks",),
)
COMPARING = (AGES_TIMES, AGES_SUM, CATCH_UP)

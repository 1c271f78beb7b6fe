"""Stories about things of two kinds: known are how many there are, and what all of them come to."""

from thoughtmill.factory.problems.stories.parts import Move, Step, Template, of, opening, pick, span
from thoughtmill.factory.problems.stories.things import DIFFERENCE_RULE

ALL_CHEAP_RULE = "Suppose all were of the cheaper kind; the total is then their number times the lower value."
EXCESS_RULE = "What the real total exceeds the supposed total by comes from the dearer kind."
DEARER_RULE = "The number of the dearer kind is the excess divided by the difference of the two values."
OTHER_RULE = "The other part is the whole minus the known part."


def two_kinds(*, cheap: str, dear: str, many: str, total: str, found: str, says: str) -> tuple[Move, ...]:
    """Return the moves that find how many of `many` things, worth `cheap` or `dear` each, are dear.

    All names are names of numbers: `total` is what all are worth together, `found` the number found.
    """
    return (
        Move(
            "supposed",
            f"{many} * {cheap}",
            "Were all of the lower kind, the total is {=}.",
            ALL_CHEAP_RULE,
            high=2000,
        ),
        Move("excess", f"{total} - supposed", "The real total is {=} more.", EXCESS_RULE, high=2000),
        Move("gap_each", f"{dear} - {cheap}", "One of the higher kind adds {=}.", DIFFERENCE_RULE, low=1),
        Move(found, "excess / gap_each", says, DEARER_RULE),
    )


TICKETS = Template(
    "tickets",
    opening(
        "two_kinds",
        "kind",
        {
            "_adults": span(3, 60),
            "_children": span(3, 60),
            "child_price": span(3, 9),
            "_gap": span(2, 8),
            "adult_price": of("child_price + _gap"),
            "tickets": of("_adults + _children"),
            "takings": of("_adults * adult_price + _children * child_price"),
        },
        (
            "An adult ticket for {a show} costs {$adult_price} and a child ticket costs {$child_price}."
            " {#tickets} tickets are sold for {$takings} in all.",
            "For {a show}, {#tickets} tickets bring in {$takings}. Adults pay {$adult_price} each and"
            " children {$child_price} each.",
        ),
        two_kinds(
            cheap="child_price",
            dear="adult_price",
            many="tickets",
            total="takings",
            found="adults",
            says="So there are {= adult}.",
        ),
        ("How many adult tickets are sold?", "How many of the tickets are for adults?"),
    ),
    (
        Step(
            "rest",
            "kind",
            "other",
            {},
            ("All the others are children.",),
            (Move("children", "tickets - it", "That leaves {= child|children}.", OTHER_RULE),),
            ("How many child tickets are sold?", "How many of the tickets are for children?"),
        ),
    ),
    {"show": ("play", "concert", "puppet show", "football match|football matches")},
    ("The show begins at {#idle} o'clock.", "There are {#idle} people at the entrance."),
    ("adults + children = tickets", "adult_price * adults + child_price * children = takings"),
)
FARM = Template(
    "heads_and_legs",
    opening(
        "heads_legs",
        "kind",
        {
            "_four": span(3, 30),
            "_two": span(3, 40),
            "heads": of("_four + _two"),
            "legs": of("4 * _four + 2 * _two"),
        },
        (
            "On a farm there are only {+four} and {+two}. Together they have {#heads} heads and {#legs}"
            " legs.",
            "{who} counts {#heads} heads and {#legs} legs among the {+two} and {+four} on a farm.",
        ),
        (
            Move(
                "supposed",
                "heads * 2",
                "With two legs each there are {= leg}.",
                "Suppose every animal had two legs; the legs are then twice the heads.",
            ),
            Move(
                "extra_legs",
                "legs - supposed",
                "That is {= leg} too few.",
                "What the real total exceeds the supposed total by comes from the animals with four legs.",
            ),
            Move(
                "four_legged",
                "extra_legs / 2",
                "So there are {= four}.",
                "An animal with four legs has two more than one with two legs.",
            ),
        ),
        ("How many {+four} are there?", "How many {+four} live on the farm?"),
    ),
    (
        Step(
            "rest",
            "kind",
            "other",
            {},
            ("All the other animals are {+two}.",),
            (Move("two_legged", "heads - it", "That leaves {= two}.", OTHER_RULE),),
            ("How many {+two} are there?", "How many {+two} live on the farm?"),
        ),
        Step(
            "groups",
            "kind",
            "fed",
            {"food": span(2, 9)},
            ("Each {four} eats {food kilogram} of food a day.",),
            (
                Move(
                    "daily_food",
                    "it * food",
                    "They eat {= kilogram}.",
                    "The total of equal groups is the number of groups times the size of one group.",
                ),
            ),
            ("How many kilograms do the {+four} eat a day?",),
        ),
    ),
    {
        "four": ("cow", "pig", "goat", "sheep|sheep", "horse"),
        "two": ("hen", "duck", "goose|geese", "turkey"),
    },
    ("The farm has {#idle} tractors.", "The barn is {#idle} metres high."),
    ("four_legged + two_legged = heads", "4 * four_legged + 2 * two_legged = legs"),
)
COINS = Template(
    "coins",
    opening(
        "two_kinds",
        "kind",
        {
            "_large": span(2, 30),
            "_small": span(2, 30),
            "small_value": pick(2, 5),
            "large_value": pick(10, 20, 50),
            "coins": of("_large + _small"),
            "worth": of("_large * large_value + _small * small_value"),
        },
        (
            "{who} has {coins coin} in a jar, some worth {#small_value} cents and some worth {#large_value}"
            " cents. Together they are worth {#worth} cents.",
        ),
        two_kinds(
            cheap="small_value",
            dear="large_value",
            many="coins",
            total="worth",
            found="large_coins",
            says="So there are {=} of the larger coins.",
        ),
        ("How many {#large_value}-cent coins are in the jar?",),
    ),
    (
        Step(
            "rest",
            "kind",
            "other",
            {},
            ("There are no other coins.",),
            (Move("small_coins", "coins - it", "That leaves {=} of the smaller coins.", OTHER_RULE),),
            ("How many {#small_value}-cent coins are in the jar?",),
        ),
    ),
    {},
    ("The jar is {#idle} years old.", "{who} found {#idle} buttons as well."),
    ("large_coins + small_coins = coins", "large_value * large_coins + small_value * small_coins = worth"),
    reserved=True,
)
MIXTURE = Template(
    "mixture",
    opening(
        "two_kinds",
        "kind",
        {
            "_dear": span(2, 20),
            "_cheap": span(2, 20),
            "low_price": span(3, 8),
            "_gap": span(2, 8),
            "high_price": of("low_price + _gap"),
            "weight": of("_dear + _cheap"),
            "worth": of("_dear * high_price + _cheap * low_price"),
        },
        (
            "{who} mixes {dear} at {$high_price} per kilogram with {cheap} at {$low_price} per kilogram."
            " The mixture weighs {weight kilogram} and is worth {$worth}.",
            "A mixture of {weight kilogram} is worth {$worth}. It is made of {dear} at {$high_price} per"
            " kilogram and {cheap} at {$low_price} per kilogram.",
        ),
        two_kinds(
            cheap="low_price",
            dear="high_price",
            many="weight",
            total="worth",
            found="dear_weight",
            says="So {= kilogram} are of the dearer kind.",
        ),
        ("How many kilograms of {dear} are in the mixture?",),
    ),
    (
        Step(
            "rest",
            "kind",
            "other",
            {},
            ("Nothing else is in the mixture.",),
            (Move("cheap_weight", "weight - it", "That leaves {= kilogram}.", OTHER_RULE),),
            ("How many kilograms of {cheap} are in the mixture?",),
        ),
    ),
    {"dear": ("almonds|", "cashews|", "walnuts|"), "cheap": ("raisins|", "peanuts|", "oats|")},
    ("The shop sells {#idle} such mixtures.",),
    ("dear_weight + cheap_weight = weight", "high_price * dear_weight + low_price * cheap_weight = worth"),
)
TWO_KINDS = (TICKETS, FARM, COINS, MIXTURE)

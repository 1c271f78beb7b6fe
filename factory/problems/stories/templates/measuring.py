"""Stories about weights, perimeters, areas and volumes."""

from thoughtmill.factory.problems.stories.parts import Move, Step, Template, divisor, of, opening, pick, span
from thoughtmill.factory.problems.stories.things import DIFFERENCE_RULE, GROUPS_RULE, LOSS_RULE, SUM_RULE

FLOUR = Template(
    "recipe",
    opening(
        "scale",
        "grams",
        {"serves": span(2, 6), "_per": span(20, 90, 5), "grams": of("serves * _per"), "people": span(7, 20)},
        (
            "A recipe for {#serves} people needs {grams gram} of {food}. {who} cooks for {#people} people.",
            "{who} needs {grams gram} of {food} to cook for {#serves} people, but {he} has {#people} guests"
            " to cook for.",
        ),
        (
            Move(
                "per_person",
                "grams / serves",
                "One person needs {= gram}.",
                "The amount for one is the amount for all divided by how many there are.",
            ),
            Move(
                "needed",
                "per_person * people",
                "For {#people} people that is {= gram}.",
                GROUPS_RULE,
                high=2000,
            ),
        ),
        ("How many grams of {food} does {who} need?", "How many grams are needed?"),
    ),
    (
        Step(
            "goal",
            "grams",
            "missing",
            {"_short": span(50, 400, 10), "at_home": of("it - _short")},
            ("{who} already has {at_home gram} at home.", "There are {at_home gram} in the cupboard."),
            (Move("missing", "it - at_home", "{who} still needs {= gram}.", DIFFERENCE_RULE),),
            ("How many more grams does {who} have to buy?",),
        ),
    ),
    {"food": ("rice|", "flour|", "pasta|")},
    ("The oven is set to {#idle} minutes.", "The recipe is {#idle} years old."),
)
GARDEN = Template(
    "garden_fence",
    opening(
        "perimeter",
        "metres",
        {"length": span(8, 40), "width": span(4, 25)},
        (
            "{who} puts a fence around a rectangular {field} that is {length metre} long and {width metre}"
            " wide.",
            "A rectangular {field} is {width metre} wide and {length metre} long. {who} puts a fence all"
            " around it.",
        ),
        (
            Move("half_way", "length + width", "Two sides are {= metre}.", SUM_RULE),
            Move(
                "around",
                "half_way * 2",
                "All around it is {= metre}.",
                "The perimeter of a rectangle is twice the sum of length and width.",
            ),
        ),
        ("How many metres of fence does {who} need?", "How long is the fence in metres?"),
    ),
    (
        Step(
            "take_away",
            "metres",
            "metres",
            {"gate": span(2, 5)},
            ("A gap of {gate metre} for the gate needs no fence.",),
            (Move("fence", "it - gate", "Without the gate it is {= metre}.", LOSS_RULE),),
            ("How many metres of fence does {who} need?",),
        ),
        Step(
            "price",
            "metres",
            "cost",
            {"metre_price": span(4, 15)},
            ("One metre of fence costs {$metre_price}.",),
            (
                Move(
                    "fence_cost",
                    "it * metre_price",
                    "The fence costs {=} dollars.",
                    "The cost is the amount times the price of one unit.",
                    high=2000,
                ),
            ),
            ("How much does the fence cost?", "How many dollars does the fence cost?"),
        ),
    ),
    {"field": ("garden", "vegetable patch", "playground", "chicken run")},
    ("{who} works on the fence for {#idle} days.", "{#idle} apple trees grow in the {field}."),
)
FLOOR = Template(
    "floor_tiles",
    opening(
        "area",
        "area",
        {"length": span(3, 15), "width": span(2, 9)},
        (
            "The floor of a {room} is {length metre} long and {width metre} wide.",
            "A {room} has a rectangular floor of {#length} by {width metre}.",
        ),
        (
            Move(
                "area",
                "length * width",
                "The area is {=} square metres.",
                "The area of a rectangle is its length times its width.",
            ),
        ),
        ("How many square metres is the floor?", "What is the area of the floor in square metres?"),
    ),
    (
        Step(
            "take_away",
            "area",
            "area",
            {"covered": span(2, 9)},
            ("{#covered} square metres under a cupboard stay bare.",),
            (Move("visible", "it - covered", "Without the cupboard it is {=} square metres.", LOSS_RULE),),
            ("How many square metres are left?", "How many square metres remain?"),
        ),
        Step(
            "groups",
            "area",
            "tiles",
            {"tiles_each": pick(4, 9, 16, 25)},
            ("{who} lays {#tiles_each} tiles on each square metre.",),
            (Move("tiles", "it * tiles_each", "That takes {= tile}.", GROUPS_RULE, high=3400),),
            ("How many tiles does {who} need?",),
        ),
        Step(
            "price",
            "area",
            "cost",
            {"square_price": span(6, 30)},
            ("A carpet costs {$square_price} per square metre, and {who} buys just enough.",),
            (
                Move(
                    "carpet",
                    "it * square_price",
                    "The carpet costs {=} dollars.",
                    "The cost is the amount times the price of one unit.",
                    high=3000,
                ),
            ),
            ("How much does the carpet cost?", "How many dollars does {who} pay for the carpet?"),
        ),
    ),
    {"room": ("kitchen", "classroom", "bedroom", "workshop")},
    ("The room has {#idle} windows.", "The ceiling is {#idle} years old."),
)
TANK = Template(
    "tank",
    opening(
        "rate",
        "litres",
        {"flow": span(3, 25), "minutes": span(4, 30)},
        (
            "A hose lets {flow litre} of water per minute run into an empty {tank} for {minutes minute}.",
            "For {minutes minute} water runs into an empty {tank}, {flow litre} every minute.",
        ),
        (
            Move(
                "litres",
                "flow * minutes",
                "In {minutes minute} that is {= litre}.",
                "A total is the amount per unit of time multiplied by the time.",
            ),
        ),
        ("How many litres of water run into the {tank}?",),
    ),
    (
        Step(
            "take_away",
            "litres",
            "litres",
            {"used": span(5, 80, 5)},
            ("{who} takes out {used litre} for the flowers.", "Then {used litre} leak out."),
            (Move("stored", "it - used", "That leaves {= litre}.", LOSS_RULE),),
            ("How many litres of water are in the {tank} then?",),
        ),
        Step(
            "goal",
            "litres",
            "room",
            {"_room": span(10, 200, 10), "holds": of("it + _room")},
            ("The {tank} holds {holds litre}.",),
            (Move("room", "holds - it", "There is room for {= litre}.", DIFFERENCE_RULE),),
            ("How many more litres fit into the {tank}?",),
        ),
        Step(
            "share",
            "litres",
            "can",
            {"cans": divisor("it", 2, 9)},
            ("All the water in the {tank} is poured into {cans watering can}, the same amount into each.",),
            (
                Move(
                    "can",
                    "it / cans",
                    "Each can gets {= litre}.",
                    "An equal share is the total divided by the number of shares.",
                ),
            ),
            ("How many litres are in each watering can?",),
        ),
    ),
    {"tank": ("rain barrel", "water tank", "fish pond")},
    ("The hose is {#idle} metres long.", "It has not rained for {#idle} days."),
)
MEASURING = (FLOUR, GARDEN, FLOOR, TANK)

"""Stories about unknown numbers of which the sum and a relation between them are known."""

from thoughtmill.factory.problems.stories.parts import Move, Step, Template, below, of, opening, span
from thoughtmill.factory.problems.stories.things import GAIN_RULE, LOSS_RULE, SHARE_RULE, SUM_RULE

OTHER_RULE = "The other part is the whole minus the known part."


SUM_GAP = Template(
    "sum_and_difference",
    opening(
        "sum_difference",
        "larger",
        {"_less": span(4, 90), "gap": span(2, 60), "total": of("_less + _less + gap")},
        (
            "{who} and {pal} have {total thing} together. {who} has {#gap} more than {pal}.",
            "{who} has {#gap} more {+thing} than {pal}, and together they have {#total}.",
        ),
        (
            Move(
                "doubled",
                "total + gap",
                "Twice the larger part is {=}.",
                "The sum of two numbers plus their difference is twice the larger one.",
            ),
            Move(
                "larger",
                "doubled / 2",
                "{who} has {= thing}.",
                "Half of an amount is the amount divided by two.",
            ),
        ),
        ("How many {+thing} does {who} have?",),
    ),
    (
        Step(
            "rest",
            "larger",
            "smaller",
            {},
            ("{pal} has the rest.",),
            (Move("smaller", "total - it", "{pal} has {= thing}.", OTHER_RULE),),
            ("How many {+thing} does {pal} have?",),
        ),
        Step(
            "take_away",
            "larger",
            "fewer",
            {"gone": below("it", 2, 40)},
            ("Then {who} gives {gone thing} to {third}.",),
            (Move("left", "it - gone", "That leaves {= thing}.", LOSS_RULE),),
            ("How many {+thing} does {who} have left?",),
        ),
    ),
    {"thing": ("book", "medal", "coin", "photo", "card")},
    ("{who} and {pal} live {#idle} kilometres apart.",),
    ("larger + smaller = total", "larger - smaller = gap"),
)
PARTS = Template(
    "times_as_many",
    opening(
        "ratio_sum",
        "smaller",
        {"times": span(3, 6), "_one": span(3, 40), "total": of("_one * times + _one")},
        (
            "A box holds {total thing}, red ones and blue ones. There are {#times} times as many red as"
            " blue ones.",
            "There are {#times} times as many red as blue {+thing} in a box, {#total} in all.",
        ),
        (
            Move(
                "parts",
                "times + 1",
                "That makes {= part} in all.",
                "If one amount is several times the other, together they are that many parts and one more.",
            ),
            Move(
                "blue",
                "total / parts",
                "One part is {=}, the blue ones.",
                "One part is the total divided by the number of parts.",
            ),
        ),
        ("How many blue {+thing} are there?", "How many of the {+thing} are blue?"),
    ),
    (
        Step(
            "rest",
            "smaller",
            "larger",
            {},
            ("No other colours are in the box.",),
            (Move("red", "total - it", "That leaves {=} red ones.", OTHER_RULE),),
            ("How many red {+thing} are there?", "How many of the {+thing} are red?"),
        ),
        Step(
            "add",
            "smaller",
            "larger blue",
            {"added": span(3, 40)},
            ("Then {who} adds {#added} blue ones.",),
            (Move("blue_now", "it + added", "Now there are {=} blue ones.", GAIN_RULE),),
            ("How many blue {+thing} are there now?",),
        ),
    ),
    {"thing": ("pencil", "balloon", "ball", "brick")},
    ("The box is {#idle} centimetres high.",),
    ("red = times * blue", "red + blue = total"),
)
RECTANGLE = Template(
    "rectangle_sides",
    opening(
        "sum_difference",
        "width",
        {"_width": span(3, 30), "longer_by": span(2, 20), "around": of("4 * _width + 2 * longer_by")},
        (
            "A rectangular {field} is {longer_by metre} longer than wide. Its perimeter is {around metre}.",
            "The perimeter of a rectangular {field} is {around metre}, and its length is {longer_by metre}"
            " more than its width.",
        ),
        (
            Move(
                "half_way",
                "around / 2",
                "Length and width together are {= metre}.",
                "Length and width together are half the perimeter.",
            ),
            Move(
                "doubled",
                "half_way - longer_by",
                "Twice the width is {= metre}.",
                "The sum of two numbers minus their difference is twice the smaller one.",
            ),
            Move(
                "width",
                "doubled / 2",
                "The width is {= metre}.",
                "Half of an amount is the amount divided by two.",
            ),
        ),
        ("How wide is the {field} in metres?",),
    ),
    (
        Step(
            "add",
            "width",
            "length",
            {},
            ("{who} walks along one long side.",),
            (Move("length", "it + longer_by", "The length is {= metre}.", GAIN_RULE),),
            ("How long is the {field} in metres?",),
        ),
    ),
    {"field": ("garden", "field", "swimming pool", "car park")},
    ("The {field} was laid out {#idle} years ago.",),
    ("length = width + longer_by", "2 * (length + width) = around"),
)
THREE_SHARES = Template(
    "three_shares",
    opening(
        "more_than_sum",
        "least",
        {
            "_least": span(5, 40),
            "second_more": span(2, 20),
            "third_more": span(2, 30),
            "total": of("3 * _least + second_more + third_more"),
        },
        (
            "{who}, {pal} and {third} share {total thing}. {pal} gets {#second_more} more than {who}, and"
            " {third} gets {#third_more} more than {who}.",
        ),
        (
            Move("extras", "second_more + third_more", "The extras are {=}.", SUM_RULE),
            Move("even", "total - extras", "Without them there are {=}.", LOSS_RULE),
            Move("least", "even / 3", "{who} gets {= thing}.", SHARE_RULE),
        ),
        ("How many {+thing} does {who} get?",),
    ),
    (
        Step(
            "add",
            "least",
            "second",
            {},
            ("{pal} is happy with that.",),
            (Move("second", "it + second_more", "{pal} gets {= thing}.", GAIN_RULE),),
            ("How many {+thing} does {pal} get?",),
        ),
        Step(
            "halve",
            "least",
            "half",
            {},
            ("{who} eats half of {his} share at once.",),
            (
                Move(
                    "eaten", "it / 2", "Half of it is {=}.", "Half of an amount is the amount divided by two."
                ),
            ),
            ("How many {+thing} does {who} eat at once?",),
        ),
    ),
    {"thing": ("nut", "strawberry", "cherry", "biscuit", "grape")},
    ("They sit on a bench for {#idle} minutes.",),
    ("least + (least + second_more) + (least + third_more) = total",),
)
SUMS = (SUM_GAP, PARTS, RECTANGLE, THREE_SHARES)

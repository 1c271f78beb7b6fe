"""Stories that change from one unit of measure to another."""

from thoughtmill.factory.problems.stories.parts import Move, Step, Template, divisor, opening, pick, span
from thoughtmill.factory.problems.stories.things import FULL_RULE, LOSS_RULE, REMAINDER_RULE

ROPE = Template(
    "rope",
    opening(
        "convert",
        "length",
        {"metres": span(2, 9)},
        (
            "{who} has {a rope} that is {metres metre} long and measures it in centimetres.",
            "{who} buys {metres metre} of {rope} and measures it in centimetres.",
        ),
        (
            Move(
                "length",
                "metres * 100",
                "In centimetres that is {=}.",
                "A metre is one hundred centimetres, so centimetres are metres times one hundred.",
            ),
        ),
        ("How many centimetres is that?", "How long is the {rope} in centimetres?"),
    ),
    (
        Step(
            "take_away",
            "length",
            "length",
            {"cut_off": span(10, 90, 5)},
            (
                "{who} cuts off {cut_off centimetre} because the end is damaged.",
                "{who} cuts off {cut_off centimetre} for {pal}.",
            ),
            (Move("usable", "it - cut_off", "That leaves {= centimetre}.", LOSS_RULE),),
            ("How many centimetres are left?",),
        ),
        Step(
            "share",
            "length",
            "piece",
            {"parts": divisor("it", 2, 9)},
            (
                "Then {who} cuts {his} {rope} into {#parts} equal pieces.",
                "{who} cuts {his} {rope} into {#parts} pieces of equal length.",
            ),
            (
                Move(
                    "piece",
                    "it / parts",
                    "Each piece is {= centimetre}.",
                    "An equal share is the total divided by the number of shares.",
                ),
            ),
            ("How many centimetres long is each piece?",),
        ),
        Step(
            "pack",
            "length",
            "pieces",
            {"pack_size": pick(12, 15, 20, 25, 30, 35, 40)},
            ("Then {who} cuts {his} {rope} into pieces of {pack_size centimetre}, as many as possible.",),
            (Move("pieces", "it // pack_size", "Whole pieces: {=}.", FULL_RULE),),
            ("How many whole pieces does {who} get?", "How many whole pieces can {who} cut?"),
        ),
        Step(
            "left_over",
            "length",
            "scrap",
            {"pack_size": pick(12, 15, 25, 30, 35, 40, 45)},
            ("Then {who} cuts {his} {rope} into as many pieces of {pack_size centimetre} as possible.",),
            (Move("scrap", "it % pack_size", "The remainder is {= centimetre}.", REMAINDER_RULE, low=1),),
            ("How many centimetres are left over in the end?",),
        ),
    ),
    {"rope": ("rope", "ribbon", "wire", "string")},
    ("The shop has {#idle} colours.", "{who} paid {#idle} dollars for the {rope}."),
)
JUICE = Template(
    "juice",
    opening(
        "convert",
        "volume",
        {"litres": span(2, 9)},
        (
            "{who} makes {litres litre} of {drink}, which {he} measures in millilitres.",
            "There are {litres litre} of {drink} in a large pot. {who} counts in millilitres.",
        ),
        (
            Move(
                "volume",
                "litres * 1000",
                "In millilitres that is {=}.",
                "A litre is one thousand millilitres, so millilitres are litres times one thousand.",
                high=9000,
            ),
        ),
        ("How many millilitres is that?",),
    ),
    (
        Step(
            "take_away",
            "volume",
            "volume",
            {"spilled": span(100, 800, 50)},
            ("By accident {who} spills {spilled millilitre}.", "{who}'s family drinks {spilled millilitre}."),
            (Move("remaining", "it - spilled", "That leaves {= millilitre}.", LOSS_RULE, high=9000),),
            ("How many millilitres are left?",),
        ),
        Step(
            "pack",
            "volume",
            "glasses",
            {"pack_size": pick(150, 200, 250, 300, 500)},
            ("Then {who} fills glasses of {pack_size millilitre}.",),
            (Move("glasses", "it // pack_size", "Full glasses: {=}.", FULL_RULE),),
            ("How many glasses can {who} fill completely?", "How many full glasses are there?"),
        ),
        Step(
            "left_over",
            "volume",
            "rest",
            {"pack_size": pick(150, 300, 350, 400, 450)},
            ("Then {who} fills as many glasses of {pack_size millilitre} as {he} can.",),
            (Move("rest", "it % pack_size", "The remainder is {= millilitre}.", REMAINDER_RULE, low=1),),
            ("How many millilitres are left over?", "How many millilitres remain in the end?"),
        ),
    ),
    {"drink": ("apple juice", "lemonade", "iced tea", "mint tea")},
    ("{who} is in the kitchen for {#idle} minutes.", "{#idle} guests are in the garden."),
    reserved=True,
)
CONVERTING = (ROPE, JUICE)

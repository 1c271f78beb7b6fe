"""Steps of stories about things that somebody has: the state is `things`, the noun the slot `thing`."""

from thoughtmill.factory.problems.stories.parts import Move, Step, below, divisor, numerator, size, span

ASK_NOW = (
    "How many {+thing} does {who} have now?",
    "How many {+thing} does {who} have in the end?",
    "Find how many {+thing} {who} has now.",
)
ASK_LEFT = (
    "How many {+thing} does {who} have left?",
    "How many {+thing} are left?",
    "Find the number of {+thing} that {who} has left.",
)

GAIN_RULE = "The amount after a gain is the amount before plus the amount gained."
LOSS_RULE = "What is left is the amount before minus the amount taken away."
HALF_RULE = "Half of an amount is the amount divided by two."
FRACTION_RULE = "A fraction of an amount is the amount times the numerator divided by the denominator."
SHARE_RULE = "An equal share is the total divided by the number of shares."
TIMES_RULE = "A number of times as many is the amount multiplied by that number."
SUM_RULE = "The total of several amounts is their sum."
GROUPS_RULE = "The total of equal groups is the number of groups times the size of one group."
DIFFERENCE_RULE = "How much more one amount is than another is the larger minus the smaller."
FULL_RULE = "The number of full groups is the whole part of the amount divided by the size of a group."
REMAINDER_RULE = "What is left over is the remainder of the amount divided by the size of a group."

ADD = Step(
    "add",
    "things",
    "things",
    {"more": span(3, 60)},
    (
        "Then {pal} gives {who} {#more} more {+thing}.",
        "Later {who} gets {#more} more {+thing} from {pal}.",
        "Then {who} gets another {more thing}.",
    ),
    (Move("raised", "it + more", "That makes {= thing}.", GAIN_RULE),),
    ASK_NOW,
)
TAKE_AWAY = Step(
    "take_away",
    "things",
    "things",
    {"gone": below("it", 2, 40)},
    (
        "{who} gives {gone thing} to {third}.",
        "After that {who} gives {third} {gone thing}.",
        "Then {third} borrows {gone thing} from {who}.",
    ),
    (Move("left", "it - gone", "That leaves {= thing}.", LOSS_RULE),),
    ASK_LEFT,
)
HALVE = Step(
    "halve",
    "things",
    "things",
    {},
    (
        "{who} keeps half of {his} {+thing} and gives the rest to {his} sister.",
        "{who} gives half of {his} {+thing} to {his} sister.",
    ),
    (Move("half", "it / 2", "Half of {it thing} is {=}.", HALF_RULE),),
    ASK_LEFT,
)
FRACTION = Step(
    "fraction",
    "things",
    "things",
    {"denominator": divisor("it", 3, 8), "numerator": numerator()},
    (
        "{who} gives {#numerator}/{#denominator} of {his} {+thing} to the school fair.",
        "Then {who} gives away {#numerator}/{#denominator} of {his} {+thing}.",
    ),
    (
        Move("fraction", "it * numerator / denominator", "That part is {= thing}.", FRACTION_RULE),
        Move("rest", "it - fraction", "The rest is {= thing}.", LOSS_RULE),
    ),
    ASK_LEFT,
)
SHARE = Step(
    "share",
    "things",
    "share",
    {"friends": divisor("it", 3)},
    (
        "{who} shares {his} {+thing} equally among {friends friend}.",
        "Then {who} divides {his} {+thing} equally among {friends friend}.",
    ),
    (Move("share", "it / friends", "Each gets {= thing}.", SHARE_RULE, low=1),),
    ("How many {+thing} does each friend get?", "Find how many {+thing} each friend gets."),
)
TIMES = Step(
    "times",
    "things",
    "others",
    {"times": span(3, 6)},
    (
        "{who}'s brother has {#times} times as many {+thing} as {who} has now.",
        "{who}'s brother owns {#times} times as many {+thing} as {who} does at this point.",
    ),
    (Move("others", "it * times", "The brother has {= thing}.", TIMES_RULE),),
    ("How many {+thing} does the brother have?", "How many {+thing} does {who}'s brother have?"),
)
DOUBLE = Step(
    "double",
    "things",
    "others",
    {},
    (
        "{who}'s brother has twice as many {+thing} as {who} has now.",
        "{who}'s brother owns twice as many {+thing} as {who} does at this point.",
    ),
    (Move("doubled", "it * 2", "The brother has {= thing}.", "Twice an amount is two times the amount."),),
    ("How many {+thing} does the brother have?", "How many {+thing} does {who}'s brother have?"),
)
TOGETHER = Step(
    "together",
    "things",
    "all",
    {"cousin_times": span(3, 5)},
    (
        "{who}'s cousin has {#cousin_times} times as many {+thing} as {who} has now.",
        "At that point {who}'s cousin has {#cousin_times} times as many {+thing} as {who} does.",
    ),
    (
        Move("cousins", "it * cousin_times", "The cousin has {= thing}.", TIMES_RULE),
        Move("together", "it + cousins", "Together they have {= thing}.", SUM_RULE),
    ),
    (
        "How many {+thing} do {who} and the cousin have together?",
        "How many {+thing} do {who} and {his} cousin have in all?",
    ),
)
COMPARE = Step(
    "compare",
    "things",
    "gap",
    {"rivals": below()},
    (
        "{who}'s neighbour has {rivals thing}.",
        "{who}'s neighbour owns {rivals thing}.",
    ),
    (Move("gap", "it - rivals", "{who} has {=} more.", DIFFERENCE_RULE, low=1),),
    ("How many more {+thing} does {who} have than the neighbour?",),
)
PACK = Step(
    "pack",
    "things",
    "packs",
    {"pack_size": size(3, 12)},
    (
        "{who} packs {his} {+thing} into {+pack} of {#pack_size}.",
        "Then {who} puts {his} {+thing} into {+pack} that hold {#pack_size} each.",
    ),
    (Move("full", "it // pack_size", "Full {+pack}: {=}.", FULL_RULE),),
    ("How many {+pack} can {who} fill completely?", "How many full {+pack} does {who} get?"),
)
LEFT_OVER = Step(
    "left_over",
    "things",
    "extra",
    {"pack_size": size(3, 12)},
    (
        "{who} packs {his} {+thing} into {+pack} of {#pack_size} until too few are left to fill another.",
        "Then {who} fills as many {+pack} of {pack_size thing} as {he} can.",
    ),
    (Move("extra", "it % pack_size", "Left over: {= thing}.", REMAINDER_RULE, low=1),),
    ("How many {+thing} are left over?", "How many {+thing} do not fit into a full {pack}?"),
)
SELL = Step(
    "sell",
    "things",
    "purse",
    {"price": span(2, 9)},
    (
        "{who} sells all {his} {+thing} for {$price} each.",
        "Then {who} sells all {his} {+thing} at {$price} each.",
    ),
    (
        Move(
            "earned",
            "it * price",
            "They sell for {=} dollars.",
            "The money from a sale is the number sold times the price of one.",
            high=1500,
        ),
    ),
    ("How much money does {who} get for the {+thing}?", "How many dollars does {who} earn from the sale?"),
)
THINGS = (ADD, TAKE_AWAY, HALVE, FRACTION, SHARE, TIMES, DOUBLE, TOGETHER, COMPARE, PACK, LEFT_OVER, SELL)
